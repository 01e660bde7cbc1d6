"""The training loop: goes on where it stopped, and says what is wrong where it cannot."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from edgeact.errors import DivergenceError
from trainer.loop import Course, train
from trainer.optimizers import Adam, AdamW, RmsProp, Sgd
from trainer.schedule import ConstantSchedule, CosineSchedule

CPU = torch.device("cpu")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1), nn.Dropout(0.2), nn.Flatten(), nn.Linear(16, 1)
    )


def draw(steps: range) -> Iterator[torch.Tensor]:
    for step in steps:
        yield torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(step))


def loss(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return (model(batch) - batch.mean((1, 2, 3))[:, None]).square().mean()


def run(
    path: Path,
    steps: int,
    *,
    use: Callable[[nn.Sequential, torch.Tensor], torch.Tensor] = loss,
    check: Callable[[nn.Sequential], dict[str, float]] = lambda model: {"worst": score(model)},
    **course: Any,
) -> nn.Sequential:
    plain = Course("toy", steps, **{"rate": 0.01, "save_every": 2, "check_every": 4, **course})
    return train(network(), path, plain, device=CPU, draw=draw, loss=use, check=check)


def score(model: nn.Module) -> float:
    """Of what training has not seen; the averaged network comes in evaluation mode."""
    assert not model.training
    with torch.no_grad():
        return loss(model, next(draw(range(999, 1000)))).item()


KINDS = (AdamW(), Adam(), Sgd(), RmsProp())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_training_killed_at_any_step_ends_where_the_unbroken_one_does(
    tmp_path: Path, kind: AdamW | Adam | Sgd | RmsProp
) -> None:
    """Dropout included; killed between two checkpoints, in the middle of a step, twice in a row."""
    settings = {"optimizer": kind, "schedule": CosineSchedule(warm_up=3), "rate": 0.002}
    whole = run(tmp_path / "whole" / "toy.safetensors", 8, **settings).state_dict()
    path = tmp_path / "parts" / "toy.safetensors"
    for killed in range(8):  # each goes on where the one before left its checkpoint

        def broken(model: nn.Module, batch: torch.Tensor, last: int = killed) -> torch.Tensor:
            if int(model[1].num_batches_tracked) == last:
                raise KeyboardInterrupt
            return loss(model, batch)

        with pytest.raises(KeyboardInterrupt):
            run(path, 8, use=broken, **settings)
    resumed = run(path, 8, **settings).state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    assert not torch.equal(whole["0.weight"], network().state_dict()["0.weight"])
    logs = [(folder / "log.jsonl").read_text().splitlines() for folder in (path.parent, tmp_path / "whole")]
    assert [json.loads(line)["step"] for line in logs[0]] == [json.loads(line)["step"] for line in logs[1]]


def test_losses_and_weights_are_those_of_the_loop_written_out(tmp_path: Path) -> None:
    """The loop of before, by hand: AdamW, clipped gradients, warm-up and cosine, an average with a growing memory."""
    losses: list[float] = []

    def noted(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        value = loss(model, batch)
        losses.append(value.item())
        return value

    found = run(tmp_path / "toy.safetensors", 6, use=noted).state_dict()
    model = network().to(memory_format=torch.channels_last)
    average = network().state_dict()
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.02},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups)
    for step, batch in enumerate(draw(range(6))):
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (step + 1) / 200
        optimizer.zero_grad()
        value = loss(model, batch)
        assert value.item() == losses[step]
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        decay = min(0.999, (2 + step) / (11 + step))
        for name, present in model.state_dict().items():
            if present.is_floating_point():
                average[name].lerp_(present, 1 - decay)
            else:
                average[name].copy_(present)
    assert all(torch.equal(value, found[name]) for name, value in average.items())


def test_the_best_network_is_kept_and_a_training_that_gets_no_better_ends(tmp_path: Path) -> None:
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    seen: list[dict[str, torch.Tensor]] = []

    def check(model: nn.Module) -> dict[str, float]:
        seen.append({name: value.clone() for name, value in model.state_dict().items()})
        return {"score": next(scores)}

    path = tmp_path / "toy.safetensors"
    settings = {"save_every": 1, "check_every": 1, "best_by": "score", "patience": 2}
    best = run(path, 8, check=check, **settings).state_dict()
    assert len(seen) == 4
    assert all(torch.equal(value, best[name]) for name, value in seen[1].items())
    again = run(path, 8, check=check, **settings).state_dict()  # it is over, and says the same
    assert len(seen) == 4
    assert all(torch.equal(value, again[name]) for name, value in best.items())


def test_without_an_average_the_network_itself_comes_out(tmp_path: Path) -> None:
    plain = run(tmp_path / "plain" / "toy.safetensors", 3, average_decay=None, rate=0.5).state_dict()
    averaged = run(tmp_path / "averaged" / "toy.safetensors", 3, rate=0.5).state_dict()
    assert int(plain["1.num_batches_tracked"]) == 3
    assert not torch.equal(plain["0.weight"], averaged["0.weight"])


def test_the_deterministic_switch_holds_while_it_trains(tmp_path: Path) -> None:
    def noted(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        assert torch.are_deterministic_algorithms_enabled()
        return loss(model, batch)

    run(tmp_path / "toy.safetensors", 1, use=noted, deterministic=True)
    assert not torch.are_deterministic_algorithms_enabled()


def test_gradients_are_clipped_to_the_norm_and_only_where_there_is_one(tmp_path: Path) -> None:
    def steep(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return 100 * loss(model, batch)

    def moved(name: str, norm: float | None) -> float:
        settings = {"optimizer": Sgd(), "schedule": ConstantSchedule(), "rate": 1e-4, "average_decay": None}
        found = run(tmp_path / name / "toy.safetensors", 1, use=steep, clip_norm=norm, weight_decay=0.0, **settings)
        start = dict(network().named_parameters())
        squares = [(value - start[name]).detach().square().sum() for name, value in found.named_parameters()]
        return float(torch.stack(squares).sum().sqrt())

    assert moved("clipped", 0.5) == pytest.approx(1e-4 * 1.9 * 0.5, rel=1e-3)
    assert moved("free", None) > 10 * moved("again", 0.5)


def test_a_finished_training_trains_no_more(tmp_path: Path) -> None:
    path = tmp_path / "toy.safetensors"
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
    train(
        network(),
        tmp_path / "toy.safetensors",
        course,
        device=CPU,
        draw=draw,
        loss=noted,
        check=lambda _: {"worst": 0.5},
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["toy step"], line["of"], line["check"]) for line in lines] == [
        (4, 5, {"worst": 0.5}),
        (5, 5, {"worst": 0.5}),
    ]
    assert lines[0]["loss"] == pytest.approx(sum(seen[:4]) / 4, abs=1e-4)
    assert lines[1]["loss"] == pytest.approx(seen[4], abs=1e-4)  # the last interval is one step long
    assert score(run(tmp_path / "long.safetensors", 400, rate=0.05, save_every=400, check_every=400)) < 0.5 * seen[0]


def test_a_training_that_diverges_says_which_rate_to_lower_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "toy.safetensors"
    run(path, 2)
    before = path.read_bytes()

    def infinite(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return loss(model, batch) * float("nan")

    course = Course("toy", 4, rate=0.0625, save_every=1)
    message = re.escape("loss of toy is nan at step 2; lower its rate (0.0625)")
    with pytest.raises(DivergenceError, match=message):
        train(network(), path, course, device=CPU, draw=draw, loss=infinite)
    assert path.read_bytes() == before
