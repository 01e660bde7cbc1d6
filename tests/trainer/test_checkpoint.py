"""What is saved comes back, and the moving average moves as it says."""

from pathlib import Path

import pytest
import torch
from torch import nn

from trainer.checkpoint import MovingAverage, load_checkpoint, save_checkpoint


def trained(steps: int) -> tuple[nn.Module, MovingAverage, torch.optim.Optimizer]:
    torch.manual_seed(steps)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average, optimizer = MovingAverage(model), torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
        average.update(model)
    return model, average, optimizer


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    model, average, optimizer = trained(5)
    save_checkpoint(path, model=model, average=average, optimizer=optimizer, step=5)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]  # no half file beside it
    other, other_average, other_optimizer = trained(0)
    assert load_checkpoint(path, model=other, average=other_average, optimizer=other_optimizer) == 5
    for wanted, found in ((model, other), (average.model, other_average.model)):
        assert all(torch.equal(value, found.state_dict()[name]) for name, value in wanted.state_dict().items())
    assert other_average.steps == 5
    wanted_state, found_state = optimizer.state_dict()["state"], other_optimizer.state_dict()["state"]
    assert all(torch.equal(wanted_state[key]["exp_avg"], found_state[key]["exp_avg"]) for key in wanted_state)


def test_a_broken_off_write_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    model, average, optimizer = trained(2)
    save_checkpoint(path, model=model, average=average, optimizer=optimizer, step=2)
    path.with_suffix(".partial").write_bytes(b"half of a checkpoint")
    assert load_checkpoint(path, model=model, average=average, optimizer=optimizer) == 2


def test_a_checkpoint_that_holds_other_objects_is_refused(tmp_path: Path) -> None:
    """Unpickling an object could run code; only tensors and plain values are read."""
    path = tmp_path / "checkpoint.pt"
    model, average, optimizer = trained(0)
    torch.save({"model": tmp_path}, path)
    with pytest.raises(Exception, match="Weights only load failed"):
        load_checkpoint(path, model=model, average=average, optimizer=optimizer)


def test_the_average_remembers_little_at_first_and_more_later() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = MovingAverage(model, decay=0.9)
    nn.init.ones_(model.weight)
    expected = 0.0
    for step in range(1, 200):
        average.update(model)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        assert float(average.model.weight) == pytest.approx(expected, abs=1e-5)
    assert expected > 0.999


def test_counters_are_copied_and_the_average_never_trains() -> None:
    model, average, _ = trained(3)
    assert int(average.model[1].num_batches_tracked) == int(model[1].num_batches_tracked) == 3
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
