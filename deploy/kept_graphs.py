"""Renew part of a bundle: which graphs of the old bundle stay, and how the new bundle is written around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from deploy.copied import CopiedGraph, every_graph
from deploy.graph_export import GraphExport
from deploy.write_bundle import About, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.errors import UsageError
from trainer.folders import Folders
from trainer.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Renewal:
    """Which graphs of a bundle are trained again, while the others are copied.

    Attributes:
        option: Of `edgeact deploy reproduce`, which names the old bundle.
        key: Of the manifest's ``training``: the old bundle's digest.
        renewed: Names of the graphs that are made again; a bundle may lack some of them.
        must_agree: Parts of the recipe that made the graphs that are copied.
    """

    option: str
    key: str
    renewed: tuple[str, ...]
    must_agree: tuple[str, ...]


_DETECTORS = ("detector", "detector_published")
RENEWS_ACTIONS = Renewal(
    "--frames-of", "frames_of", ("action", "explain"), ("name", "detector", "pose", "lifter", "thresholds")
)
RENEWS_FRAMES = Renewal("--actions-of", "actions_of", (*_DETECTORS, "pose"), ("name", "action", "lifter", "thresholds"))
RENEWS_DETECTOR = Renewal("--persons-of", "persons_of", _DETECTORS, ("name", "pose", "action", "lifter", "thresholds"))


def kept_graphs(recipe: Recipe, bundle: Bundle, renewal: Renewal) -> list[CopiedGraph]:
    """Return the graphs of a bundle that stay, once the bundle's own recipe agrees on what made them.

    Args:
        recipe: What is followed.
        bundle: Made by an earlier version of the recipe.
        renewal: What is made again.

    Raises:
        UsageError: The bundle's own recipe, which is in its manifest, differs in a part that must agree.
        BundleError: A file of the bundle was changed.
    """
    before, asked = _recipe_of(bundle, renewal.option).model_dump(), recipe.model_dump()
    if "action" not in renewal.must_agree:  # the share of others that may be called one concerns the actions alone
        del before["thresholds"]["other_as_known"], asked["thresholds"]["other_as_known"]
    other = [part for part in renewal.must_agree if before[part] != asked[part]]
    if other:
        raise UsageError(
            f"{bundle.directory} was made with another {' and '.join(other)} than the recipe {recipe.name!r} says; "
            f"follow the recipe from its start, without {renewal.option}"
        )
    return [graph for graph in every_graph(bundle) if graph.spec.name not in renewal.renewed]


def write_renewed(
    recipe: Recipe,
    folders: Folders,
    bundle: Bundle,
    renewal: Renewal,
    *,
    kept: Sequence[CopiedGraph],
    exports: Sequence[GraphExport],
    data: dict[str, Any],
    created: str,
) -> Bundle:
    """Write the renewed graphs beside the kept ones as ``bundle`` in the recipe's folder of work.

    Args:
        recipe: Goes into the manifest.
        folders: With the folder of work.
        bundle: The old one; the manifest names its digest.
        renewal: What was made again.
        kept: Of `kept_graphs`.
        exports: The graphs that were made again.
        data: The data sets by part of the bundle, for the manifest.
        created: Date of the new bundle, ``YYYY-MM-DD``.

    Raises:
        BundleError: An exported graph does not give what its network gives.
    """
    training = {"recipe": recipe.model_dump(mode="json"), "data": data, renewal.key: bundle.digest}
    finished = folders.work / recipe.name / "bundle"
    about = About(recipe.name, recipe.version, created, bundle.manifest.licence, training)
    write_graphs(finished, exports, about, copied=kept)
    return load_bundle(finished)


def _recipe_of(bundle: Bundle, option: str) -> Recipe:
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
            f"{reason}; follow the recipe from its start, without {option}"
        ) from error
