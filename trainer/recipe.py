"""A recipe: everything that was decided about a training, as TOML; unknown keys are an error that lists all faults."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgeact.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Steps = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0.0, le=0.1)]
Batch = Annotated[int, Field(ge=2, le=1024)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TeacherRecipe(_Record):
    """Training of the larger pose network that the compact one learns from.

    Attributes:
        steps: How many, of as many persons as the compact network's.
        rate: The highest learning rate.
        mild_from: See `PoseRecipe`.
        share: Of its maps in the compact network's loss; the rest is that of the labels.
    """

    steps: Steps
    rate: Rate
    mild_from: Annotated[int, Field(ge=0)]
    share: Annotated[float, Field(ge=0.0, le=1.0)]


class PoseRecipe(_Record):
    """Training of the pose network.

    Attributes:
        cycles: The steps at which each cycle of the learning rate ends, ascending.
        rates: The highest rate of each cycle.
        mild_from: From this step on persons are shown nearly as they are (`trainer.data.pose_augment.MILD`).
        batch: Persons a step.
        teacher: What it learns from beside labels.
    """

    cycles: tuple[Steps, ...]
    rates: tuple[Rate, ...]
    mild_from: Annotated[int, Field(ge=0)]
    batch: Batch
    teacher: TeacherRecipe

    @model_validator(mode="after")
    def _check(self) -> "PoseRecipe":
        if len(self.cycles) != len(self.rates) or not self.cycles or list(self.cycles) != sorted(set(self.cycles)):
            raise ValueError(
                f"cycles {list(self.cycles)} must ascend and have a rate each, rates are {list(self.rates)}"
            )
        return self


class DetectorRecipe(_Record):
    """Training of the person detector."""

    steps: Steps
    batch: Batch
    rate: Rate


class ActionRecipe(_Record):
    """Training of the action network."""

    steps: Steps
    batch: Batch
    rate: Rate


class QuantizeRecipe(_Record):
    """Which graphs get eight-bit convolutions.

    Attributes:
        graphs: Their names; none of them keeps everything in float32.
        pictures: Training pictures that show a graph's activations their ranges.
        largest_drop: Of PCK@0.2 and of AP at IoU .5, on validation pictures of any set; a bundle that loses more is
            refused.
    """

    graphs: tuple[Literal["detector", "pose"], ...]
    pictures: Annotated[int, Field(ge=8, le=1000)]
    largest_drop: Annotated[float, Field(gt=0, lt=0.1)]


class ThresholdRecipe(_Record):
    """What calibration aims at, and the numbers that are set by hand.

    Attributes:
        detection_iou: Of two boxes that overlap more, the lower score goes.
        joint_confidence: Joints under this are not drawn.
        other_as_known: Share of "other" validation clips that may be called an action.
    """

    detection_iou: Annotated[float, Field(gt=0, lt=1)]
    joint_confidence: Annotated[float, Field(gt=0, lt=1)]
    other_as_known: Annotated[float, Field(gt=0, lt=1)]


class Recipe(_Record):
    """One bundle's training; ``history`` is what became of its weights that the numbers do not say, for the model
    card.
    """

    version: str
    history: str = ""
    studio_pictures: Annotated[int, Field(ge=0)]
    detector: DetectorRecipe
    pose: PoseRecipe
    action: ActionRecipe
    quantize: QuantizeRecipe
    thresholds: ThresholdRecipe


def default_recipe_path() -> Path:
    """The recipe of the bundle that ships with edgeact."""
    return Path(__file__).parent / "recipes" / "compact.toml"


def load_recipe(path: Path | None = None) -> Recipe:
    """Read a recipe; None takes that of the default bundle.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    path = path or default_recipe_path()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); give a recipe like {default_recipe_path().name}"
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply; give a recipe like {default_recipe_path().name}") from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of more digits than Python reads
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg'].lower()}" for fault in error.errors()
        )
        raise ConfigError(f"{path}: {faults}; compare it with {default_recipe_path().name}") from error
