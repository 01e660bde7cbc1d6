"""A recipe: everything that was decided about a training, as TOML; unknown keys are an error that lists all faults."""

import sys
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edgeact.errors import ConfigError
from trainer.data.action_windows import MILD as MILD_CLIPS
from trainer.data.action_windows import USUAL as USUAL_CLIPS
from trainer.data.action_windows import ClipAugmentation
from trainer.data.detector_augment import USUAL as USUAL_PICTURES
from trainer.data.detector_augment import DetectorAugmentation
from trainer.data.detector_batches import CANVASES
from trainer.data.lifting.views import MILD as MILD_BODIES
from trainer.data.lifting.views import USUAL as USUAL_BODIES
from trainer.data.lifting.views import LiftingAugmentation
from trainer.data.mixes import ACTION_SOURCES, DETECTOR_SOURCES, LIFTER_SOURCES, POSE_SOURCES
from trainer.data.pose_augment import MILD as MILD_CROPS
from trainer.data.pose_augment import USUAL as USUAL_CROPS
from trainer.data.pose_augment import PoseAugmentation
from trainer.detector_losses import BOX_WEIGHT
from trainer.inputs.crop_size import InputSize
from trainer.learning import LearningSettings
from trainer.models.slim_hrnet import SLIM
from trainer.pose_losses import IMITATION, LOSS, PoseImitation, PoseLoss

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
Ratio = Annotated[float, Field(ge=0, le=1)]
Channels = Annotated[int, Field(ge=4, le=2048)]
CanvasSide = Annotated[int, Field(ge=64, le=1024, multiple_of=32)]


def _of_known_sets(known: tuple[str, ...]) -> AfterValidator:
    """Refuse unknown data sets, and sort a mix in the order of the known ones, so that the order in a file does not
    change what is drawn.
    """

    def check(mix: dict[str, float]) -> dict[str, float]:
        if other := sorted(set(mix) - set(known)):
            raise ValueError(f"{', '.join(other)} cannot be drawn here; known sets are {', '.join(known)}")
        return {name: mix[name] for name in known if name in mix}

    return AfterValidator(check)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PoseRecipe(_Record):
    """Training of the pose network.

    Attributes:
        height: Rows of its crops, a multiple of 32.
        width: Columns of its crops, a multiple of 32.
        start: ``"tinypose"``, or the name of another recipe that ships, whose trained pose network a slim one starts
            from and imitates (`trainer.models.slim_hrnet`).
        steps: How many.
        rate: The highest learning rate.
        mild_from: From this step on persons are shown nearly as they are, by ``mild_augmentation``.
        batch: Persons a step.
        start_share: Of the weights that it starts from in the network that ships (`trainer.fit_pose.fit`).
        teacher_scale: How many times as large a network that is imitated sees each person.
        slim_widths: Of a slim one, channels in the middle of the units of its four branches.
        learning: How weights are moved.
        loss: What its maps are taught.
        imitation: Of a slim one: where, and how much, it imitates.
        augmentation: Of the persons, up to ``mild_from``.
        mild_augmentation: Of the persons from then on.
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
    teacher_scale: Annotated[float, Field(ge=1, le=2)] = 1.0
    slim_widths: tuple[Channels, Channels, Channels, Channels] = SLIM.hidden
    learning: LearningSettings = LearningSettings(weight_decay=0.02, average_decay=0.999, clip_norm=5.0)
    loss: PoseLoss = LOSS
    imitation: PoseImitation = IMITATION
    augmentation: PoseAugmentation = USUAL_CROPS
    mild_augmentation: PoseAugmentation = MILD_CROPS
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(POSE_SOURCES)]

    @model_validator(mode="before")
    @classmethod
    def _as_before(cls, said: Any) -> Any:
        """Read recipes in manifests of before: one key said how many persons lie, and there were no tables."""
        if not isinstance(said, dict) or "lying" not in said or {"augmentation", "mild_augmentation"} & set(said):
            return said
        rest = {key: value for key, value in said.items() if key != "lying"}
        if said["lying"] is None:
            return rest
        usual, mild = ({**strength.model_dump(), "lying": said["lying"]} for strength in (USUAL_CROPS, MILD_CROPS))
        return {**rest, "augmentation": usual, "mild_augmentation": mild}

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


class DetectorImitation(_Record):
    """How the detector imitates what the published one finds in upright pictures (`trainer.fit_detector`).

    Attributes:
        upright_share: Of a step's pictures, which keep the network as it is; the others are turned.
        upright_weight: Of the upright pictures in the loss, beside 1 of the turned ones.
        quarters: How often pictures are turned by none, one, two and three quarters.
        box_weight: Of the boxes beside the scores; YOLOX has 5.
    """

    upright_share: Annotated[float, Field(gt=0, lt=1)]
    upright_weight: Annotated[float, Field(ge=0)]
    quarters: tuple[Ratio, Ratio, Ratio, Ratio]
    box_weight: Annotated[float, Field(ge=0)]

    @field_validator("quarters")
    @classmethod
    def _all_pictures(cls, quarters: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        if abs(sum(quarters) - 1) > 1e-9:
            raise ValueError(f"{list(quarters)} add up to {sum(quarters):g}; they must be all pictures together, 1")
        return quarters


class DetectorTraining(_Record):
    """Training of the person detector on people in all positions.

    Attributes:
        steps: How many.
        rate: The highest learning rate.
        batch: Pictures a step.
        canvases: Width and height of the pictures of one step, chosen by chance, in pixels.
        learning: How weights are moved.
        imitation: What is imitated, and what it weighs.
        augmentation: Of the pictures.
        mix: Share of each data set among the pictures; sets that are not named train nothing.
    """

    steps: Steps
    rate: Rate
    batch: Batch
    canvases: Annotated[tuple[tuple[CanvasSide, CanvasSide], ...], Field(min_length=1)] = CANVASES
    learning: LearningSettings = LearningSettings(weight_decay=0.0, average_decay=0.999)
    imitation: DetectorImitation = DetectorImitation(
        upright_share=0.5, upright_weight=4.0, quarters=(0.0, 0.45, 0.1, 0.45), box_weight=BOX_WEIGHT
    )
    augmentation: DetectorAugmentation = USUAL_PICTURES
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(DETECTOR_SOURCES)]

    @model_validator(mode="after")
    def _both_ways_up(self) -> "DetectorTraining":
        upright = round(self.batch * self.imitation.upright_share)
        if not 0 < upright < self.batch:
            raise ValueError(
                f"upright_share {self.imitation.upright_share} of a batch of {self.batch} is {upright} upright and "
                f"{self.batch - upright} turned pictures; a step needs one of each at least"
            )
        return self


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
        runs: How many times, each from the trained network with other batches; the one that does best on the source of
            validation sequences that it does worst on is kept (`trainer.evaluate.action_sources`).
        steps: How many, of each run.
        rate: The highest learning rate.
        augmentation: Of its clips.
    """

    runs: Annotated[int, Field(ge=1, le=9)] = 1
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
        width: Channels over time. Networks of other widths than the one that ships start no `edgeact train --classes`.
        dropout: Share of the pooled features that a training step leaves out.
        mirrored: Whether each clip is judged together with its mirror image (`trainer.models.edge_action.EdgeAction`).
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
    width: Channels = 160
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    mirrored: bool = False
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.03
    learning: LearningSettings = LearningSettings(weight_decay=0.05, average_decay=0.999, clip_norm=5.0)
    augmentation: ClipAugmentation = USUAL_CLIPS
    settling: ActionSettling | None = None
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(ACTION_SOURCES)]


class LifterRecipe(_Record):
    """Training of the lifter, which makes 3D of clips of joints.

    Attributes:
        steps: How many.
        batch: Clips a step.
        rate: The highest learning rate.
        mild_from: From this step on people are shown nearly as they are, by ``mild_augmentation``.
        teacher_poses: Whether poses count that BlazePose heavy saw in pictures (`trainer.precomputed.teacher_poses`).
        width: Channels over time.
        hidden: Channels of the newest frame.
        dropout: Share of the features that a training step leaves out.
        bone_weight: Of the bones in the loss, beside 1 of the joints.
        learning: How weights are moved.
        augmentation: Of the postures and of what is seen of them, up to ``mild_from``.
        mild_augmentation: Likewise, from then on.
        mix: Share of each source among the clips; sources that are not named train nothing.
    """

    steps: Steps
    batch: Batch
    rate: Rate
    mild_from: Annotated[int, Field(ge=0)]
    teacher_poses: bool
    width: Channels = 256
    hidden: Channels = 384
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    bone_weight: Annotated[float, Field(ge=0)] = 0.5
    learning: LearningSettings = LearningSettings(weight_decay=0.02, average_decay=0.999, clip_norm=5.0)
    augmentation: LiftingAugmentation = USUAL_BODIES
    mild_augmentation: LiftingAugmentation = MILD_BODIES
    mix: Annotated[dict[str, Share], Field(min_length=1), _of_known_sets(LIFTER_SOURCES)]


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
