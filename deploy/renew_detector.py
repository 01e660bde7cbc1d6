"""Retrain only the detector of a bundle: its pose network, actions and lifter are copied byte for byte."""

from pathlib import Path

from deploy.kept_graphs import RENEWS_DETECTOR, kept_graphs, write_renewed
from deploy.package import detector_exports
from deploy.reproduce import measure, publish, scene_samples
from edgeact.bundle.load import Bundle
from trainer.folders import Folders
from trainer.log import log
from trainer.recipe import Recipe
from trainer.stages import (
    check_folders,
    make_data,
    make_tracks,
    published_detector,
    train_detector,
    use_one_thread,
)


def renew_detector(recipe: Recipe, folders: Folders, bundle: Bundle, out: Path, *, created: str) -> Bundle:
    """Train the detector, measure it with the bundle's own other networks, and write the bundle with it.

    Args:
        recipe: What was decided; of name, pose, action, lifter and thresholds it says what the bundle was made with.
        folders: Where data and teachers are, and where the work goes.
        bundle: Whose other graphs stay.
        out: The new bundle's folder; replaced when the new one is whole.
        created: Date of the new bundle, ``YYYY-MM-DD``.

    Raises:
        UsageError: The bundle was made with another pose network, other actions or another lifter.
        SourceNotFoundError: A data set is missing.
        BundleError: An exported graph does not give what its network gives.
        DivergenceError: The training diverged.
    """
    kept = kept_graphs(recipe, bundle, RENEWS_DETECTOR)
    check_folders(folders)
    use_one_thread()
    make_data(folders)
    chosen = recipe.detector
    exports = detector_exports(
        train_detector(recipe, folders),
        published_detector(folders) if chosen.published_pixels else None,
        scene_samples(folders, pixels=max(chosen.pixels)),
        score=chosen.score,
        iou=recipe.thresholds.detection_iou,
        pixels=chosen.pixels,
        published_pixels=chosen.published_pixels,
    )
    log(stage="bundle", persons_of=bundle.digest)
    data = bundle.manifest.training["data"]
    made = write_renewed(
        recipe, folders, bundle, RENEWS_DETECTOR, kept=kept, exports=exports, data=data, created=created
    )
    if recipe.action.tracks_of == recipe.name:
        make_tracks(made, folders)
    return publish(made.directory, measure(made, recipe, folders), out)
