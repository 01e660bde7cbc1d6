"""Train the person detector: YOLOX-nano's published network learns to find in turned pictures whom it finds upright.

The published network was trained on photos whose people nearly all stand or sit: of people turned by 90° it finds a
fifth of those that it finds upright. So it is its own teacher: half of a step's pictures are turned, and the network
imitates what the published one finds in them before they are turned. In the other half it imitates it as it is. Only
where surely nobody is it does not imitate whom the published one sees.

The outcome is the average whose worst validation source gains most average precision over the published network,
upright and turned pictures together.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from trainer.data.detector_batches import PictureDrawer
from trainer.data.detector_pictures import DetectorPicture, read_pictures
from trainer.data.read_picture import read_rgb
from trainer.detector_losses import imitation_loss, turn_boxes, turn_cells, without_people
from trainer.detector_recipe import DetectorTraining
from trainer.device import training_device
from trainer.evaluate.metrics.box_precision import BoxedPicture, box_precision
from trainer.layers.relative_steps import train_absolute, train_relative
from trainer.loop import train
from trainer.models.person_detector import PersonDetector
from trainer.precomputed.agreed_people import look
from trainer.recipe_fields import SEED_STEP
from trainer.worst_gain import worst_gain

CHECKED_PICTURES = 60  # of the validation pictures of each set
CHECKED_PIXELS = 90112
FEWEST_PEOPLE = 20  # of a source that chooses: fewer say too little
SMALLEST = 60  # pixels: who is less high in the upright picture counts neither way, as where bundles are measured


@dataclass(frozen=True, slots=True, eq=False)
class TurnedBatch:
    """Pictures of one training step.

    Attributes:
        images: ``(N, 3, H, W)`` float32 RGB in 0..255, upright.
        nobody: ``(N,)`` bool: in which of them surely nobody is.
        quarters: By how many quarters those that are not kept upright are turned.
    """

    images: torch.Tensor
    nobody: torch.Tensor
    quarters: int


def precision(network: PersonDetector, pictures: Sequence[DetectorPicture], *, turn: int = 0) -> float:
    """Average precision of boxes at IoU ≥ .5, by the people of at least `SMALLEST` who are surely there.

    Args:
        network: In evaluation mode.
        pictures: Of one source.
        turn: By how many quarters the pictures are turned, counter-clockwise.
    """
    found = []
    for picture in pictures:
        rgb = read_rgb(picture.path)
        people, counts = picture.people, _counted(picture)
        for _ in range(turn):
            people = turn_boxes(people, rgb.shape[1])
            rgb = np.ascontiguousarray(np.rot90(rgb))
        boxes, scores = look(network, rgb, pixels=CHECKED_PIXELS)
        found.append(BoxedPicture(people[counts], boxes, scores, people[~counts]))
    return box_precision(found)


def _counted(picture: DetectorPicture) -> np.ndarray:
    """Which people count, ``(N,)`` bool."""
    return picture.people[:, 3] - picture.people[:, 1] >= SMALLEST


def evaluate(network: PersonDetector, pictures: Sequence[DetectorPicture]) -> dict[str, float]:
    """Average precision of each source with at least `FEWEST_PEOPLE`: ``NAME``, upright, and ``NAME turned``, turned by
    a quarter.
    """
    network.eval()
    figures: dict[str, float] = {}
    for name in sorted({picture.source for picture in pictures}):
        rows = [picture for picture in pictures if picture.source == name][:CHECKED_PICTURES]
        if sum(_counted(picture).sum() for picture in rows) >= FEWEST_PEOPLE:
            figures[name] = round(precision(network, rows), 4)
            figures[f"{name} turned"] = round(precision(network, rows, turn=1), 4)
    return figures


def mean_over_turns(figures: Mapping[str, float]) -> dict[str, float]:
    """Average the figures of `evaluate` over upright and turned pictures of each source."""
    return {name: (figures[name] + figures[f"{name} turned"]) / 2 for name in figures if f"{name} turned" in figures}


def fit(pictures: Path, start: PersonDetector, checkpoint: Path, training: DetectorTraining) -> PersonDetector:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        pictures: File of `trainer.precomputed.agreed_people.make_pictures`.
        start: What the network starts from; left as it is.
        checkpoint: File that the training is kept in.
        training: How long and how fast.

    Raises:
        DivergenceError: The training diverged.
    """
    device = training_device()
    drawer = PictureDrawer(
        read_pictures(pictures, "train"),
        training.mix,
        canvases=training.canvases,
        strength=training.augmentation,
    )
    imitation = training.imitation
    chosen = read_pictures(pictures, "validation")

    def draw(steps: range) -> Iterator[TurnedBatch]:
        for step in steps:
            rng = np.random.default_rng((3 + SEED_STEP * training.seed, step))
            images, nobody = drawer.draw(rng, training.batch)
            yield TurnedBatch(images, nobody, int(rng.choice(4, p=imitation.quarters)))

    def loss(network: PersonDetector, batch: TurnedBatch) -> torch.Tensor:
        images = batch.images.to(device)
        height, width = images.shape[2:]
        with torch.no_grad():
            said = teacher(images.contiguous(memory_format=torch.channels_last))
            boxes, presence, person = without_people(said, batch.nobody.to(device))
        kept = round(len(images) * imitation.upright_share)
        total = images.new_zeros(())
        for part, quarters in ((slice(kept), 0), (slice(kept, None), batch.quarters)):
            upright = boxes[part], presence[part], person[part]
            wanted = turn_cells(upright, height=height, width=width, quarters=quarters)
            seen = torch.rot90(images[part], quarters, (2, 3)).contiguous(memory_format=torch.channels_last)
            value = imitation_loss(network(seen), wanted, box_weight=imitation.box_weight)
            total = total + (imitation.upright_weight if quarters == 0 else 1.0) * value
        return total

    model, teacher = copy.deepcopy(start), copy.deepcopy(start).to(device).eval()
    train_relative(model)
    course = training.learning.course(
        "detector", steps=training.steps, rate=training.rate, mixed_precision=True, best_by="worst"
    )

    @cache  # a finished training needs no check
    def former() -> dict[str, float]:
        return evaluate(copy.deepcopy(start), chosen)

    def check(network: PersonDetector) -> dict[str, float]:
        figures = evaluate(network, chosen)
        return {**figures, "worst": worst_gain(mean_over_turns(figures), mean_over_turns(former()))}

    trained = train(model, checkpoint, course, device=device, draw=draw, loss=loss, check=check)
    train_absolute(trained)
    return trained
