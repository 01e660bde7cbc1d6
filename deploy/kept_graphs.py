"""Which graphs of a bundle stay when the others are made again: those of which its own recipe says the same."""

from collections.abc import Collection

from pydantic import ValidationError

from deploy.copied import CopiedGraph, every_graph
from edgeact.bundle.load import Bundle
from edgeact.errors import UsageError
from trainer.recipe import Recipe

# Of a recipe: what made the graphs that stay when the actions are made again, when detector and pose network are, and
# when the detector alone is.
MADE_FRAMES = ("name", "detector", "pose", "lifter", "thresholds")
MADE_ACTIONS = ("name", "action", "lifter", "thresholds")
MADE_PERSONS = ("name", "pose", "action", "lifter", "thresholds")

# Graphs of the action network, and with them the lifter: what does not look at a frame.
ACTION_GRAPHS = ("action", "explain")
CLIP_GRAPHS = (*ACTION_GRAPHS, "lifter")
PERSON_GRAPHS = ("pose", *CLIP_GRAPHS)


def kept_graphs(
    recipe: Recipe, bundle: Bundle, graphs: Collection[str], *, made_by: Collection[str], option: str
) -> list[CopiedGraph]:
    """Return graphs of a bundle, once the bundle's own recipe agrees on what made them.

    Args:
        recipe: What is followed.
        bundle: Made by an earlier version of the recipe.
        graphs: Names of the graphs that stay.
        made_by: Parts of a recipe that made these graphs.
        option: Of the command line that asked for them, for messages.

    Raises:
        UsageError: The bundle's own recipe, which is in its manifest, says something else in one of these parts.
        BundleError: A file of the bundle was changed.
    """
    before, asked = _recipe_of(bundle, option).model_dump(), recipe.model_dump()
    if "action" not in made_by:  # the share of others that may be called an action concerns the actions alone
        del before["thresholds"]["other_as_known"], asked["thresholds"]["other_as_known"]
    other = [part for part in made_by if before[part] != asked[part]]
    if other:
        raise UsageError(
            f"{bundle.directory} was made with another {' and '.join(other)} than the recipe {recipe.name!r} says; "
            f"follow the recipe from its start, without {option}"
        )
    return [graph for graph in every_graph(bundle) if graph.spec.name in graphs]


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
