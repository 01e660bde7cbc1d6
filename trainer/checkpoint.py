"""Save and resume a training: model, its moving average, optimiser and step, written under a temporary name and
renamed.
"""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import nn


class MovingAverage:
    """Exponential moving average of a network's weights, which generalises better than the last step's.

    Early steps use a shorter memory, so that the average does not hold the initial weights for long.
    """

    def __init__(self, model: nn.Module, *, decay: float = 0.999) -> None:
        self.model, self.decay, self.steps = deepcopy(model).eval().requires_grad_(False), decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move toward the model's present weights; integer buffers are copied."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for average, value in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(value.detach(), 1 - decay)
            else:
                average.copy_(value)


def save_checkpoint(
    path: Path, *, model: nn.Module, average: MovingAverage, optimizer: torch.optim.Optimizer, step: int
) -> None:
    """Write everything that a resumed training needs."""
    state = {
        "model": model.state_dict(),
        "average": average.model.state_dict(),
        "average_steps": average.steps,
        "optimizer": optimizer.state_dict(),
        "step": step,
        "random": torch.get_rng_state(),  # dropout then draws what it would have drawn
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load_checkpoint(path: Path, *, model: nn.Module, average: MovingAverage, optimizer: torch.optim.Optimizer) -> int:
    """Restore what `save_checkpoint` wrote, in place, and return the step. Only tensors and plain values are read, no
    code.
    """
    state: Mapping[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    model.load_state_dict(state["model"])
    average.model.load_state_dict(state["average"])
    average.steps = state["average_steps"]
    optimizer.load_state_dict(state["optimizer"])
    if "random" in state:
        torch.set_rng_state(state["random"])
    return int(state["step"])
