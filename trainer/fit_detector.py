"""Train the person detector: it starts from YOLOX-nano's published weights and learns from people in all positions.

The published network was trained on photos whose people nearly all stand or sit: of people turned by 90° it finds a
fifth of those that it finds upright. Turned pictures teach it the others, and other sets than COCO the rest.
"""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from edgeact.geometry import box_iou
from trainer.data.detector_augment import turned_boxes
from trainer.data.detector_batches import PictureDrawer, SceneBatch
from trainer.data.detector_pictures import DetectorPicture, look, read_pictures
from trainer.data.read_picture import read_rgb
from trainer.detector_losses import detector_loss
from trainer.device import training_device
from trainer.loop import Course, train
from trainer.mix_weights import mix_weights
from trainer.models.person_detector import PersonDetector
from trainer.recipe import DetectorTraining

CHECKED_PICTURES = 60  # of the validation pictures of each set
CHECKED_PIXELS = 90112
CHECKED_SCORE = 0.4
_WEIGHT_DECAY = 5e-4  # of YOLOX


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
        people = picture.sure
        for _ in range(turn):
            matrix = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, rgb.shape[1] - 1.0]])
            rgb, people = np.ascontiguousarray(np.rot90(rgb)), turned_boxes(people, matrix)
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
        rows = [picture for picture in pictures if picture.source == name and len(picture.sure)][:CHECKED_PICTURES]
        figures[name] = round(recall(network, rows), 4)
        figures[f"{name} turned"] = round(recall(network, rows, turn=1), 4)
    return {**figures, "worst": min(figures.values(), default=float("nan"))}


def fit(pictures: Path, start: PersonDetector, checkpoint: Path, training: DetectorTraining) -> PersonDetector:
    """Train, or go on from the checkpoint, and return the moving average of the network, mixed with the weights that it
    started from (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).

    Args:
        pictures: File of `trainer.data.detector_pictures.make_pictures`.
        start: What the network starts from; left as it is.
        checkpoint: File that the training is kept in.
        training: How long and how fast.

    Raises:
        DivergenceError: The training diverged.
    """
    device = training_device()
    drawer, chosen = PictureDrawer(read_pictures(pictures, "train")), read_pictures(pictures, "validation")

    def draw(steps: range) -> Iterator[SceneBatch]:
        for step in steps:
            yield drawer.draw(np.random.default_rng((3, step)), training.batch)

    def loss(network: PersonDetector, batch: SceneBatch) -> torch.Tensor:
        images = batch.images.to(device, memory_format=torch.channels_last)
        boxes, presence, person = network(images)
        return detector_loss((boxes.cpu(), presence.cpu(), person.cpu()), batch)

    model = copy.deepcopy(start)
    course = Course(
        "detector", training.steps, training.rate, weight_decay=_WEIGHT_DECAY, clip_norm=10.0, mixed_precision=True
    )
    trained = train(
        model, checkpoint, course, device=device, draw=draw, loss=loss, check=lambda network: evaluate(network, chosen)
    )
    return mix_weights(trained, start, training.start_share)
