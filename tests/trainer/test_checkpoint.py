"""What is saved comes back, in this layout and in the one of before; what is damaged or another's is refused."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

from edgeact.errors import CheckpointError
from trainer.checkpoint import TrainingState, find_checkpoint, load_checkpoint, save_checkpoint
from trainer.moving_average import moving_average
from trainer.optimizers import Adam, AdamW, RmsProp, Sgd, make_optimizer

KINDS = (AdamW(), Adam(betas=(0.8, 0.99)), Sgd(), RmsProp(momentum=0.5))


def trained(steps: int, kind: AdamW | Adam | Sgd | RmsProp = AdamW(), *, outputs: int = 2) -> TrainingState:  # noqa: B008
    torch.manual_seed(steps)
    model = nn.Sequential(nn.Conv2d(3, outputs, 1), nn.BatchNorm2d(outputs)).to(memory_format=torch.channels_last)
    state = TrainingState(
        model,
        moving_average(model),
        make_optimizer(kind, model.parameters(), rate=0.1, weight_decay=0.1),
        settings={"optimizer": kind.kind},
    )
    for _ in range(steps):
        step(state)
    return state


def step(state: TrainingState) -> None:
    state.optimizer.zero_grad()
    state.model(torch.randn(4, 3, 2, 2)).square().sum().backward()
    state.optimizer.step()
    state.average.update_parameters(state.model)
    state.step += 1


def weights(state: TrainingState) -> list[torch.Tensor]:
    return [*state.model.state_dict().values(), *state.average.state_dict().values()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_what_is_restored_goes_on_as_if_it_had_never_stopped(
    tmp_path: Path, kind: AdamW | Adam | Sgd | RmsProp
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    state = trained(5, kind)
    state.best, state.since_best = 0.1 + 0.2, 2
    save_checkpoint(path, state)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]  # no half file beside it
    drawn = (random.random(), float(np.random.rand()), float(torch.rand(())))
    other = trained(0, kind)
    load_checkpoint(path, other)
    assert (other.step, other.best, other.since_best) == (5, 0.1 + 0.2, 2)
    assert (random.random(), float(np.random.rand()), float(torch.rand(()))) == drawn
    for present in (state, other):
        torch.manual_seed(9)
        step(present)
    assert all(torch.equal(value, found) for value, found in zip(weights(state), weights(other), strict=True))


def test_a_checkpoint_of_before_is_still_read(tmp_path: Path) -> None:
    """A training that an older edgeact began is finished by this one, under the new name."""
    state, path = trained(5), tmp_path / "checkpoint.safetensors"
    old = {
        "model": state.model.state_dict(),
        "average": state.average.module.state_dict(),
        "average_steps": 5,
        "optimizer": state.optimizer.state_dict(),
        "step": 5,
        "random": torch.get_rng_state(),
    }
    torch.save(old, tmp_path / "checkpoint.pt")
    assert find_checkpoint(path) == tmp_path / "checkpoint.pt"
    other = trained(0)
    load_checkpoint(tmp_path / "checkpoint.pt", other)
    for present in (state, other):
        torch.set_rng_state(old["random"])
        step(present)
    assert all(torch.equal(value, found) for value, found in zip(weights(state), weights(other), strict=True))
    save_checkpoint(path, other)
    assert find_checkpoint(path) == path


def test_tensors_are_safetensors_and_the_rest_is_json(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, trained(1))
    with safe_open(path, framework="np") as file:
        assert '"step": 1' in file.metadata()["edgeact"]
        assert "optimizer.0.exp_avg" in file.keys()  # noqa: SIM118 - it is no mapping


def test_a_broken_off_write_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, trained(2))
    (tmp_path / f".{path.name}.partial").write_bytes(b"half of a checkpoint")
    state = trained(0)
    load_checkpoint(path, state)
    assert state.step == 2


@pytest.mark.parametrize("content", [b"", b"half of a checkpoint", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"no checkpoint that can be read.*remove it to train anew"):
        load_checkpoint(path, trained(0))


def test_a_checkpoint_of_another_network_or_optimiser_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, trained(1))
    with pytest.raises(CheckpointError, match=r"belongs to another network.*size mismatch"):
        load_checkpoint(path, trained(0, outputs=3))
    with pytest.raises(CheckpointError, match=r"made with optimizer adamw, this training has optimizer sgd"):
        load_checkpoint(path, trained(0, Sgd()))


def test_a_checkpoint_that_holds_other_objects_is_refused(tmp_path: Path) -> None:
    """Unpickling an object could run code; only tensors and plain values are read."""
    path = tmp_path / "checkpoint.pt"
    torch.save({"model": tmp_path}, path)
    with pytest.raises(Exception, match="Weights only load failed"):
        load_checkpoint(path, trained(0))
