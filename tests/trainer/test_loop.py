"""The training loop: goes on where it stopped, and says what is wrong where it cannot."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from trainer.loop import Course, train

CPU = torch.device("cpu")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 1))


def draw(steps: range) -> Iterator[torch.Tensor]:
    for step in steps:
        yield torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(step))


def loss(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return (model(batch) - batch.mean((1, 2, 3))[:, None]).square().mean()


def run(path: Path, steps: int, **course: float) -> nn.Sequential:
    plan = Course("toy", steps, **{"rate": 0.01, "save_every": 2, "check_every": 4, **course})  # type: ignore[arg-type]
    return train(network(), path, plan, device=CPU, draw=draw, loss=loss, check=lambda model: {"worst": score(model)})


def score(model: nn.Module) -> float:
    """Of what training has not seen; the averaged network comes in evaluation mode."""
    assert not model.training
    with torch.no_grad():
        return loss(model, next(draw(range(999, 1000)))).item()


def test_an_interrupted_training_ends_where_the_uninterrupted_one_does(tmp_path: Path) -> None:
    def broken(steps: range) -> Iterator[torch.Tensor]:
        for step, batch in zip(steps, draw(steps), strict=True):
            if step == 5:  # after the checkpoint of step 4, so that one step is done again
                raise KeyboardInterrupt
            yield batch

    whole = run(tmp_path / "whole.pt", 8).state_dict()
    course = Course("toy", 8, rate=0.01, save_every=2)
    with pytest.raises(KeyboardInterrupt):
        train(network(), tmp_path / "parts.pt", course, device=CPU, draw=broken, loss=loss)
    resumed = run(tmp_path / "parts.pt", 8).state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    untrained = network().state_dict()
    assert not torch.equal(whole["0.weight"], untrained["0.weight"])


def test_a_finished_training_trains_no_more(tmp_path: Path) -> None:
    path = tmp_path / "toy.pt"
    first = run(path, 4).state_dict()
    before = path.read_bytes()
    again = run(path, 4).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert path.read_bytes() == before


def test_it_learns_and_logs_means_over_the_steps_that_it_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[float] = []

    def noted(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        value = loss(model, batch)
        seen.append(value.item())
        return value

    course = Course("toy", 5, rate=0.01, save_every=4, check_every=4)
    train(network(), tmp_path / "toy.pt", course, device=CPU, draw=draw, loss=noted, check=lambda _: {"worst": 0.5})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["toy step"], line["of"], line["check"]) for line in lines] == [
        (4, 5, {"worst": 0.5}),
        (5, 5, {"worst": 0.5}),
    ]
    assert lines[0]["loss"] == pytest.approx(sum(seen[:4]) / 4, abs=1e-4)
    assert lines[1]["loss"] == pytest.approx(seen[4], abs=1e-4)  # the last interval is one step long
    assert score(run(tmp_path / "long.pt", 400, rate=0.05, save_every=400, check_every=400)) < 0.5 * seen[0]


def test_a_training_that_diverges_says_which_rate_to_lower_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "toy.pt"
    run(path, 2)
    before = path.read_bytes()

    def infinite(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return loss(model, batch) * float("nan")

    course = Course("toy", 4, rate=0.0625, save_every=1)
    message = re.escape("loss of toy is nan at step 2; lower its rate (0.0625)")
    with pytest.raises(FloatingPointError, match=message):
        train(network(), path, course, device=CPU, draw=draw, loss=infinite)
    assert path.read_bytes() == before
