"""Batch normalisation of networks that see clips and pictures in turns, and are used on clips."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from trainer.inputs.batch import Batch
from trainer.task import Task

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
_CLIP_AXES = 5  # (N, T, H, W, 3)


def statistics_of_clips(task: Task) -> Task:
    """Return the task with a loss whose batches of pictures do not change the running statistics; clips do.

    A batch of pictures is normalised by itself, as in any training. Were it to enter the running statistics too, these
    would lie between those of pictures and of clips and fit neither: a small network of paper E, which calls 95 % of
    its training clips right by the clips' statistics, called 27 % of them right by the mixed ones.
    """

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        if batch.pixels.ndim == _CLIP_AXES:
            return task.loss(model, batch)
        with _kept_statistics(model):
            return task.loss(model, batch)

    return Task(task.network, loss, task.answers)


def batch_norms(model: nn.Module) -> list[BatchNorm]:
    """List the batch normalisation layers of a network."""
    return [module for module in model.modules() if isinstance(module, BatchNorm)]


@contextmanager
def _kept_statistics(model: nn.Module) -> Iterator[None]:
    """Keep running statistics unchanged by setting the momentum of batch normalisation to 0."""
    layers = batch_norms(model)
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
