"""The one training loop: draw, step, average, save, say; an interrupted training goes on where it stopped.

A task gives the network, the batches, the loss and the score; everything else is the same for all of them. A training
that was killed at any step and is started again ends with the same weights on the same machine, with the same number of
threads: batches follow from the step, and the checkpoint has the rest. Several processes that ``torchrun`` starts share
every batch (`trainer.parallel`); the first one alone writes and says what there is.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import torch
from torch import nn

from edgeact.errors import DivergenceError
from trainer.checkpoint import (
    TrainingState,
    find_checkpoint,
    load_checkpoint,
    read_tensors,
    save_checkpoint,
    write_tensors,
)
from trainer.half_precision import half_where_native
from trainer.log import log
from trainer.moving_average import moving_average
from trainer.optimizers import Adam, AdamW, RmsProp, Sgd, make_optimizer
from trainer.parallel import (
    Processes,
    join_processes,
    mean_of_processes,
    own_share,
    said_by_the_first,
    shared_loss,
)
from trainer.schedule import ConstantSchedule, CosineSchedule, StepSchedule, learning_rate
from trainer.training_log import TrainingLog, with_bar

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")

_BEST_FILE, _LOG_FILE = "best.safetensors", "log.jsonl"


@dataclass(frozen=True, slots=True)
class Course:
    """How a training runs.

    Attributes:
        name: What the log calls it.
        steps: How many.
        rate: The highest learning rate.
        weight_decay: Of everything that is no bias or scale.
        save_every: Steps between two checkpoints.
        check_every: Steps between two looks at validation data, a multiple of ``save_every``.
        optimizer: Which one.
        schedule: How the rate changes.
        average_decay: Memory of the moving average; None keeps none, and the network itself is the outcome.
        clip_norm: The largest norm of the gradient; None does not limit it.
        best_by: The figure of the checks, the higher the better, whose best network is kept and is the outcome; None
            takes the last network.
        patience: With ``best_by``, the training ends after so many checks in a row without a better one; None does all
            steps.
        mixed_precision: Whether the loss is computed in bfloat16 where the device multiplies it.
        deterministic: Whether operations that give other sums from run to run are refused (on a GPU).
        channels_last: Whether weights of convolutions of pictures lie with their channels last, which is faster for
            most networks.
    """

    name: str
    steps: int
    rate: float
    weight_decay: float = 0.02
    save_every: int = 100
    check_every: int = 500
    optimizer: AdamW | Adam | Sgd | RmsProp = AdamW()  # noqa: RUF009 - frozen
    schedule: CosineSchedule | StepSchedule | ConstantSchedule = CosineSchedule()  # noqa: RUF009 - frozen
    average_decay: float | None = 0.999
    clip_norm: float | None = 5.0
    best_by: str | None = None
    patience: int | None = None
    mixed_precision: bool = False
    deterministic: bool = False
    channels_last: bool = True


def train(
    model: Network,
    checkpoint: Path,
    course: Course,
    *,
    device: torch.device,
    draw: Callable[[range], Iterator[Batch]],
    loss: Callable[[Network, Batch], torch.Tensor],
    check: Callable[[Network], dict[str, float]] | None = None,
    report: Callable[..., None] = log,
) -> Network:
    """Train, or go on from the checkpoint, and return the moving average of the network, on the processor.

    Args:
        model: With the weights that it starts from; a checkpoint's replace them.
        checkpoint: File that the training is kept in. The log, and the best network, lie beside it.
        course: How long and how fast.
        device: Where it runs.
        draw: The batches of so many steps, each the same whenever it is drawn.
        loss: Of the network in training mode and a batch: a scalar.
        check: Figures of the averaged network for the log.
        report: Is told the same as the log, as keywords.

    Raises:
        DivergenceError: The loss or the gradient is not finite.
        CheckpointError: The checkpoint is damaged, or belongs to another network or another optimiser.
        OutputError: The checkpoint cannot be written.
    """
    processes = join_processes()
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    # Convolutions of pictures are faster with channels last; PyTorch refuses it for networks with those of clips.
    flat = all(parameter.ndim <= 4 for parameter in model.parameters())
    layout = torch.channels_last if flat and course.channels_last else torch.preserve_format
    model = model.to(device, memory_format=layout)  # type: ignore[call-overload]  # of nn.Module, not of Tensor
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    state = TrainingState(
        model,
        None if course.average_decay is None else moving_average(model, decay=course.average_decay),
        make_optimizer(course.optimizer, trained, rate=course.rate, weight_decay=course.weight_decay),
        settings={"optimizer": course.optimizer.kind, "average": "none" if course.average_decay is None else "kept"},
    )
    if (found := find_checkpoint(checkpoint)) is not None:
        load_checkpoint(found, state)
    outcome = cast("Network", state.average.module if state.average is not None else model)
    loss_of = shared_loss(model, loss, processes)
    first = course.steps if _is_over(state, course) else state.step
    log_file = None
    if processes.is_first:
        log_file = TrainingLog(checkpoint.with_name(_LOG_FILE), step=state.step, name=course.name)
    since, total, counted = time.monotonic(), 0.0, first
    steps = range(first, course.steps)
    batches = draw(steps)
    if processes.is_first:
        batches = with_bar(batches, course.name, total=course.steps, done=first)
    with _deterministic() if course.deterministic else nullcontext():
        for step, batch in zip(steps, batches, strict=True):
            part = own_share(batch, processes)
            total += _step(state, step, lambda part=part: loss_of(part), course, trained, processes)
            state.step = done = step + 1
            if done % course.save_every and done != course.steps:
                continue
            if log_file is None:  # another process looks, writes and speaks; this one waits to hear whether it goes on
                if said_by_the_first(False, processes, device):
                    break
                continue
            taken = done - counted  # fewer than `save_every` after a resumption, and at the end
            line: dict[str, object] = {
                "of": course.steps,
                "loss": round(total / taken, 4),
                "s_per_step": round((time.monotonic() - since) / taken, 2),
            }
            if check is not None and (done % course.check_every == 0 or done == course.steps):
                figures = check(outcome.eval())
                line["check"] = figures
                _keep_best(checkpoint.with_name(_BEST_FILE), outcome, figures, state, course)
            save_checkpoint(checkpoint, state)
            log_file.write({"step": done, **line})
            report(**{f"{course.name} step": done}, **line)
            since, total, counted = time.monotonic(), 0.0, done
            if said_by_the_first(_is_over(state, course), processes, device):
                break
    if course.best_by is not None and said_by_the_first(state.best is not None, processes, device):
        weights, _ = read_tensors(checkpoint.with_name(_BEST_FILE))
        outcome.load_state_dict(weights)
    return outcome.eval().cpu()


def _step(
    state: TrainingState,
    step: int,
    loss: Callable[[], torch.Tensor],
    course: Course,
    trained: list[nn.Parameter],
    processes: Processes,
) -> float:
    """Move the weights once, and the average after them; return the loss."""
    rate = learning_rate(step, course.steps, course.rate, course.schedule)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.model.train()
    device = trained[0].device
    with half_where_native(device) if course.mixed_precision else nullcontext():
        value = loss()
    mean = mean_of_processes(value, processes)
    _require_finite(mean, f"loss of {course.name}", step, course)
    state.optimizer.zero_grad()
    value.backward()
    norm = torch.nn.utils.clip_grad_norm_(trained, math.inf if course.clip_norm is None else course.clip_norm)
    _require_finite(norm, f"gradient of {course.name}", step, course)
    state.optimizer.step()
    if state.average is not None:
        state.average.update_parameters(state.model)
    return mean.item()


def _require_finite(value: torch.Tensor, what: str, step: int, course: Course) -> None:
    if not torch.isfinite(value):
        raise DivergenceError(f"{what} is {value.item()} at step {step}; lower its rate ({course.rate})")


def _keep_best(path: Path, network: nn.Module, figures: dict[str, float], state: TrainingState, course: Course) -> None:
    """Write the network where it is better than all before, else count one more check without a better one."""
    if course.best_by is None:
        return
    score = figures[course.best_by]
    if state.best is None or score > state.best:
        write_tensors(path, network.state_dict(), {"step": state.step, "check": figures})
        state.best, state.since_best = score, 0
    else:
        state.since_best += 1


def _is_over(state: TrainingState, course: Course) -> bool:
    return course.best_by is not None and course.patience is not None and state.since_best >= course.patience


@contextmanager
def _deterministic() -> Iterator[None]:
    """PyTorch refuses operations that give other sums from run to run, as long as this lasts."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS asks for
    before, fast = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.backends.cudnn.benchmark = fast
