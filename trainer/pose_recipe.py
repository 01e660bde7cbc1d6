"""Recipe settings of the pose network."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from trainer.data.mixes import POSE_SOURCES
from trainer.data.pose_augment import MILD, USUAL, PoseAugmentation
from trainer.inputs.crop_size import InputSize
from trainer.learning import LearningSettings
from trainer.models.slim_hrnet import SLIM
from trainer.pose_losses import IMITATION, LOSS, PoseImitation, PoseLoss
from trainer.recipe_fields import Batch, Channels, Name, Rate, Record, Seed, Share, Steps, of_known_sets


class PoseRecipe(Record):
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
        keeps_start: Whether a network of the published width is also distilled from the network that it starts from
            (flip-averaged maps), except where these maps contradict a sure label.
        teacher_scale: How many times as large a network that is imitated sees each person.
        slim_widths: Of a slim one, channels in the middle of the units of its four branches.
        learning: How weights are moved.
        loss: What its maps are taught.
        imitation: Where, and how much, the wider network or the start is imitated.
        augmentation: Of the persons, up to ``mild_from``.
        mild_augmentation: Of the persons from then on.
        seed: Of the batches.
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
    keeps_start: bool = False
    teacher_scale: Annotated[float, Field(ge=1, le=2)] = 1.0
    slim_widths: tuple[Channels, Channels, Channels, Channels] = SLIM.hidden
    learning: LearningSettings = LearningSettings(weight_decay=0.02, average_decay=0.999, clip_norm=5.0)
    loss: PoseLoss = LOSS
    imitation: PoseImitation = IMITATION
    augmentation: PoseAugmentation = USUAL
    mild_augmentation: PoseAugmentation = MILD
    seed: Seed = 0
    mix: Annotated[dict[str, Share], Field(min_length=1), of_known_sets(POSE_SOURCES)]

    @model_validator(mode="before")
    @classmethod
    def _as_before(cls, said: Any) -> Any:
        """Read recipes in manifests of before: one key said how many persons lie, and there were no tables."""
        if not isinstance(said, dict) or "lying" not in said or {"augmentation", "mild_augmentation"} & set(said):
            return said
        rest = {key: value for key, value in said.items() if key != "lying"}
        if said["lying"] is None:
            return rest
        usual, mild = ({**strength.model_dump(), "lying": said["lying"]} for strength in (USUAL, MILD))
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
