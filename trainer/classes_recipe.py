"""The recipe of `edgeact train --classes`: how networks learn a user's own classes, and when a class is called.

Unknown keys are refused, and all faults are told at once.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from trainer.learning import LearningSettings
from trainer.optimizers import AdamW, OptimizerSettings
from trainer.recipe import read_record, recipe_path
from trainer.recipe_fields import Batch, Rate, Ratio, Record, Seed, Steps

_Probability = Annotated[float, Field(gt=0, lt=1)]


class ClassClipAugmentation(Record):
    """How clips of one's own classes are changed at random; mirroring is asked for by the command.

    Attributes:
        impossible: Share of clips that are no action and teach "other": a posture held, or frames in another order.
        whole: Share of clips that show a whole recording; the others show as much as the runtime sees at once.
        trim: The most that is cut off at either end of a whole recording, as a ratio of its length.
        hidden: Share of clips in which joints are lost for a while.
        turn: Radians that clips are turned by at most, to either side.
        stretch: Width and height are multiplied by up to e to the power of this, or divided.
        shear: The most that points are moved aside, as a ratio of how far above or below the middle they are.
    """

    impossible: Ratio
    whole: Ratio
    trim: Annotated[float, Field(ge=0, lt=0.5)]
    hidden: Ratio
    turn: Annotated[float, Field(ge=0, le=3.2)]
    stretch: Ratio
    shear: Ratio

    @model_validator(mode="after")
    def _shares_of_one(self) -> "ClassClipAugmentation":
        if self.impossible + self.whole > 1:
            raise ValueError(f"impossible {self.impossible} and whole {self.whole} are more than all clips together")
        return self


class ClassClipsRecipe(Record):
    """How the clip network learns the classes.

    Attributes:
        steps: Of each training that starts from a bundle's network; the command's ``--steps`` goes before.
        steps_from_scratch: Of each training that starts from random weights.
        rate: The highest learning rate, from a bundle's network.
        rate_from_scratch: Likewise, from random weights.
        batch: Clips a step, of each class about as many.
        dropout: Share of the pooled features that a step leaves out.
        smoothing: Share of each label that all classes get alike.
        learning: How weights are moved.
        seed: Of weights and batches.
        augmentation: Of the clips, here and where a bundle's actions are kept.
    """

    steps: Steps
    steps_from_scratch: Steps
    rate: Rate
    rate_from_scratch: Rate
    batch: Batch
    dropout: Annotated[float, Field(ge=0, lt=1)]
    smoothing: Annotated[float, Field(ge=0, lt=1)]
    learning: LearningSettings
    seed: Seed = 0
    augmentation: ClassClipAugmentation


class KeptActionsRecipe(Record):
    """How a bundle's clip network is put right and keeps its other actions (``--keep-actions``).

    Attributes:
        steps: Of each training; the command's ``--steps`` goes before.
        rate: The highest learning rate.
        batch: Clips a step.
        corrected_share: Share of the corrected clips in a batch; the others are of recordings of which the bundle is
            right.
        smoothing: Share of each label that all actions get alike.
        hold: How much weights are held near where they began.
        learning: How weights are moved.
        seed: Of weights and batches.
    """

    steps: Steps
    rate: Rate
    batch: Batch
    corrected_share: Annotated[float, Field(gt=0, le=1)]
    smoothing: Annotated[float, Field(ge=0, lt=1)]
    hold: Annotated[float, Field(ge=0)]
    learning: LearningSettings
    seed: Seed = 0

    @model_validator(mode="after")
    def _some_are_corrected(self) -> "KeptActionsRecipe":
        if round(self.batch * self.corrected_share) < 1:
            raise ValueError(
                f"corrected_share {self.corrected_share} of a batch of {self.batch} is no clip; take a larger one"
            )
        return self


class SceneRecipe(Record):
    """How the head for classes of the whole picture learns (``--scene``).

    Attributes:
        side: Of the pictures, in pixels.
        pictures: Of each clip, evenly over it.
        steps: Of each training; the command's ``--steps`` goes before.
        rate: The highest learning rate.
        batch: Pictures a step, at most.
        weight_decay: Of the weights.
        optimizer: Which one.
        seed: Of weights and batches.
        without_other: A class is called from this probability on where no clip of "other" tells what is none of them.
    """

    side: Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
    pictures: Annotated[int, Field(ge=1, le=64)]
    steps: Steps
    rate: Rate
    batch: Batch
    weight_decay: Annotated[float, Field(ge=0)]
    optimizer: OptimizerSettings = AdamW()
    seed: Annotated[int, Field(ge=0)]
    without_other: _Probability


class CallingRecipe(Record):
    """From which probability on a class is called: the lowest at which few held-out moments are called wrong.

    Attributes:
        other_as_known: Share of the moments of "other" that may be called a class.
        known_as_wrong: Share of the moments of the classes that may be called another class.
        lowest: No threshold is under this.
        highest: This is the threshold where none keeps to the shares.
    """

    other_as_known: _Probability
    known_as_wrong: _Probability
    lowest: _Probability
    highest: _Probability

    @model_validator(mode="after")
    def _a_range(self) -> "CallingRecipe":
        if self.lowest > self.highest:
            raise ValueError(f"lowest {self.lowest} is above highest {self.highest}; give the smaller number first")
        return self


class ClassesRecipe(Record):
    """All settings of `edgeact train --classes`.

    Attributes:
        clips: How the clip network learns.
        kept: How it is put right.
        scene: How the head for whole pictures learns.
        calling: When a class is called.
    """

    clips: ClassClipsRecipe
    kept: KeptActionsRecipe
    scene: SceneRecipe
    calling: CallingRecipe


def load_classes_recipe(path: Path | None = None) -> ClassesRecipe:
    """Read a recipe; None takes the one that ships.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    shipped = recipe_path("classes")
    return read_record(path or shipped, ClassesRecipe, like=shipped.name)
