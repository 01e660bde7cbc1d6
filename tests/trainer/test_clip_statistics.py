"""Pictures between clips train a network and leave its running statistics to the clips."""

import pytest
import torch
from torch import nn

from trainer.clip_statistics import statistics_of_clips
from trainer.inputs.batch import MISSING, Batch
from trainer.task import Task


class Small(nn.Module):
    """Pictures or clips → a score, behind a batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.norm(pixels.float().flatten(1, -2).mean(1))


def batch(*shape: int, value: int) -> Batch:
    pixels = torch.full(shape, value, dtype=torch.uint8)
    pixels[0] += 2
    labels = torch.full((shape[0],), MISSING)
    return Batch(pixels, labels, torch.full((shape[0], 4), float("nan")), torch.full((shape[0], 16, 2), -1.0))


def test_only_clips_change_the_running_statistics() -> None:
    network = Small()
    task = statistics_of_clips(Task(network, lambda model, given: model(given.pixels).square().sum(), lambda *_: None))
    before = network.norm.running_mean.clone()
    value = task.loss(network, batch(2, 4, 4, 3, value=100))
    value.backward()
    assert network.norm.weight.grad is not None  # the pictures teach
    assert torch.equal(network.norm.running_mean, before)
    assert value.item() == pytest.approx(6.0, rel=1e-3)  # normalised by their own batch: ±1 in three channels
    task.loss(network, batch(2, 2, 4, 4, 3, value=50))
    assert network.norm.running_mean.tolist() == pytest.approx([0.1 * 51] * 3)
    assert network.norm.momentum == 0.1
