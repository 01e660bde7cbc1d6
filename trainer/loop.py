"""The one training loop: draw, step, average, save, say; an interrupted training goes on where it stopped."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import torch
from torch import nn

from trainer.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from trainer.log import log
from trainer.schedule import learning_rate

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Course:
    """How a training runs.

    Attributes:
        name: What the log calls it.
        steps: How many.
        rate: The highest learning rate; warm-up and decay are those of `learning_rate`.
        weight_decay: Of everything that is no bias or scale.
        save_every: Steps between two checkpoints.
        check_every: Steps between two looks at validation data, a multiple of ``save_every``.
    """

    name: str
    steps: int
    rate: float
    weight_decay: float = 0.02
    save_every: int = 100
    check_every: int = 500


def train(
    model: Network,
    checkpoint: Path,
    course: Course,
    *,
    device: torch.device,
    draw: Callable[[range], Iterator[Batch]],
    loss: Callable[[Network, Batch], torch.Tensor],
    check: Callable[[Network], dict[str, float]] | None = None,
) -> Network:
    """Train, or go on from the checkpoint, and return the moving average of the network, on the processor.

    Args:
        model: With the weights that it starts from; a checkpoint's replace them.
        checkpoint: File that the training is kept in.
        course: How long and how fast.
        device: Where it runs.
        draw: The batches of so many steps, each the same whenever it is drawn.
        loss: Of the network in training mode and a batch: a scalar.
        check: Figures of the averaged network for the log.

    Raises:
        FloatingPointError: The training diverged.
    """
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    model = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # of nn.Module, not of Tensor
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": course.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=course.rate)
    average = MovingAverage(model)
    first = load_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer) if checkpoint.exists() else 0
    steps = range(first, course.steps)
    since, total, counted = time.monotonic(), 0.0, first
    for step, batch in zip(steps, draw(steps), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, course.steps, course.rate)
        model.train()
        value = loss(model, batch)
        if not torch.isfinite(value):
            raise FloatingPointError(
                f"loss of {course.name} is {value.item()} at step {step}; lower its rate ({course.rate})"
            )
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(trained, 5.0)
        optimizer.step()
        average.update(model)
        total += value.item()
        done = step + 1
        if done % course.save_every == 0 or done == course.steps:
            save_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer, step=done)
            taken = done - counted  # fewer than `save_every` after a resumption, and at the end
            line: dict[str, object] = {
                f"{course.name} step": done,
                "of": course.steps,
                "loss": round(total / taken, 4),
                "s_per_step": round((time.monotonic() - since) / taken, 2),
            }
            if check is not None and (done % course.check_every == 0 or done == course.steps):
                line["check"] = check(cast("Network", average.model))
            log(**line)
            since, total, counted = time.monotonic(), 0.0, done
    return cast("Network", average.model.cpu())
