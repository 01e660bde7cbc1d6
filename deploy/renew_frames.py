"""Retrain only the detector and the pose network of a bundle: its actions and lifter are copied byte for byte.

The actions learn from what the pose network sees, so that they are at their best when they are made again after it
(`deploy.renew_actions`); until then the bundle is whole, and measured as it is.
"""

from pathlib import Path

from deploy.kept_graphs import RENEWS_FRAMES, kept_graphs, write_renewed
from deploy.package import every_export
from deploy.reproduce import measure, pose_data, publish, train_frames
from edgeact.bundle.load import Bundle
from trainer.folders import Folders
from trainer.log import log
from trainer.recipe import Recipe
from trainer.stages import check_folders, make_tracks, use_one_thread


def renew_frames(recipe: Recipe, folders: Folders, bundle: Bundle, out: Path, *, created: str) -> Bundle:
    """Train detector and pose network, measure them with the bundle's own actions, and write the bundle with them.

    Args:
        recipe: What was decided; of name, action, lifter and thresholds it says what the bundle was made with.
        folders: Where data and teachers are, and where the work goes.
        bundle: Whose actions and lifter stay.
        out: The new bundle's folder; replaced when the new one is whole.
        created: Date of the new bundle, ``YYYY-MM-DD``.

    Raises:
        UsageError: The bundle was made with other actions or another lifter.
        SourceNotFoundError: A data set is missing.
        BundleError: An exported graph does not give what its network gives.
        DivergenceError: A training diverged.
    """
    kept = kept_graphs(recipe, bundle, RENEWS_FRAMES)
    check_folders(folders)
    use_one_thread()
    networks, calibration, samples = train_frames(recipe, folders)
    log(stage="bundle", actions_of=bundle.digest)
    exports = every_export(networks, calibration, samples)
    data = {**bundle.manifest.training["data"], **pose_data(recipe)}
    made = write_renewed(recipe, folders, bundle, RENEWS_FRAMES, kept=kept, exports=exports, data=data, created=created)
    if recipe.action.tracks_of == recipe.name:
        make_tracks(made, folders)
    return publish(made.directory, measure(made, recipe, folders), out)
