"""Retrain only the action network of a bundle: detector, pose network and lifter are copied byte for byte.

Training the pose network takes hours, the action network one. When only ``[action]`` of a recipe changes, or the data
that actions learn from, the other graphs are taken from a bundle that the same recipe made.
"""

from pathlib import Path

from deploy.kept_graphs import RENEWS_ACTIONS, kept_graphs, write_renewed
from deploy.package import action_exports
from deploy.reproduce import clip_samples, measure, publish
from edgeact.bundle.load import Bundle
from trainer.data.action_sequences import LABELS
from trainer.evaluate.calibrate import calibrate_action
from trainer.folders import Folders
from trainer.log import log
from trainer.precomputed.studio_tracks import SOURCE as STUDIO_TRACKS
from trainer.recipe import Recipe
from trainer.stages import check_folders, check_made, make_data, make_tracks, train_action, use_one_thread


def renew_actions(recipe: Recipe, folders: Folders, bundle: Bundle, out: Path, *, created: str) -> Bundle:
    """Train, calibrate and measure the action network on the bundle's own tracks, and write the bundle with it.

    Args:
        recipe: What was decided; of name, detector, pose and lifter it says what the bundle was made with.
        folders: Where data and teachers are, and where the work goes.
        bundle: Whose other graphs stay.
        out: The new bundle's folder; replaced when the new one is whole.
        created: Date of the new bundle, ``YYYY-MM-DD``.

    Raises:
        UsageError: The bundle was made with another detector, pose network or lifter.
        SourceNotFoundError: A data set is missing.
        BundleError: An exported graph does not give what its network gives.
        DivergenceError: The training diverged.
    """
    kept = kept_graphs(recipe, bundle, RENEWS_ACTIONS)
    check_folders(folders)
    if recipe.action.tracks_of != recipe.name:
        check_made(["action"], recipe, folders)
    use_one_thread()
    make_data(folders)
    if recipe.action.tracks_of == recipe.name:
        make_tracks(bundle, folders, rendered=STUDIO_TRACKS in recipe.action.sources)
    action, sequences = train_action(recipe, folders)
    temperature, threshold = calibrate_action(action, sequences, other_as_known=recipe.thresholds.other_as_known)
    log(stage="bundle", temperature=round(temperature, 3), action_score=threshold)
    exports = action_exports(
        action,
        clip_samples(sequences),
        labels=LABELS,
        temperature=temperature,
        score=threshold,
        joint_confidence=recipe.thresholds.joint_confidence,
    )
    data = {**bundle.manifest.training["data"], "action": sorted({sequence.source for sequence in sequences})}
    made = write_renewed(
        recipe, folders, bundle, RENEWS_ACTIONS, kept=kept, exports=exports, data=data, created=created
    )
    return publish(made.directory, measure(made, recipe, folders), out)
