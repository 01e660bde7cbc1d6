"""A recipe: everything that was decided about a training, as TOML; unknown keys are an error that lists all faults."""

import sys
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgeact.errors import ConfigError
from trainer.data.action_windows import MILD as MILD_CLIPS
from trainer.data.action_windows import USUAL as USUAL_CLIPS
from trainer.data.action_windows import ClipAugmentation
from trainer.data.mixes import ACTION_MIX, DETECTOR_MIX, LIFTER_MIX, POSE_MIX, Mix
from trainer.inputs.crop_size import InputSize
from trainer.learning import LearningSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Record = TypeVar("Record", bound=BaseModel)

Steps = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0.0, le=0.1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Batch = Annotated[int, Field(ge=2, le=1024)]
Pixels = Annotated[int, Field(ge=1024, le=1 << 23)]
Share = Annotated[float, Field(gt=0, le=1)]


def _of_known_sets(known: Mix) -> AfterValidator:
    """Refuse unknown data sets, and sort a mix in the order of the known ones, so that the order in a file does not
    change what is drawn.
    """

    def check(mix: dict[str, float]) -> dict[str, float]:
        if other := sorted(set(mix) - set(known)):
            raise ValueError(f"{', '.join(other)} cannot be drawn here; known sets are {', '.join(known)}")
        return {name: mix[name] for name in known if name in mix}

    return AfterValidator(check)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoseRecipe(_Record):
    """Training of the pose network.

    Attributes:
        height: Rows of its crops, a multiple of 32.
        width: Columns of its crops, a multiple of 32.
        start: ``"tinypose"``, or the name of another recipe that ships, whose trained pose network a slim one starts
            from and imitates (`trainer.models.slim_hrnet`).
        steps: How many.
        rate: The highest learning rate.
        mild_from: From this step on persons are shown nearly as they are (`trainer.data.pose_augment.MILD`).
        batch: Persons a step.
        start_share: Of the weights that it starts from in the network that ships (`trainer.fit_pose.fit`).
        lying: Share of the persons who are shown lying, turned by 90°; left out, as `trainer.data.pose_augment` has it.
        teacher_scale: How many times as large a network that is imitated sees each person.
        mix: Share of each data set among the persons; sets that are not named train nothing.
    """

    height: Annotated[int, Field(ge=64, le=512, multiple_of=32)]
    width: Annotated[int, Field(ge=64, le=512, multiple_of=32)]
    start: Name
    steps: Steps
    rate: Rate
    mild_from: Annotated[int, Field(ge=0)]
    batch: Batch
    start_share: Annotated[float, Field(ge=0, le=1)]
    lying: Annotated[float, Field(ge=0, le=1)] | None = None
    teacher_scale: Annotated[float, Field(ge=1, le=2)] = 1.0
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(POSE_MIX)] = dict(POSE_MIX)

    @model_validator(mode="after")
    def _teacher_can_look(self) -> "PoseRecipe":
        sides = self.teacher_scale * self.height, self.teacher_scale * self.width
        if any(side % 32 for side in sides):
            raise ValueError(
                f"teacher_scale {self.teacher_scale} gives crops of {sides[1]:g}×{sides[0]:g}; their sides must be "
                "multiples of 32"
            )
        return self

    @property
    def size(self) -> InputSize:
        """Height and width in pixels of the person crops that the network takes."""
        return InputSize(self.height, self.width)

    @property
    def teacher_size(self) -> InputSize:
        """Height and width in pixels of the person crops that the imitated network takes."""
        return InputSize(round(self.teacher_scale * self.height), round(self.teacher_scale * self.width))


class DetectorTraining(_Record):
    """Training of the person detector on people in all positions.

    Attributes:
        steps: How many.
        rate: The highest learning rate.
        batch: Pictures a step.
        mix: Share of each data set among the pictures; sets that are not named train nothing.
    """

    steps: Steps
    rate: Rate
    batch: Batch
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(DETECTOR_MIX)] = dict(DETECTOR_MIX)


class DetectorRecipe(_Record):
    """The person detector: YOLOX-nano, of which only "person" is kept.

    Attributes:
        pixels: The most of a frame's pixels that it sees, for each look at the frame; its time goes with their sum.
        published_pixels: Likewise, for each look of the published network beside a trained one; what both find is
            joined (`edgeact.perception.detect.join_looks`).
        score: Boxes under this score are no persons. Chosen on validation pictures: ``edgeact train wild --part
            validation`` says at which score there are .1 false boxes a photo.
        training: How it is trained; without it, and without ``taken_from``, it is the published one.
        taken_from: The recipe that ships whose training it takes.
        start_share: Of the published weights in the trained network that ships (`trainer.mix_weights`).
    """

    pixels: Annotated[tuple[Pixels, ...], Field(min_length=1, max_length=3)]
    published_pixels: Annotated[tuple[Pixels, ...], Field(max_length=2)] = ()
    score: Annotated[float, Field(gt=0, lt=1)]
    training: DetectorTraining | None = None
    taken_from: Name | None = None
    start_share: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _one_origin(self) -> "DetectorRecipe":
        if self.training is not None and self.taken_from is not None:
            raise ValueError("a detector is trained here or taken from another recipe; give training or taken_from")
        if self.training is None and self.taken_from is None and (self.published_pixels or self.start_share):
            raise ValueError("published_pixels and start_share go with a trained detector; give training or taken_from")
        return self


class ActionSettling(_Record):
    """Fine-tuning of the trained action network with weaker augmentation.

    Attributes:
        steps: How many.
        rate: The highest learning rate.
        augmentation: Of its clips.
    """

    steps: Steps
    rate: Rate
    augmentation: ClipAugmentation = MILD_CLIPS


class ActionRecipe(_Record):
    """Training of the action network.

    Attributes:
        tracks_of: The bundle that finds the tracks that it learns from. Another bundle than the recipe's own lends its
            action network as well: joints mean the same in every bundle.
        steps: How many.
        batch: Clips a step.
        rate: The highest learning rate.
        smoothing: Share of each label that all actions get alike.
        learning: How weights are moved, here and while it settles.
        augmentation: Of the clips.
        mix: Share of each source among the clips; sources that are not named train nothing.
        settling: The training that follows; left out, there is none.
    """

    tracks_of: Name
    steps: Steps
    batch: Batch
    rate: Rate
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.03
    learning: LearningSettings = LearningSettings(weight_decay=0.05, average_decay=0.999, clip_norm=5.0)
    augmentation: ClipAugmentation = USUAL_CLIPS
    settling: ActionSettling | None = None
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(ACTION_MIX)] = dict(ACTION_MIX)


class LifterRecipe(_Record):
    """Training of the lifter, which makes 3D of clips of joints.

    Attributes:
        steps: How many.
        batch: Clips a step.
        rate: The highest learning rate.
        mild_from: From this step on people are shown nearly as they are (`trainer.data.lifting.views.MILD`).
        teacher_poses: Whether poses count that BlazePose heavy saw in pictures (`trainer.precomputed.teacher_poses`).
        mix: Share of each source among the clips; sources that are not named train nothing.
    """

    steps: Steps
    batch: Batch
    rate: Rate
    mild_from: Annotated[int, Field(ge=0)]
    teacher_poses: bool
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(LIFTER_MIX)] = dict(LIFTER_MIX)


class ThresholdRecipe(_Record):
    """What calibration aims at, and the numbers that are set by hand.

    Attributes:
        detection_iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.
        joint_confidence: Joints under this are not drawn.
        other_as_known: Share of the "other" validation clips of the worst source that may be called an action.
    """

    detection_iou: Annotated[float, Field(gt=0, lt=1)]
    joint_confidence: Annotated[float, Field(gt=0, lt=1)]
    other_as_known: Annotated[float, Field(gt=0, lt=1)]


class Recipe(_Record):
    """One bundle's training.

    Attributes:
        name: Of the bundle; its networks and tracks lie in a folder of this name.
        version: Of the bundle.
        detector: See `DetectorRecipe`; so are the others.
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


def read_record(path: Path, kind: type[Record], *, like: str) -> Record:
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
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg'].lower()}" for fault in error.errors()
        )
        raise ConfigError(f"{path}: {faults}; compare it with {like}") from error
