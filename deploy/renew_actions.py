"""Retrain only the action network of a bundle: detector, pose network and lifter are copied byte for byte.

Training the pose network takes hours, the action network one. When only ``[action]`` of a recipe changes, or the data
that actions learn from, the other graphs are taken from a bundle that the same recipe made.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.copied import CopiedGraph, every_graph
from deploy.package import action_exports
from deploy.reproduce import clip_samples, measure, publish
from deploy.write_bundle import About, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.errors import UsageError
from trainer.data.action_sequences import LABELS
from trainer.evaluate.calibrate import calibrate_action
from trainer.folders import Folders
from trainer.log import log
from trainer.recipe import Recipe
from trainer.stages import check_folders, check_made, make_data, make_tracks, train_action, use_one_thread

_KEPT = ("name", "detector", "pose", "lifter", "thresholds")  # of a recipe: what made the graphs that stay


def kept_graphs(recipe: Recipe, bundle: Bundle) -> list[CopiedGraph]:
    """Return the graphs of a bundle that do not belong to its actions, once the bundle's own recipe agrees on them.

    Args:
        recipe: What is followed.
        bundle: Made by an earlier version of the recipe.

    Raises:
        UsageError: The bundle's own recipe, which is in its manifest, says something else of name, detector, pose or
            lifter.
        BundleError: A file of the bundle was changed.
    """
    made_by, asked = _recipe_of(bundle).model_dump(), recipe.model_dump()
    other = [part for part in _KEPT if _without_actions(made_by[part]) != _without_actions(asked[part])]
    if other:
        raise UsageError(
            f"{bundle.directory} was made with another {' and '.join(other)} than the recipe {recipe.name!r} says; "
            "follow the recipe from its start, without --frames-of"
        )
    of_actions = {"action", "explain"}
    return [graph for graph in every_graph(bundle) if graph.spec.name not in of_actions]


def _recipe_of(bundle: Bundle) -> Recipe:
    """Read the recipe from a bundle's manifest; keys that are newer than the bundle get their defaults.

    Raises:
        UsageError: The manifest has none.
    """
    try:
        return Recipe.model_validate(bundle.manifest.training.get("recipe"))
    except ValidationError as error:
        keys = [".".join(str(part) for part in fault["loc"]) for fault in error.errors()]
        reason = f"no recipe of this version ({', '.join(keys)})" if all(keys) else "no recipe"
        raise UsageError(
            f"{bundle.directory} was not made by `edgeact deploy reproduce` of this version: its manifest has "
            f"{reason}; follow the recipe from its start, without --frames-of"
        ) from error


def _without_actions(said: Any) -> Any:
    """Return a part of a recipe without the keys that only concern actions."""
    return {key: value for key, value in said.items() if key != "other_as_known"} if isinstance(said, dict) else said


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
    kept = kept_graphs(recipe, bundle)
    check_folders(folders)
    if recipe.action.tracks_of != recipe.name:
        check_made(["action"], recipe, folders)
    use_one_thread()
    make_data(folders)
    if recipe.action.tracks_of == recipe.name:
        make_tracks(bundle, folders)
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
    before = bundle.manifest
    data = {**before.training["data"], "action": sorted({sequence.source for sequence in sequences})}
    training = {"recipe": recipe.model_dump(mode="json"), "data": data, "frames_of": bundle.digest}
    finished = folders.work / recipe.name / "bundle"
    about = About(recipe.name, recipe.version, created, before.licence, training)
    write_graphs(finished, exports, about, copied=kept)
    return publish(finished, measure(load_bundle(finished), recipe, folders), out)
