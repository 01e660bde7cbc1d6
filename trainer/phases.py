"""Train a network in phases, each with its own optimiser and schedule: paper E learns poses, then actions while the
pose layers are frozen, then both.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainer.clip_statistics import batch_norms, statistics_of_clips
from trainer.inputs.batch import Batch
from trainer.loop import Course, train
from trainer.models.pose_action_pyramid import PoseActionPyramid
from trainer.recipe_fields import Record
from trainer.task import Task

Learns = Literal["poses", "actions", "both"]
_ACTING = (".action.", ".action_heads.", "clip_residuals.")  # in names of parameters: what no pose is told by


class PhaseSettings(Record):
    """A part of the training, which goes on from the weights of the part before.

    Attributes:
        learns: Poses alone, actions alone with everything that says poses held as it is, or both.
        epochs: Each of as many steps as one of the training.
        rate: The highest learning rate; left out, that of the training.
        decouple: From here on each block's actions are told by copies of what says its poses (paper E, 3.3.4).
    """

    learns: Learns
    epochs: Annotated[int, Field(ge=1)]
    rate: Annotated[float, Field(gt=0, le=1)] | None = None
    decouple: bool = False


def first_checkpoint(folder: Path) -> Path:
    """The checkpoint of the first phase of a training whose work lies in a folder."""
    return _checkpoint(folder, 1)


def fit_phases(
    task: Task,
    phases: tuple[PhaseSettings, ...],
    course: Course,
    folder: Path,
    *,
    device: torch.device,
    draw: Mapping[Learns, Callable[[int], Batch]],
    check: Callable[[nn.Module], dict[str, float]],
) -> nn.Module:
    """Run the loop for each phase; a stopped training goes on in the phase where it was.

    Args:
        task: Of system E.
        phases: In order.
        course: Of the whole training; each phase takes its own steps and rate, and the schedule over these steps.
        folder: A folder for each phase is made in it.
        device: Where it runs.
        draw: The batch of a step, by what is learnt.
        check: Figures of the network's actions, for the log.

    Raises:
        DivergenceError: The training diverged.
    """
    network = task.network
    assert isinstance(network, PoseActionPyramid)
    done = 0
    for number, phase in enumerate(phases, 1):
        if phase.decouple:
            network.decouple()
        _let_learn(network, phase.learns)
        steps = phase.epochs * course.save_every
        learnt = statistics_of_clips(task) if phase.learns == "both" else task
        outcome = train(
            network,
            _checkpoint(folder, number),
            replace(course, name=f"{course.name} phase {number}", steps=steps, rate=phase.rate or course.rate),
            device=device,
            draw=lambda wanted, drawn=draw[phase.learns], done=done: (drawn(done + step) for step in wanted),
            loss=lambda model, batch, learnt=learnt: _loss(learnt, model, batch.to(device)),
            check=None if phase.learns == "poses" else check,
        )
        network.load_state_dict(outcome.state_dict())
        done += steps
    return network.requires_grad_(True).eval().cpu()


def _checkpoint(folder: Path, number: int) -> Path:
    return folder / f"phase_{number}" / "checkpoint.safetensors"


def _let_learn(network: nn.Module, learns: Learns) -> None:
    for name, parameter in network.named_parameters():
        acts = any(part in name for part in _ACTING)
        parameter.requires_grad_(learns == "both" or acts == (learns == "actions"))


def _loss(task: Task, model: nn.Module, batch: Batch) -> torch.Tensor:
    """Compute the task's loss with the batch statistics of frozen layers kept as they are."""
    for layer in batch_norms(task.network):
        if not layer.weight.requires_grad:
            layer.eval()
    return task.loss(model, batch)
