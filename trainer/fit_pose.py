"""Train the compact pose network, and the larger one that it learns from.

Each step draws a batch across the data sets; each set trains the joints it has (weight 0 leaves a joint out). The
compact network also learns the teacher's maps: the labels of ten thousand persons are too few, and some too wrong, for
it to learn from alone. Interrupted trainings go on from the last checkpoint.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import torch
from torch import nn

from edgeact.skeleton import LIMB_JOINTS
from trainer.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from trainer.data.pose_augment import centre_crop
from trainer.data.pose_sets import PatchSet, batches, draw_batch, load_patch_set, training_sets
from trainer.device import drawing_threads, training_device
from trainer.half_precision import half_where_native
from trainer.log import log
from trainer.metrics.pck import pck
from trainer.models.edge_pose import MAP_HEIGHT, MAP_WIDTH, EdgePose, peak_soft_argmax, standardise, start_from_tinypose
from trainer.models.pose_teacher import PoseTeacher, start_teacher_from_tinypose
from trainer.pose_losses import distillation_loss, pose_loss, resized_maps
from trainer.recipe import PoseRecipe
from trainer.schedule import learning_rate

Network = TypeVar("Network", bound=nn.Module)
Loss = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor
]  # of pictures, the network's logits, and joints


def to_input(crops: torch.Tensor) -> torch.Tensor:
    """Crops (N, H, W, 3) uint8 RGB → the network's input (N, 3, H, W) float32, channels last in memory."""
    return standardise(crops).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def predict(
    model: nn.Module, patches: PatchSet, rows: np.ndarray, *, batch: int = 64
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (M, 21, 2) in crop pixels, peak mass (M, 21) and targets (M, 21, 3) of the network's own view of each
    patch.
    """
    model.eval()
    device = next(model.parameters()).device
    found, mass, targets = [], [], []
    for start in range(0, len(rows), batch):
        crops, wanted = zip(
            *(centre_crop(patches.patches[r], patches.joints[r]) for r in rows[start : start + batch]), strict=True
        )
        logits = model(to_input(torch.from_numpy(np.stack(crops)).to(device)))
        if logits.shape[2:] != (MAP_HEIGHT, MAP_WIDTH):  # of the teacher
            logits = resized_maps(logits, (MAP_HEIGHT, MAP_WIDTH)).clamp_min(1e-9).log()
        joints, peak, _ = peak_soft_argmax(logits)
        found.append(joints.cpu().numpy())
        mass.append(peak.cpu().numpy())
        targets.append(np.stack(wanted))
    return np.concatenate(found), np.concatenate(mass), np.concatenate(targets)


def evaluate(model: nn.Module, sets: list[PatchSet], *, limit: int = 400) -> dict[str, float]:
    """PCK@0.2 of the twelve limb joints, per set."""
    scores = {}
    for patches in sets:
        rows = patches.rows[:limit]
        if len(rows):
            found, _, wanted = predict(model, patches, rows)
            scores[patches.name] = round(pck(found, wanted, patches.torso[rows], joints=LIMB_JOINTS)[0], 4)
    return scores


def fit_teacher(
    patches: Path, tinypose: Path, checkpoint: Path, recipe: PoseRecipe, *, save_every: int = 250
) -> PoseTeacher:
    """Train the teacher, or go on from its checkpoint, and return its moving average; see `fit` for the rest."""
    teacher = recipe.teacher
    course = _Course("teacher", (teacher.steps,), (teacher.rate,), teacher.mild_from, recipe.batch, save_every)
    model = PoseTeacher()

    def start(crops: torch.Tensor) -> None:
        start_teacher_from_tinypose(model, tinypose, crops)

    return _train(
        model, patches, checkpoint, course, start=start, loss=lambda _, logits, joints: pose_loss(logits, joints)
    )


def fit(
    patches: Path, tinypose: Path, checkpoint: Path, recipe: PoseRecipe, *, teacher: PoseTeacher, save_every: int = 250
) -> EdgePose:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        patches: Folder with a folder for each data set (`trainer.data.pose_patches`).
        tinypose: Weights that the network starts from.
        checkpoint: File that the training is kept in.
        recipe: How long and how fast.
        teacher: What it learns from beside the labels.
        save_every: Steps between two checkpoints.

    Raises:
        FloatingPointError: The training diverged.
    """
    course = _Course("pose", recipe.cycles, recipe.rates, recipe.mild_from, recipe.batch, save_every)
    model, share = EdgePose(), recipe.teacher.share
    teacher = teacher.to(training_device()).eval().requires_grad_(False)

    def start(crops: torch.Tensor) -> None:
        start_from_tinypose(model, tinypose, crops)

    def loss(images: torch.Tensor, logits: torch.Tensor, joints: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), half_where_native(images.device):
            shown = teacher(images)
        return (1 - share) * pose_loss(logits, joints) + share * distillation_loss(logits, shown.float())

    return _train(model, patches, checkpoint, course, start=start, loss=loss)


@dataclass(frozen=True, slots=True)
class _Course:
    """How a training runs; see `trainer.recipe.PoseRecipe`."""

    name: str
    cycles: Sequence[int]
    rates: Sequence[float]
    mild_from: int
    batch: int
    save_every: int


def _train(
    model: Network,
    patches: Path,
    checkpoint: Path,
    course: _Course,
    *,
    start: Callable[[torch.Tensor], None],
    loss: Loss,
) -> Network:
    """The loop of both trainings; returns the moving average of the model, on the processor."""
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    device, sets = training_device(), training_sets(patches)
    checks = [
        patch_set
        for name in ("lspet", "stock_upright")
        if len((patch_set := load_patch_set(patches / name, "validation")).rows)
    ]
    if not checkpoint.exists():
        start(to_input(draw_batch(sets, np.random.default_rng(0), 64)[0]))
    model = model.to(device, memory_format=torch.channels_last)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decayed = [parameter for parameter in trained if parameter.ndim > 1]
    others = [parameter for parameter in trained if parameter.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}], lr=course.rates[0]
    )
    average = MovingAverage(model)
    first = load_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer) if checkpoint.exists() else 0
    steps = range(first, course.cycles[-1])
    since, total = time.monotonic(), 0.0
    drawn = batches(sets, steps, batch=course.batch, mild_from=course.mild_from, threads=drawing_threads(device))
    for step, (crops, joints) in zip(steps, drawn, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, course.cycles, course.rates)
        images = to_input(crops.to(device))
        model.train()
        with half_where_native(device):
            logits = model(images)
        value = loss(images, logits.float(), joints.to(device))
        if not torch.isfinite(value):
            raise FloatingPointError(f"loss is {value.item()} at step {step}; lower the rates of the recipe's [pose]")
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(trained, 5.0)
        optimizer.step()
        average.update(model)
        total += value.item()
        if (step + 1) % course.save_every == 0 or step + 1 == steps.stop:
            save_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer, step=step + 1)
            seconds = time.monotonic() - since
            line: dict[str, object] = {
                f"{course.name} step": step + 1,
                "of": steps.stop,
                "loss": round(total / course.save_every, 4),
            }
            line["ms_per_image"] = round(seconds / course.save_every / course.batch * 1e3, 1)
            if (step + 1) % (4 * course.save_every) == 0 or step + 1 == steps.stop:
                line["pck"] = evaluate(average.model, checks)
            log(**line)
            since, total = time.monotonic(), 0.0
    return cast("Network", average.model.cpu())
