"""The person detector's loss: which cells answer for whom, and how wrong they are.

After "YOLOX: Exceeding YOLO Series in 2021" (Ge et al., arXiv 2107.08430, section 2.1, SimOTA): each person is given
the cells that cost least, as many as their boxes fit well; a cell's cost is that of its score and of its box. The
class learns how well the box fits, the presence learns whether somebody is there.

Shapes: N pictures, M cells, K people.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

from trainer.data.detector_batches import SceneBatch
from trainer.models.person_detector import STRIDES, pair_iou

CENTRE_CELLS = 2.5  # how far from a person's centre its cells may be
CANDIDATES = 10  # boxes whose IoU with a person add up to the number of its cells
BOX_COST, BOX_WEIGHT = 3.0, 5.0  # of YOLOX
_FAR = 1e5  # added to the cost of cells that are not near the centre: they are taken where there are no others


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """Which cells of the network are assigned to which people of one picture.

    Attributes:
        cells: ``(A,)`` int64 indices of the assigned cells.
        people: ``(A,)`` int64 index of the person that each of them is assigned to.
        overlap: ``(A,)`` IoU of each cell's box with that person's.
        counted: ``(M,)`` 1 for cells whose presence is learnt, 0 for others in the box of an unsure person.
    """

    cells: torch.Tensor
    people: torch.Tensor
    overlap: torch.Tensor
    counted: torch.Tensor


def cell_centres(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Centres ``(M, 2)`` x, y of the network's cells in pixels of an image of this size, and their strides ``(M,)``."""
    centres, strides = [], []
    for stride in STRIDES:
        rows, columns = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        centres.append((torch.stack([columns, rows], -1).flatten(0, 1) + 0.5) * stride - 0.5)
        strides.append(torch.full((len(centres[-1]),), float(stride)))
    return torch.cat(centres), torch.cat(strides)


@torch.no_grad()
def assign(
    boxes: torch.Tensor, scores: torch.Tensor, people: torch.Tensor, unsure: torch.Tensor, *, height: int, width: int
) -> Assignment:
    """Assign cells of the network to each person of one picture (SimOTA).

    Args:
        boxes: ``(M, 4)`` of the cells.
        scores: ``(M,)`` of the cells, 0..1.
        people: ``(K, 4)`` boxes.
        unsure: ``(U, 4)`` boxes of what may be people.
        height: Of the picture in pixels.
        width: Likewise.
    """
    centres, strides = cell_centres(height, width)
    counted = ~_inside(centres, unsure).any(0)
    if not len(people):
        none = torch.zeros(0, dtype=torch.long)
        return Assignment(none, none, torch.zeros(0), counted.float())
    inside = _inside(centres, people)
    middle = (people[:, None, :2] + people[:, None, 2:]) / 2
    near = ((centres[None] - middle).abs() <= CENTRE_CELLS * strides[None, :, None]).all(-1)
    open_cells = torch.where((inside | near).any(0))[0]
    inside, near = inside[:, open_cells], near[:, open_cells]
    overlap = pair_iou(people[:, None], boxes[None, open_cells])
    wrong = -torch.log(scores[None, open_cells].sqrt().clamp(1e-6, 1.0))
    cost = wrong - BOX_COST * torch.log(overlap.clamp_min(1e-6)) + _FAR * ~(inside & near)
    taken = torch.zeros_like(overlap, dtype=torch.bool)
    for person in range(len(people)):
        best = overlap[person].topk(min(CANDIDATES, len(open_cells))).values
        number = max(int(best.sum()), 1)
        taken[person, cost[person].topk(min(number, len(open_cells)), largest=False).indices] = True
    # A cell that several people want answers for the one it costs least.
    cheapest = torch.where(taken, cost, torch.inf).argmin(0)
    chosen = torch.where(taken.any(0))[0]
    cells, whom = open_cells[chosen], cheapest[chosen]
    counted[cells] = True
    return Assignment(cells, whom, overlap[whom, chosen], counted.float())


def detector_loss(output: tuple[torch.Tensor, torch.Tensor, torch.Tensor], batch: SceneBatch) -> torch.Tensor:
    """Scalar loss of one batch.

    Args:
        output: Boxes ``(N, M, 4)``, presence ``(N, M)`` and person logits ``(N, M)`` of the network.
        batch: What it saw.
    """
    boxes, presence, person = (part.float() for part in output)
    height, width = batch.images.shape[2:]
    scores = (torch.sigmoid(presence) * torch.sigmoid(person)).detach()
    fit = alike = there = boxes.new_zeros(())
    found = 0
    for row, (people, unsure) in enumerate(zip(batch.people, batch.unsure, strict=True)):
        given = assign(boxes[row].detach(), scores[row], people, unsure, height=height, width=width)
        target = torch.zeros_like(presence[row])
        target[given.cells] = 1.0
        losses = functional.binary_cross_entropy_with_logits(presence[row], target, reduction="none")
        there = there + (losses * given.counted).sum()
        if len(given.cells):
            overlap = pair_iou(boxes[row, given.cells], people[given.people])
            fit = fit + (1 - overlap**2).sum()
            alike = alike + functional.binary_cross_entropy_with_logits(
                person[row, given.cells], given.overlap, reduction="sum"
            )
            found += len(given.cells)
    return (BOX_WEIGHT * fit + alike + there) / max(found, 1)


def _inside(centres: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Which centres ``(M, 2)`` lie in which boxes ``(K, 4)``: ``(K, M)``."""
    return ((centres[None] >= boxes[:, None, :2]) & (centres[None] <= boxes[:, None, 2:])).all(-1)
