"""Exponential moving average of a network's weights, which generalises better than the last step's."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def moving_average(model: nn.Module, *, decay: float = 0.999) -> AveragedModel:
    """The average of a network, at first its present weights; ``.module`` is the averaged network, in evaluation mode.

    Early steps use a shorter memory, so that the average does not hold the initial weights for long. Batch statistics
    are averaged like weights; counters are copied.

    Args:
        model: The network; `AveragedModel.update_parameters` is called with it after each step.
        decay: Memory of later steps.
    """

    def update(averages: list[Tensor], values: list[Tensor], updates: Tensor | int) -> None:
        count = int(updates)
        present = min(decay, (1 + count) / (10 + count))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - present)
            else:
                average.copy_(value)

    averaged = AveragedModel(model, multi_avg_fn=torch.no_grad()(update), use_buffers=True)
    averaged.n_averaged.fill_(1)  # the initial weights are the first that count; torch would forget them
    return averaged.eval().requires_grad_(False)
