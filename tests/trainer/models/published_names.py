"""What a network's weights are called and how large they are, as a short text to hold against published ones.

Reference files in ``tests/golden/`` hold one line for each tensor of a published state dict (``conv1.weight
64x3x7x7``), sorted and compressed, because the largest have two thousand lines. Their first line says where they come
from.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

GOLDEN = Path(__file__).parents[2] / "golden"


def tensor_lines(model: nn.Module) -> list[str]:
    """One line a tensor of the state dict, sorted; the counters of batches are left out (old files lack them)."""
    return lines_of(
        {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    )


def lines_of(tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """One line a tensor, sorted."""
    return sorted(f"{name} {'x'.join(map(str, value.shape))}" for name, value in tensors.items())


def read_golden(name: str) -> list[str]:
    """The lines of ``tests/golden/<name>.txt.gz`` without the first."""
    with gzip.open(GOLDEN / f"{name}.txt.gz", "rt") as file:
        return file.read().splitlines()[1:]


def write_golden(name: str, origin: str, lines: list[str]) -> None:
    """Used once, by hand, with the state dict of the published implementation."""
    with (GOLDEN / f"{name}.txt.gz").open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        file.write("\n".join([f"# {origin}", *lines, ""]).encode())
