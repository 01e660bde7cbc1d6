"""The recipe of the bundle `everyday`: all that was decided, as TOML.

Unknown keys are refused, and all faults are told at once.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from trainer.models.efficientnet_lite import SIZES, LiteName, count_blocks
from trainer.optimizers import AdamW, OptimizerSettings
from trainer.recipe import read_record, recipe_path
from trainer.recipe_fields import Batch, Name, Rate, Record

PoolingName = Literal["mean", "rank_one", "generalized"]


class HeadSettings(Record):
    """How a head learns alone, on maps that do not change.

    Attributes:
        pooling: ``mean``, ``rank_one`` or ``generalized`` with 64, 32 and 16 channels.
        epochs: Rounds over the training photos.
        rate: The highest learning rate.
        weight_decay: Of the weights.
        batch: Photos a step.
        optimizer: Which one.
    """

    pooling: PoolingName
    epochs: Annotated[int, Field(ge=1)]
    rate: Rate
    weight_decay: Annotated[float, Field(ge=0)]
    batch: Batch
    optimizer: OptimizerSettings = AdamW()


class LastBlocksSettings(Record):
    """How the last blocks then learn with the head.

    Attributes:
        frozen: How many of the backbone's blocks stay as published.
        epochs: Rounds over the training photos; 0 leaves the last blocks as published, too.
        rate: The highest learning rate, of blocks and head alike.
        warm_up: Steps until the rate is reached.
        weight_decay: Of the weights.
        batch: Photos a step.
        optimizer: Which one.
        clip_norm: The largest norm of the gradient.
        mirror_share: Share of the photos that are mirrored.
        window: Side of the window of a map that a step sees, as a ratio of the map's side.
        smoothing: Share of each label that all actions get alike.
        average_decay: Memory of the average of the weights.
    """

    frozen: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=0)]
    rate: Rate
    warm_up: Annotated[int, Field(ge=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    batch: Batch
    optimizer: OptimizerSettings = AdamW()
    clip_norm: Annotated[float, Field(gt=0)]
    mirror_share: Annotated[float, Field(ge=0, le=1)]
    window: Annotated[float, Field(gt=0, le=1)]
    smoothing: Annotated[float, Field(ge=0, lt=1)]
    average_decay: Annotated[float, Field(gt=0, lt=1)]


class EverydayRecipe(Record):
    """The training of `trainer.fit_everyday`, and what its bundle makes of the answers.

    Attributes:
        name: Of the bundle.
        backbone: An EfficientNet-Lite, whose published weights the command is given.
        side: Of the pictures, in pixels.
        seed: Of weights and batches.
        mirrored: Whether each picture is judged by the mean of itself and its mirror image, which takes twice the time.
        score: An action is called from this probability on.
        head: How the head learns alone.
        last_blocks: How the last blocks then learn with it.
    """

    name: Name
    backbone: LiteName
    side: Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
    seed: Annotated[int, Field(ge=0)]
    mirrored: bool
    score: Annotated[float, Field(gt=0, lt=1)]
    head: HeadSettings
    last_blocks: LastBlocksSettings

    @model_validator(mode="after")
    def _some_blocks_learn(self) -> "EverydayRecipe":
        frozen, blocks = self.last_blocks.frozen, count_blocks(SIZES[self.backbone])
        if frozen >= blocks:
            raise ValueError(f"last_blocks.frozen is {frozen}; {self.backbone} has {blocks} blocks, so take fewer")
        return self


def load_everyday_recipe(path: Path | None = None) -> EverydayRecipe:
    """Read a recipe; None takes the one that ships.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has unknown keys or unusable values (all are listed).
    """
    shipped = recipe_path("everyday")
    return read_record(path or shipped, EverydayRecipe, like=shipped.name)
