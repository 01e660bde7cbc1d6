"""Train the person detector: YOLOX-nano's published network learns to find in turned pictures whom it finds upright.

The published network was trained on photos whose people nearly all stand or sit: of people turned by 90° it finds a
fifth of those that it finds upright. So it is its own teacher: half of a step's pictures are turned, and the network
imitates what the published one finds in them before they are turned. In the other half it imitates it as it is.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edgeact.geometry import box_iou
from trainer.data.detector_batches import PictureDrawer
from trainer.data.detector_pictures import DetectorPicture, read_pictures
from trainer.data.read_picture import read_rgb
from trainer.detector_losses import imitation_loss, turn_boxes, turn_cells
from trainer.detector_recipe import DetectorTraining
from trainer.device import training_device
from trainer.layers.relative_steps import train_absolute, train_relative
from trainer.loop import train
from trainer.models.person_detector import PersonDetector
from trainer.precomputed.agreed_people import look
from trainer.recipe_fields import SEED_STEP

CHECKED_PICTURES = 60  # of the validation pictures of each set
CHECKED_PIXELS = 90112
CHECKED_SCORE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class TurnedBatch:
    """Pictures of one training step.

    Attributes:
        images: ``(N, 3, H, W)`` float32 RGB in 0..255, upright.
        quarters: By how many quarters those that are not kept upright are turned.
    """

    images: torch.Tensor
    quarters: int


def recall(network: PersonDetector, pictures: Sequence[DetectorPicture], *, turn: int = 0) -> float:
    """Share of the people who are found: IoU ≥ .5 at `CHECKED_SCORE`.

    Args:
        network: In evaluation mode.
        pictures: With sure people.
        turn: By how many quarters the pictures are turned, counter-clockwise.
    """
    hits = total = 0
    for picture in pictures:
        rgb = read_rgb(picture.path)
        people = picture.people
        for _ in range(turn):
            people = turn_boxes(people, rgb.shape[1])
            rgb = np.ascontiguousarray(np.rot90(rgb))
        boxes, scores = look(network, rgb, pixels=CHECKED_PIXELS)
        overlaps = box_iou(people.astype(np.float32), boxes[scores >= CHECKED_SCORE])
        hits += int((overlaps.max(1, initial=0.0) >= 0.5).sum())
        total += len(people)
    return hits / max(total, 1)


def evaluate(network: PersonDetector, pictures: Sequence[DetectorPicture]) -> dict[str, float]:
    """Recall of each set, upright and turned by a quarter, and ``worst``, the lowest."""
    network.eval()
    figures: dict[str, float] = {}
    for name in sorted({picture.source for picture in pictures}):
        rows = [picture for picture in pictures if picture.source == name and len(picture.people)][:CHECKED_PICTURES]
        figures[name] = round(recall(network, rows), 4)
        figures[f"{name} turned"] = round(recall(network, rows, turn=1), 4)
    return {**figures, "worst": min(figures.values(), default=float("nan"))}


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
            yield TurnedBatch(drawer.draw(rng, training.batch), int(rng.choice(4, p=imitation.quarters)))

    def loss(network: PersonDetector, batch: TurnedBatch) -> torch.Tensor:
        images = batch.images.to(device)
        height, width = images.shape[2:]
        with torch.no_grad():
            boxes, presence, person = teacher(images.contiguous(memory_format=torch.channels_last))
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
    course = training.learning.course("detector", steps=training.steps, rate=training.rate, mixed_precision=True)
    trained = train(
        model, checkpoint, course, device=device, draw=draw, loss=loss, check=lambda network: evaluate(network, chosen)
    )
    train_absolute(trained)
    return trained
