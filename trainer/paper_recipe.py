"""The recipe of a paper's network: all that was decided, as TOML; unknown keys are refused, all faults told at once.

What has to fit together is looked at once each value is usable by itself.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from edgeact.errors import ConfigError
from trainer.compress.shrink import CompressSettings
from trainer.data.picture_batches import View
from trainer.data.recipe_sets import CLIP_SETS, PICTURE_SETS, POSE_SETS, SEVERAL_ACTIONS_SETS
from trainer.optimizers import AdamW, OptimizerSettings
from trainer.phases import PhaseSettings
from trainer.recipe import read_record
from trainer.recipe_fields import Record
from trainer.schedule import CosineSchedule, Schedule
from trainer.task import Task
from trainer.tasks.attentional_pooling import AttentionalPoolingSettings, attentional_pooling_task
from trainer.tasks.body_part_aware import BodyPartAwareSettings, body_part_aware_task
from trainer.tasks.gated3d import Gated3dSettings, gated3d_task
from trainer.tasks.loss_guided import LossGuidedSettings, loss_guided_task
from trainer.tasks.pose_action_pyramid import PoseActionPyramidSettings, pose_action_pyramid_task
from trainer.tasks.taught import TeacherSettings

NetworkSettings = Annotated[
    BodyPartAwareSettings
    | LossGuidedSettings
    | Gated3dSettings
    | AttentionalPoolingSettings
    | PoseActionPyramidSettings,
    Field(discriminator="system"),
]
PICTURE_SYSTEMS = ("body_part_aware", "loss_guided", "attentional_pooling")
# What each system learns from: pictures with actions, or some out of clips with actions; clips; pictures with poses.
_SETS = {
    "body_part_aware": {*PICTURE_SETS, *SEVERAL_ACTIONS_SETS, *CLIP_SETS, *POSE_SETS},
    "loss_guided": {*PICTURE_SETS, *CLIP_SETS},
    "gated3d": {*CLIP_SETS},
    "attentional_pooling": {*PICTURE_SETS, *CLIP_SETS, *POSE_SETS},
    "pose_action_pyramid": {*CLIP_SETS, *POSE_SETS},
}
SetName = Literal[
    "stanford40", "vcoco", "ut_interaction", "ucf101", "hmdb51", "jhmdb", "penn_action", "ntu",
    "surveillance_fights", "lspet", "lsp", "mpii", "coco", "studio_poses",
]  # fmt: skip


class DataSettings(Record):
    """What is learnt from.

    Attributes:
        sets: Names of data sets: one with actions, and any with poses, where the system learns poses.
        batch: Samples a step.
        pose_share: Of what is drawn, so much has poses, where a set has: of each batch of pictures, or of the batches
            where actions are learnt from clips.
        flip: Whether every other sample is mirrored.
        rotation: Degrees to either side.
        pose_rotation: Degrees to either side of pictures with poses; left out, they are turned as the others.
        zoom: The size changes by up to this ratio.
        colour_shift: Each colour, 0..1, is raised to a power that differs from 1 by up to this.
        clip_steps: The fewest and the most filmed frames from one drawn frame of a clip to the next, as far as the clip
            is long; left out, at least two thirds of each clip are drawn.
        clip_zoom: So does the size of whole clips, and their place by half of it.
        clip_view: Of pose_action_pyramid: whether actions are learnt from whole frames of clips, or from the crops of
            each person whom the default bundle finds, as at run time. The joints that it finds teach poses, too.
        clip_pictures: Out of the middle of each clip so many pictures are learnt from, by systems of pictures.
    """

    sets: Annotated[tuple[SetName, ...], Field(min_length=1)]
    batch: Annotated[int, Field(ge=2, le=1024)]
    pose_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    flip: bool = True
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    pose_rotation: Annotated[float, Field(ge=0, le=180)] | None = None
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    colour_shift: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_steps: tuple[Annotated[int, Field(ge=1, le=64)], Annotated[int, Field(ge=1, le=64)]] | None = None
    clip_zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_view: View = "frame"
    clip_pictures: Annotated[int, Field(ge=1, le=64)] = 5

    @field_validator("clip_steps")
    @classmethod
    def _rising(cls, steps: tuple[int, int] | None) -> tuple[int, int] | None:
        if steps is not None and steps[0] > steps[1]:
            raise ValueError(f"from {steps[0]} to {steps[1]} frames is no range; give the smaller number first")
        return steps

    @property
    def actions(self) -> str:
        """The set that has the actions."""
        return next(name for name in self.sets if name not in POSE_SETS)

    @property
    def poses(self) -> tuple[str, ...]:
        """The sets that have poses."""
        return tuple(name for name in self.sets if name in POSE_SETS)


class TrainingSettings(Record):
    """How long and how fast.

    Attributes:
        epochs: Rounds over the samples with actions.
        rate: The highest learning rate.
        weight_decay: Of everything that is no bias or scale.
        optimizer: Which one.
        schedule: How the rate changes.
        clip_norm: The largest norm of the gradient; left out, it is not limited.
        average_decay: Memory of the moving average; left out, none is kept.
        mixed_precision: Whether bfloat16 is used where the device multiplies it.
        deterministic: Whether operations that give other sums from run to run are refused (on a GPU).
        patience: The training ends after so many checks in a row without a better one; left out, all epochs are done.
        seed: Of weights and batches.
    """

    epochs: Annotated[int, Field(ge=1)]
    rate: Annotated[float, Field(gt=0, le=1)]
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    optimizer: OptimizerSettings = AdamW()
    schedule: Schedule = CosineSchedule()
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    average_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    mixed_precision: bool = False
    deterministic: bool = False
    patience: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0


class PaperRecipe(Record):
    """One network's training.

    Attributes:
        name: Its work lies in a folder of this name.
        published_start: Whether it starts from published weights, which the command is given; else from random ones.
        network: Which system, and how large.
        data: What it learns from.
        training: How long and how fast.
        phases: Of pose_action_pyramid, in order; left out, both tasks are learnt from the first step to the last.
        compress: How the trained network is made narrower; left out, it is not.
        teacher: An ONNX file whose answers the network imitates; left out, it learns from labels alone.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
    published_start: bool
    network: NetworkSettings
    data: DataSettings
    training: TrainingSettings
    phases: tuple[PhaseSettings, ...] = ()
    compress: CompressSettings | None = None
    teacher: TeacherSettings | None = None

    @model_validator(mode="after")
    def _fitting(self) -> "PaperRecipe":
        system, data, phases = self.network.system, self.data, self.phases
        faults: list[str] = []
        if strange := sorted(set(data.sets) - _SETS[system]):
            known = ", ".join(sorted(_SETS[system]))
            faults.append(f"{system} does not learn from {', '.join(strange)}; it takes {known}")
        with_actions = sorted(set(data.sets) - set(POSE_SETS))
        if not with_actions:
            known = ", ".join(sorted(_SETS[system] - set(POSE_SETS)))
            faults.append(f"{', '.join(data.sets)} has poses only; add a set with actions: {known}")
        if len(with_actions) > 1:
            faults.append(f"{' and '.join(with_actions)} have other actions each; take one of them")
        if data.clip_view == "person" and system != "pose_action_pyramid":
            faults.append("clip_view = person is of pose_action_pyramid; leave it out")
        if phases and (system != "pose_action_pyramid" or not data.poses):
            faults.append("phases are of pose_action_pyramid with a set of actions and one of poses; leave them out")
        if phases and (epochs := sum(phase.epochs for phase in phases)) != self.training.epochs:
            faults.append(f"phases have {epochs} epochs together, the training has {self.training.epochs}")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def paper_recipes() -> dict[str, Path]:
    """The recipes that ship, by name: one with the paper's numbers for each paper, and a ``_small`` one."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "recipes" / "papers").glob("*.toml"))}


def load_paper_recipe(recipe: Path) -> PaperRecipe:
    """Read a recipe.

    Args:
        recipe: A file, or the name of one that ships.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    known = paper_recipes()
    path = recipe if recipe.is_file() else known.get(str(recipe))
    if path is None:
        raise ConfigError(f"{recipe} is no file and no recipe that ships; those are {', '.join(known)}")
    return read_record(path, PaperRecipe, like="loss_guided_small.toml")


def make_task(network: NetworkSettings, classes: int, weights: Path | None) -> Task:
    """The task that a recipe names."""
    match network:
        case BodyPartAwareSettings():
            return body_part_aware_task(network, classes, weights)
        case LossGuidedSettings():
            return loss_guided_task(network, classes, weights)
        case Gated3dSettings():
            return gated3d_task(network, classes, weights)
        case AttentionalPoolingSettings():
            return attentional_pooling_task(network, classes, weights)
        case PoseActionPyramidSettings():
            return pose_action_pyramid_task(network, classes, weights)
