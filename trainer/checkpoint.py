"""Save and resume a training: one safetensors file whose header holds, as JSON, what is no tensor.

The file has the network, its moving average, the optimiser's memory, the state of all random number generators and the
step, from which batches and learning rate follow. It is written under a temporary name and renamed, so that a training
that is killed at any moment finds the last whole one. Older checkpoints (``.pt``, tensors and plain values only) are
still read.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from edgeact.atomic import partial_path, prepare_partial, publish
from edgeact.errors import CheckpointError

_FORMAT = "edgeact.checkpoint.1"
_OLD_SUFFIX = ".pt"


@dataclass(slots=True)
class TrainingState:
    """Everything of a training that changes from step to step.

    Attributes:
        model: The network.
        average: Its moving average; None where none is kept.
        optimizer: With its memory.
        step: How many steps were done.
        best: The best score so far; None before the first.
        since_best: How many checks ago that was.
        settings: What must be the same when the training goes on, such as the optimiser's kind.
    """

    model: nn.Module
    average: AveragedModel | None
    optimizer: torch.optim.Optimizer
    step: int = 0
    best: float | None = None
    since_best: int = 0
    settings: dict[str, str] = field(default_factory=dict)


def find_checkpoint(path: Path) -> Path | None:
    """Where the checkpoint of this name lies, or one of before beside it (``checkpoint.pt``); None where neither is."""
    return next((file for file in (path, path.with_suffix(_OLD_SUFFIX)) if file.exists()), None)


def save_checkpoint(path: Path, state: TrainingState) -> None:
    """Write everything that a resumed training needs.

    Raises:
        OutputError: The file cannot be written.
    """
    optimizer = state.optimizer.state_dict()
    tensors = dict(_named("model", state.model.state_dict()))
    if state.average is not None:
        tensors |= dict(_named("average", state.average.state_dict()))
    memory = {f"{index}.{name}": value for index, kept in optimizer["state"].items() for name, value in kept.items()}
    tensors |= dict(_named("optimizer", {name: value for name, value in memory.items() if torch.is_tensor(value)}))
    tensors |= dict(_named("random", _random_tensors()))
    header = {
        "format": _FORMAT,
        "step": state.step,
        "best": state.best,
        "since_best": state.since_best,
        "settings": state.settings,
        "groups": optimizer["param_groups"],
        "memory": {name: value for name, value in memory.items() if not torch.is_tensor(value)},
        "random": random.getstate(),
    }
    write_tensors(path, tensors, header)


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], header: dict[str, Any]) -> None:
    """Write tensors with a JSON header as one safetensors file, which appears when it is whole.

    Raises:
        OutputError: The file cannot be written.
    """
    prepare_partial(path)
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    save_file(plain, partial_path(path), metadata={"edgeact": json.dumps(header)})
    publish(path)


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """What `write_tensors` wrote: the tensors, on the processor, and the header.

    Raises:
        CheckpointError: The file is damaged, or nothing of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["edgeact"])
            return {name: file.get_tensor(name) for name in file.keys()}, header  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} is no checkpoint that can be read ({' '.join(str(error).split())}); remove it to train anew"
        ) from error


def load_checkpoint(path: Path, state: TrainingState) -> None:
    """Restore in place what `save_checkpoint` wrote there, or what was written before checkpoints were safetensors.

    Raises:
        CheckpointError: The file is damaged, or belongs to another network or another optimiser.
    """
    if path.read_bytes()[:2] == b"PK":
        _load_old(path, state)
        return
    tensors, header = read_tensors(path)
    if header.get("format") != _FORMAT or header["settings"] != state.settings:
        raise CheckpointError(
            f"{path} was made with {_listed(header.get('settings', {}))}, this training has {_listed(state.settings)}; "
            "remove it to train anew, or train in another folder"
        )
    groups, own = header["groups"], state.optimizer.state_dict()["param_groups"]
    memory: dict[int, dict[str, Any]] = {}
    for name, value in (*_below("optimizer", tensors).items(), *header["memory"].items()):
        index, _, key = name.partition(".")
        memory.setdefault(int(index), {})[key] = value
    try:
        state.model.load_state_dict(_below("model", tensors))
        if state.average is not None:
            state.average.load_state_dict(_below("average", tensors))
        # Tuples became lists in JSON; what the optimiser has now says which.
        for group, like in zip(groups, own, strict=True):
            group.update({key: tuple(group[key]) for key, value in like.items() if isinstance(value, tuple)})
        state.optimizer.load_state_dict({"state": memory, "param_groups": groups})
    except (RuntimeError, ValueError, KeyError) as error:
        raise _other_network(path, error) from error
    _keep_layout(state.optimizer)
    state.step, state.best, state.since_best = header["step"], header["best"], header["since_best"]
    _restore_random(_below("random", tensors), header["random"])


def _load_old(path: Path, state: TrainingState) -> None:
    """A checkpoint of before: only tensors and plain values are read, no code."""
    old = torch.load(path, weights_only=True, map_location="cpu")
    try:
        state.model.load_state_dict(old["model"])
        if state.average is not None:
            state.average.module.load_state_dict(old["average"])
            state.average.n_averaged.fill_(old["average_steps"] + 1)
        state.optimizer.load_state_dict(old["optimizer"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise _other_network(path, error) from error
    if "random" in old:
        torch.set_rng_state(old["random"])
    state.step = int(old["step"])


def _other_network(path: Path, error: Exception) -> CheckpointError:
    reason = " ".join(str(error).split())[:300]
    return CheckpointError(
        f"{path} belongs to another network ({reason}); remove it to train anew, or train in another folder"
    )


def _keep_layout(optimizer: torch.optim.Optimizer) -> None:
    """Lay the optimiser's memory out as its weights are (channels last): another order would round otherwise."""
    for weight, kept in optimizer.state.items():
        for name, value in kept.items():
            if torch.is_tensor(value) and value.shape == weight.shape:
                kept[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def _random_tensors() -> dict[str, torch.Tensor]:
    _, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)
    state = {
        "torch": torch.get_rng_state(),
        "numpy": torch.from_numpy(np.asarray(keys, np.int64)),
        "numpy_place": torch.tensor([place, has_gauss]),
        "numpy_gauss": torch.tensor([gauss], dtype=torch.float64),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _restore_random(tensors: dict[str, torch.Tensor], plain: list[Any]) -> None:
    torch.set_rng_state(tensors["torch"])
    place, has_gauss = (int(value) for value in tensors["numpy_place"])
    keys = tensors["numpy"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", keys, place, has_gauss, float(tensors["numpy_gauss"])))
    random.setstate((plain[0], tuple(plain[1]), plain[2]))
    if "cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda"])


def _named(prefix: str, tensors: dict[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    return ((f"{prefix}.{name}", value) for name, value in tensors.items())


def _below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}


def _listed(settings: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "settings of another version"
