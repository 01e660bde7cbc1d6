"""Recipe settings of the lifter."""

from typing import Annotated

from pydantic import Field

from trainer.data.lifting.views import MILD, USUAL, LiftingAugmentation
from trainer.data.mixes import LIFTER_SOURCES
from trainer.learning import LearningSettings
from trainer.recipe_fields import Batch, Channels, Rate, Record, Seed, Share, Steps, of_known_sets


class LifterRecipe(Record):
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
        seed: Of weights and batches.
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
    augmentation: LiftingAugmentation = USUAL
    mild_augmentation: LiftingAugmentation = MILD
    seed: Seed = 0
    mix: Annotated[dict[str, Share], Field(min_length=1), of_known_sets(LIFTER_SOURCES)]
