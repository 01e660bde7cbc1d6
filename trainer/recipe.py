"""A recipe: everything that was decided about a training, as TOML; unknown keys are an error that lists all faults."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from edgeact.errors import ConfigError
from trainer.action_recipe import ActionRecipe
from trainer.detector_recipe import DetectorRecipe
from trainer.lifter_recipe import LifterRecipe
from trainer.pose_recipe import PoseRecipe
from trainer.recipe_fields import Name, Record

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Kind = TypeVar("Kind", bound=BaseModel)


class ThresholdRecipe(Record):
    """What calibration aims at, and the numbers that are set by hand.

    Attributes:
        detection_iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.
        joint_confidence: Joints under this are not drawn.
        other_as_known: Share of the "other" validation clips of the worst source that may be called an action.
    """

    detection_iou: Annotated[float, Field(gt=0, lt=1)]
    joint_confidence: Annotated[float, Field(gt=0, lt=1)]
    other_as_known: Annotated[float, Field(gt=0, lt=1)]


class Recipe(Record):
    """One bundle's training.

    Attributes:
        name: Of the bundle; its networks and tracks lie in a folder of this name.
        version: Of the bundle.
        detector: See `trainer.detector_recipe`; likewise the others.
        pose: Of the pose network.
        action: Of the action network.
        thresholds: Of the calibration.
        lifter: Of the lifter; a bundle of a recipe without one gives no 3D.
        core_hours: About how many hours of one x86-64 core the whole recipe takes, with what it takes from another one.
    """

    name: Name
    version: str
    detector: DetectorRecipe
    pose: PoseRecipe
    action: ActionRecipe
    thresholds: ThresholdRecipe
    lifter: LifterRecipe | None = None
    core_hours: Annotated[float, Field(gt=0, le=48)] | None = None  # at most a day of a machine with two cores


def require_lifter(recipe: Recipe) -> LifterRecipe:
    """Return the lifter's part of a recipe, which must have one.

    Raises:
        ConfigError: The recipe has no lifter.
    """
    if recipe.lifter is None:
        raise ConfigError(
            f"the recipe {recipe.name!r} has no [lifter] with steps, batch, rate and teacher_poses; add one"
        )
    return recipe.lifter


def default_recipe_path() -> Path:
    """The recipe of the bundle that ships with edgeact."""
    return recipe_path("compact")


def recipe_path(name: str) -> Path:
    """The recipe of a bundle that ships with edgeact: ``compact`` or ``accurate``."""
    return Path(__file__).parent / "recipes" / f"{name}.toml"


def load_recipe(path: Path | None = None) -> Recipe:
    """Read a recipe; None takes that of the default bundle.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    return read_record(path or default_recipe_path(), Recipe, like=default_recipe_path().name)


def read_record(path: Path, kind: type[Kind], *, like: str) -> Kind:
    """Read a TOML file as a record.

    Args:
        path: The file.
        kind: What it holds.
        like: A file that is right, for messages.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); give a recipe like {like}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply; give a recipe like {like}") from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of more digits than Python reads
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(_told(fault) for fault in error.errors())
        raise ConfigError(f"{path}: {faults}; compare it with {like}") from error


def _told(fault: Mapping[str, Any]) -> str:
    """A fault with its key; one of the whole file has none."""
    # What our validators say keeps the capitals of names.
    said = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else fault["msg"].lower()
    return ": ".join(filter(None, (".".join(str(part) for part in fault["loc"]), said)))
