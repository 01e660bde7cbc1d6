"""A task: the network, the loss and the answers of one system; the loop and the data are the same for all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from trainer.inputs.batch import Batch


@dataclass(frozen=True, slots=True)
class Task:
    """One system's training; `trainer.loop.train` is given its batches (``draw``) and its score (``check``) beside it.

    Attributes:
        network: What is trained.
        loss: Of the network and a batch: a scalar.
        answers: Probabilities of the actions of a batch, ``(N, A)``.
    """

    network: nn.Module
    loss: Callable[[nn.Module, Batch], torch.Tensor]
    answers: Callable[[nn.Module, Batch], torch.Tensor]
