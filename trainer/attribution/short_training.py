"""Train a demonstrator with the training loop; nothing of it is kept, since it takes a minute."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import torch
from torch import nn

from trainer.loop import Course, train
from trainer.optimizers import Adam, AdamW
from trainer.schedule import ConstantSchedule, CosineSchedule

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")


def train_shortly(
    network: Network,
    name: str,
    *,
    steps: int,
    rate: float,
    draw: Callable[[], Batch],
    loss: Callable[[Network, Batch], torch.Tensor],
    optimizer: AdamW | Adam = AdamW(),  # noqa: B008 - frozen
    weight_decay: float = 0.05,
    schedule: ConstantSchedule | CosineSchedule = ConstantSchedule(),  # noqa: B008 - frozen
) -> Network:
    """Train on the processor and return the network, no longer in training mode.

    Args:
        network: What is not frozen of it learns.
        name: What the progress bar calls it.
        steps: How many.
        rate: The highest learning rate.
        draw: The next batch.
        loss: Of the network in training mode and a batch: a scalar.
        optimizer: Which one.
        weight_decay: Of everything that is no bias or scale.
        schedule: How the rate changes.

    Raises:
        DivergenceError: The training diverged.
    """
    course = Course(
        name,
        steps,
        rate,
        weight_decay=weight_decay,
        save_every=steps,
        check_every=steps,
        optimizer=optimizer,
        schedule=schedule,
        average_decay=None,
        clip_norm=None,
    )
    with TemporaryDirectory() as folder:
        return train(
            network,
            Path(folder) / "checkpoint.safetensors",
            course,
            device=torch.device("cpu"),
            draw=lambda wanted: (draw() for _ in wanted),
            loss=loss,
            report=lambda **_: None,
        )
