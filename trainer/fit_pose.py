"""Train the compact pose network.

Each step draws a batch across the data sets; each set trains the joints it has (weight 0 leaves a joint out). The loss is the cross-entropy
between the spatial softmax of each joint's map and a Gaussian around the joint, plus the elastic net on the soft-argmax (paper E,
section 3.3). Interrupted trainings go on from the last checkpoint.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from edgeact.errors import SourceFormatError
from edgeact.skeleton import LIMB_JOINTS
from trainer.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from trainer.data.pose_augment import MILD, VIEW, PoseAugmentation, augment, centre_crop
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.half_precision import half_where_native
from trainer.log import log
from trainer.metrics.pck import pck
from trainer.models.edge_pose import (
    INPUT_HEIGHT,
    INPUT_WIDTH,
    MAP_STRIDE,
    EdgePose,
    peak_soft_argmax,
    soft_argmax,
    standardise,
    start_from_tinypose,
)
from trainer.recipe import PoseRecipe

# Share of each batch by data set: the large clean sets carry it, frames of one clip repeat themselves and count less.
SHARES = {"lspet": 0.5, "stock_upright": 0.14, "ut_interaction": 0.14, "surveillance_fights": 0.09, "coco_mini": 0.03, "studio": 0.10}
GAUSSIAN_SIGMA = 1.5  # cells of the map: 6 pixels of the crop, about the spread of human annotators


@dataclass(frozen=True, slots=True, eq=False)
class PatchSet:
    """Stored patches of one set and split: memory-mapped patches, joints (N, 21, 3) in their pixels, rows (M,) of this split.

    ``torso`` is (N,) in pixels of the network's own view of a patch, in which its errors are measured; 0 where unknown.
    """

    name: str
    patches: np.ndarray
    joints: np.ndarray
    torso: np.ndarray
    rows: np.ndarray


def load_patch_set(folder: Path, split: str) -> PatchSet:
    """Open one set's patches of a split without reading them into memory.

    Raises:
        SourceFormatError: They were cut for another network.
    """
    index = json.loads((folder / "index.json").read_text())
    rows = np.array([i for i, row in enumerate(index) if row["split"] == split], np.int64)
    patches = np.load(folder / "patches.npy", mmap_mode="r")
    if patches.shape[1:] != (PATCH_HEIGHT, PATCH_WIDTH, 3):
        raise SourceFormatError(
            f"{folder} has patches of {patches.shape[1:]}, not {(PATCH_HEIGHT, PATCH_WIDTH, 3)}; delete it to cut them anew"
        )
    return PatchSet(folder.name, patches, np.load(folder / "joints.npy"), VIEW * np.load(folder / "torso.npy"), rows)


def to_input(crops: np.ndarray) -> torch.Tensor:
    """Crops (N, H, W, 3) uint8 RGB → the network's input (N, 3, H, W) float32, channels last in memory."""
    return standardise(torch.from_numpy(crops)).contiguous(memory_format=torch.channels_last)


def pose_loss(logits: torch.Tensor, joints: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the maps plus elastic net of their expectation.

    Args:
        logits: ``(N, J, h, w)`` float32.
        joints: ``(N, J, 3)`` x, y in crop pixels, weight; weight 0 leaves the joint out.
    """
    count, number, height, width = logits.shape
    weight = joints[..., 2]
    cells = (joints[..., :2] + 0.5) / MAP_STRIDE - 0.5
    columns, rows = torch.arange(width), torch.arange(height)
    x = torch.exp(-((columns - cells[..., :1]) ** 2) / (2 * GAUSSIAN_SIGMA**2))
    y = torch.exp(-((rows - cells[..., 1:]) ** 2) / (2 * GAUSSIAN_SIGMA**2))
    target = (y[..., :, None] * x[..., None, :]).reshape(count, number, -1)
    target = target / target.sum(-1, keepdim=True).clamp_min(1e-6)
    log_maps = functional.log_softmax(logits.reshape(count, number, -1), -1)
    cross_entropy = -(target * log_maps).sum(-1)
    found = soft_argmax(log_maps.exp().reshape(logits.shape))
    distance = (found - cells) / 12.0  # 12 cells are a third of the map's width: the elastic net's two terms then weigh alike
    elastic = distance.abs().sum(-1) + distance.square().sum(-1)
    return ((cross_entropy + 0.5 * elastic) * weight).sum() / weight.sum().clamp_min(1.0)


@torch.no_grad()
def predict(model: EdgePose, patches: PatchSet, rows: np.ndarray, *, batch: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (M, 21, 2) in crop pixels, peak mass (M, 21) and targets (M, 21, 3) of the network's own view of each patch."""
    model.eval()
    found, mass, targets = [], [], []
    for start in range(0, len(rows), batch):
        crops, wanted = zip(*(centre_crop(patches.patches[r], patches.joints[r]) for r in rows[start : start + batch]), strict=True)
        joints, peak, _ = peak_soft_argmax(model(to_input(np.stack(crops))))
        found.append(joints.numpy())
        mass.append(peak.numpy())
        targets.append(np.stack(wanted))
    return np.concatenate(found), np.concatenate(mass), np.concatenate(targets)


def evaluate(model: EdgePose, sets: list[PatchSet], *, limit: int = 400) -> dict[str, float]:
    """PCK@0.2 of the twelve limb joints, per set."""
    scores = {}
    for patches in sets:
        rows = patches.rows[:limit]
        if len(rows):
            found, _, wanted = predict(model, patches, rows)
            scores[patches.name] = round(pck(found, wanted, patches.torso[rows], joints=LIMB_JOINTS)[0], 4)
    return scores


def draw_batch(
    sets: list[PatchSet], rng: np.random.Generator, batch: int, strength: PoseAugmentation | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch across the sets by `SHARES`: input (N, 3, H, W), joints (N, 21, 3)."""
    strength = strength or PoseAugmentation()
    shares = np.array([SHARES[patches.name] for patches in sets])
    crops = np.empty((batch, INPUT_HEIGHT, INPUT_WIDTH, 3), np.uint8)
    joints = np.empty((batch, 21, 3), np.float32)
    for position, choice in enumerate(rng.choice(len(sets), batch, p=shares / shares.sum())):
        patches = sets[choice]
        row = rng.choice(patches.rows)
        crops[position], joints[position] = augment(patches.patches[row], patches.joints[row], rng, strength)
    return to_input(crops), torch.from_numpy(joints)


def learning_rate(step: int, cycles: Sequence[int], peaks: Sequence[float]) -> float:
    """Linear warm-up over 200 steps, then half a cosine to a hundredth; anew after the end of each cycle.

    Warm restarts (Loshchilov and Hutter, "SGDR", ICLR 2017) let a finished training go on.

    Args:
        step: From 0.
        cycles: The step at which each cycle ends, ascending.
        peaks: Highest learning rate of each cycle.
    """
    start = max((end for end in cycles if end <= step), default=0)
    end, peak = next((end, peak) for end, peak in zip(cycles, peaks, strict=True) if end > step)
    length = end - start
    if step - start < 200:
        return peak * (step - start + 1) / 200
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - start - 200) / max(length - 200, 1))))


def fit(patches: Path, tinypose: Path, checkpoint: Path, recipe: PoseRecipe, *, save_every: int = 250) -> EdgePose:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        patches: Folder with a folder for each data set (`trainer.data.pose_patches`).
        tinypose: Weights that the network starts from.
        checkpoint: File that the training is kept in.
        recipe: How long and how fast.
        save_every: Steps between two checkpoints.

    Raises:
        FloatingPointError: The training diverged.
    """
    cycles, batch = recipe.cycles, recipe.batch
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    sets = [load_patch_set(patches / name, "train") for name in SHARES if (patches / name / "index.json").exists()]
    checks = [patch_set for name in ("lspet", "stock_upright") if len((patch_set := load_patch_set(patches / name, "validation")).rows)]
    torch.manual_seed(0)
    model = EdgePose().to(memory_format=torch.channels_last)
    if not checkpoint.exists():
        start_from_tinypose(model, tinypose, draw_batch(sets, np.random.default_rng(0), 64)[0])
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decayed = [parameter for parameter in trained if parameter.ndim > 1]
    others = [parameter for parameter in trained if parameter.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}], lr=recipe.rates[0])
    average = MovingAverage(model)
    start = load_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer) if checkpoint.exists() else 0
    steps, since, total = cycles[-1], time.monotonic(), 0.0
    for step in range(start, steps):
        rng = np.random.default_rng((1, step))  # a resumed training sees the batches that it would have seen
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, cycles, recipe.rates)
        images, joints = draw_batch(sets, rng, batch, MILD if step >= recipe.mild_from else None)
        model.train()
        with half_where_native():
            logits = model(images)
        loss = pose_loss(logits.float(), joints)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {step}; lower the recipe's pose.rates")
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 5.0)
        optimizer.step()
        average.update(model)
        total += loss.item()
        if (step + 1) % save_every == 0 or step + 1 == steps:
            save_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer, step=step + 1)
            seconds = time.monotonic() - since
            line: dict[str, object] = {"pose step": step + 1, "of": steps, "loss": round(total / save_every, 4)}
            line["ms_per_image"] = round(seconds / save_every / batch * 1e3, 1)
            if (step + 1) % (4 * save_every) == 0 or step + 1 == steps:
                line["pck"] = evaluate(average.model, checks)
            log(**line)
            since, total = time.monotonic(), 0.0
    return average.model
