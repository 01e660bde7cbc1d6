"""Recipe settings of the person detector."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from trainer.data.detector_augment import USUAL, DetectorAugmentation
from trainer.data.detector_batches import CANVASES
from trainer.data.mixes import DETECTOR_SOURCES
from trainer.detector_losses import BOX_WEIGHT
from trainer.learning import LearningSettings
from trainer.recipe_fields import Batch, Name, Rate, Ratio, Record, Seed, Share, Steps, of_known_sets

Pixels = Annotated[int, Field(ge=1024, le=1 << 23)]
CanvasSide = Annotated[int, Field(ge=64, le=1024, multiple_of=32)]


class DetectorImitation(Record):
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


class DetectorTraining(Record):
    """Training of the person detector on people in all positions.

    Attributes:
        steps: How many.
        rate: The highest learning rate.
        batch: Pictures a step.
        canvases: Width and height of the pictures of one step, chosen by chance, in pixels.
        learning: How weights are moved.
        imitation: What is imitated, and what it weighs.
        augmentation: Of the pictures.
        seed: Of the batches.
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
    augmentation: DetectorAugmentation = USUAL
    seed: Seed = 0
    mix: Annotated[dict[str, Share], Field(min_length=1), of_known_sets(DETECTOR_SOURCES)]

    @model_validator(mode="after")
    def _both_ways_up(self) -> "DetectorTraining":
        upright = round(self.batch * self.imitation.upright_share)
        if not 0 < upright < self.batch:
            raise ValueError(
                f"upright_share {self.imitation.upright_share} of a batch of {self.batch} is {upright} upright and "
                f"{self.batch - upright} turned pictures; a step needs one of each at least"
            )
        return self


class DetectorRecipe(Record):
    """The person detector: YOLOX-nano, of which only "person" is kept.

    Attributes:
        pixels: The most of a frame's pixels that it sees, for each look at the frame; its time goes with their sum.
        published_pixels: Likewise, for each look of the published network beside a trained one; what both find is
            joined (`edgeact.perception.detect.join_looks`).
        score: Boxes under this score are no persons. Set by hand; ``edgeact train wild --part validation`` says at
            which score there are .1 false boxes a photo.
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
