"""The moving average moves as it says."""

import pytest
import torch
from torch import nn

from trainer.moving_average import moving_average


def test_the_average_remembers_little_at_first_and_more_later() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = moving_average(model, decay=0.9)
    nn.init.ones_(model.weight)
    expected = 0.0
    for step in range(1, 200):
        average.update_parameters(model)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        assert float(average.module.weight) == pytest.approx(expected, abs=1e-5)
    assert expected > 0.999


def test_statistics_are_averaged_counters_copied_and_the_average_never_trains() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average = moving_average(model)
    for _ in range(3):
        model(torch.randn(4, 3) + 5)
        average.update_parameters(model)
    assert int(average.module[1].num_batches_tracked) == int(model[1].num_batches_tracked) == 3
    assert not torch.equal(average.module[1].running_mean, model[1].running_mean)
    assert not average.module.training
    assert not any(parameter.requires_grad for parameter in average.module.parameters())
