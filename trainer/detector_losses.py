"""The person detector's loss: how far what it finds in a turned picture is from what its teacher finds upright.

The teacher is the published network, which finds upright people. Turning a picture by quarters turns the network's
cells as well, so each cell of the turned picture has one of the upright picture to imitate: its scores as they are, its
box turned. Nothing has to be labelled, and in upright pictures the network keeps what it knew, also of what is nobody
("Learning without Forgetting", Li and Hoiem, ECCV 2016).

Shapes: N pictures, M cells.
"""

from typing import TypeVar

import numpy as np
import torch
from torch.nn import functional

from trainer.models.person_detector import STRIDES, pair_iou

BOX_WEIGHT = 5.0  # of YOLOX
NO_PERSON = -12.0  # as a logit: a probability of 6e-6

# Boxes (N, M, 4), presence (N, M) and person logits (N, M), as the network gives them.
Cells = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


Boxes = TypeVar("Boxes", torch.Tensor, np.ndarray)


def turn_boxes(boxes: Boxes, width: int) -> Boxes:
    """Boxes in a picture that is turned by a quarter counter-clockwise, as `torch.rot90` and `numpy.rot90` do.

    Args:
        boxes: ``(..., 4)`` x_min, y_min, x_max, y_max in pixels, whose centres are whole numbers.
        width: Of the picture before it is turned, in pixels.

    Returns:
        ``(..., 4)`` in the turned picture.
    """
    turned = boxes[..., [1, 2, 3, 0]]  # a copy
    turned[..., [1, 3]] = width - 1 - turned[..., [1, 3]]
    return turned


def turn_cells(cells: Cells, *, height: int, width: int, quarters: int) -> Cells:
    """What the network would say of a picture that is turned, if it knew people in all positions.

    Args:
        cells: What it says of the upright picture.
        height: Of the upright picture in pixels, a multiple of 32.
        width: Likewise.
        quarters: By how many quarters the picture is turned, counter-clockwise, as `torch.rot90` does.
    """
    boxes, presence, person = cells
    for _ in range(quarters % 4):
        order = _turned_order(height, width)
        boxes = turn_boxes(boxes[:, order], width)
        presence, person = presence[:, order], person[:, order]
        height, width = width, height
    return boxes, presence, person


def _turned_order(height: int, width: int) -> torch.Tensor:
    """Of each cell of the turned picture the index ``(M,)`` of the upright picture's cell."""
    orders, first = [], 0
    for stride in STRIDES:
        rows, columns = height // stride, width // stride
        cells = torch.arange(first, first + rows * columns).reshape(rows, columns)
        orders.append(torch.rot90(cells).flatten())
        first += rows * columns
    return torch.cat(orders)


def without_people(cells: Cells, nobody: torch.Tensor) -> Cells:
    """Replace the person logits of pictures without people by `NO_PERSON`: every detection there is a false positive.

    Args:
        cells: Outputs of the teacher.
        nobody: ``(N,)`` bool, true for pictures without people.
    """
    boxes, presence, person = cells
    return boxes, presence, person.masked_fill(nobody[:, None], NO_PERSON)


def imitation_loss(student: Cells, teacher: Cells, *, box_weight: float = BOX_WEIGHT) -> torch.Tensor:
    """Scalar loss of one batch: cross-entropy to the teacher's scores, and 1 − IoU² to its boxes where it sees people.

    Args:
        student: What the network says.
        teacher: What it should say.
        box_weight: Of the boxes beside the scores.
    """
    boxes, presence, person = (part.float() for part in student)
    there, human = torch.sigmoid(teacher[1]), torch.sigmoid(teacher[2])
    score = there * human
    presences = functional.binary_cross_entropy_with_logits(presence, there, reduction="none")
    # Whether it is a person is asked where something is: elsewhere the score is low whatever the answer.
    persons = functional.binary_cross_entropy_with_logits(person, human, reduction="none") * there
    misfits = (1 - pair_iou(boxes, teacher[0]) ** 2) * score
    return (presences + persons + box_weight * misfits).sum() / score.sum().clamp_min(1.0)
