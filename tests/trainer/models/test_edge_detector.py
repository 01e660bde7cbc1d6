"""Peaks to boxes."""

import torch

from trainer.models.edge_detector import MAXIMUM_BOXES, STRIDE, EdgeDetector, cell_boxes, decode


def maps() -> tuple[torch.Tensor, torch.Tensor]:
    centre = torch.full((1, 1, 32, 52), -8.0)
    centre[0, 0, 10, 20], centre[0, 0, 10, 21] = 3.0, 2.0  # neighbours: one person
    centre[0, 0, 25, 5] = 1.0
    return centre, torch.full((1, 4, 32, 52), 10.0)


def test_a_cell_speaks_of_the_box_around_its_centre() -> None:
    distance = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1).expand(1, 4, 2, 3)
    x, y = 1.5 * STRIDE - 0.5, 0.5 * STRIDE - 0.5
    assert cell_boxes(distance)[0, 1].tolist() == [x - 1, y - 2, x + 3, y + 4]


def test_only_peaks_become_boxes_and_the_rest_is_zero() -> None:
    boxes, scores = decode(*maps())
    assert boxes.shape == (1, MAXIMUM_BOXES, 4)
    assert scores[0, :2].tolist() == torch.sigmoid(torch.tensor([3.0, 1.0])).tolist()
    assert not scores[0, 2:].any()
    assert not boxes[0, 2:].any()
    x, y = 20.5 * STRIDE - 0.5, 10.5 * STRIDE - 0.5
    assert boxes[0, 0].tolist() == [x - 10, y - 10, x + 10, y + 10]


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    model = EdgeDetector().train()
    centre, distance = model(torch.randn(2, 3, 96, 160))
    assert centre.shape == (2, 1, 12, 20)
    ((centre * torch.randn_like(centre)).sum() + (distance.log() * torch.randn_like(distance)).sum()).backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    # The level of stride 4 is not read here.
    assert without == []
