"""Train a pose network: it starts from PP-TinyPose's weights and learns from people that humans and teachers labelled.

Each step draws a batch across the data sets. The labels of everyday photos are PP-TinyPose's own, of each picture and
its mirror image and in a close and a wide crop: distillation (Hinton et al., arXiv 1503.02531) with the teacher's looks
taken once, not at every step.

The outcome is the average whose worst source of validation persons fares best beside the network that it came from.
"""

import copy
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeact.skeleton import BODY_21, LIMB_JOINTS
from trainer.checkpoint import find_checkpoint
from trainer.compress.distill import imitate_maps
from trainer.data.pose_sets import PatchSet, draw_sizes, load_patch_set, training_sets
from trainer.device import training_device
from trainer.evaluate.metrics.pck import pck
from trainer.half_precision import half_where_native
from trainer.loop import train
from trainer.mix_weights import mix_weights
from trainer.models.edge_pose import (
    EdgePose,
    peak_soft_argmax,
    standardise,
    start_from_tinypose,
    start_from_wider,
)
from trainer.models.slim_hrnet import SLIM, Widths
from trainer.pose_losses import agrees_with_labels, pose_loss
from trainer.pose_recipe import PoseRecipe
from trainer.recipe_fields import SEED_STEP
from trainer.worst_gain import worst_gain

# Validation persons that tell how far the network is: humans labelled the first three sets, teachers the others.
CHECKED_SETS = ("coco_mini", "lspet", "stock_upright", "stanford40", "vn_everyday", "gym_stills")
# Batches that tell which channels of a wider network are worth least.
WORTH_BATCHES = 24

Views = tuple[list[torch.Tensor], torch.Tensor]  # crops (N, H, W, 3) in the network's and its teacher's size; joints


def to_input(crops: torch.Tensor) -> torch.Tensor:
    """Crops (N, H, W, 3) uint8 RGB → the network's input (N, 3, H, W) float32, channels last in memory."""
    return standardise(crops).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def predict(
    model: EdgePose, patches: PatchSet, rows: np.ndarray, *, batch: int = 64
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (M, 21, 2) in crop pixels, rises of the maps' peaks (M, 21) and targets (M, 21, 4) of the network's own
    view of each patch.
    """
    model.eval()
    device = next(model.parameters()).device
    found, rises, targets = [], [], []
    for start in range(0, len(rows), batch):
        crops, wanted = zip(*(patches.view(row, model.size) for row in rows[start : start + batch]), strict=True)
        joints, rise, _ = peak_soft_argmax(model(to_input(torch.from_numpy(np.stack(crops)).to(device))))
        found.append(joints.cpu().numpy())
        rises.append(rise.cpu().numpy())
        targets.append(np.stack(wanted))
    return np.concatenate(found), np.concatenate(rises), np.concatenate(targets)


def evaluate(model: EdgePose, sets: list[PatchSet], *, limit: int = 300) -> dict[str, float]:
    """PCK@0.2 of the twelve limb joints of each set; a teacher's joints count where it is sure."""
    scores = {}
    for patches in sets:
        rows = patches.rows[:limit]
        if len(rows):
            found, _, wanted = predict(model, patches, rows)
            wanted[..., 2] *= wanted[..., 3] > 0.5
            torso = patches.torso_in_view(rows, model.size)
            scores[patches.name] = round(pck(found, wanted, torso, joints=LIMB_JOINTS)[0], 4)
    return scores


def flip_averaged_logits(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Average the logits ``(N, J, h, w)`` of crops ``(N, 3, H, W)`` with those of the horizontally flipped crops, which
    are flipped back and whose left and right joints change places.
    """
    turned = network(images.flip(-1)).flip(-1)
    return (network(images) + turned[:, list(BODY_21.mirror)]) / 2


def fit(patches: Path, tinypose: Path, checkpoint: Path, recipe: PoseRecipe, wider: EdgePose | None = None) -> EdgePose:
    """Train, or go on from the checkpoint, and return the moving average of the network, mixed with the weights that it
    started from.

    Half way between the two a network keeps more of what it could do in pictures unlike those that it was trained on
    (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).

    Args:
        patches: Folder with a folder for each data set (`trainer.data.pose_patches`).
        tinypose: Weights that a network of the published width starts from.
        checkpoint: File that the training is kept in.
        recipe: Which network, how long and how fast.
        wider: A trained network that a slim one starts from and imitates.

    Raises:
        DivergenceError: The training diverged.
    """
    device, sets = training_device(), training_sets(patches, recipe.mix)
    checked = [patch_set for name in CHECKED_SETS if (patch_set := _validation(patches / name)) is not None]

    sizes = [recipe.size] if wider is None else [recipe.size, recipe.teacher_size]

    def draw(steps: range, seed: int = 1) -> Iterator[Views]:
        for step in steps:
            strength = recipe.mild_augmentation if step >= recipe.mild_from else recipe.augmentation
            rng = np.random.default_rng((seed + SEED_STEP * recipe.seed, step))
            yield draw_sizes(sets, rng, recipe.batch, sizes, recipe.mix, strength)

    widths = None if wider is None else Widths(SLIM.branches, recipe.slim_widths)
    model, start = EdgePose(recipe.size, slim=widths), EdgePose(recipe.size, slim=widths)
    if wider is None:
        start_from_tinypose(start, tinypose)
    else:
        wider = wider.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        if find_checkpoint(checkpoint) is None or recipe.start_share > 0:  # otherwise nothing of the start is left
            batches = draw(range(WORTH_BATCHES), seed=2)

            def losses(network: EdgePose) -> Iterator[torch.Tensor]:
                return (pose_loss(network(to_input(crops[0])), joints, recipe.loss) for crops, joints in batches)

            start_from_wider(start, wider, losses)
    model.load_state_dict(start.state_dict())
    teacher: Callable[[torch.Tensor], torch.Tensor] | None = wider
    if wider is None and recipe.keeps_start:
        published = copy.deepcopy(start).to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        teacher = partial(flip_averaged_logits, published)

    def loss(network: nn.Module, batch: Views) -> torch.Tensor:
        images, joints = [to_input(crops.to(device)) for crops in batch[0]], batch[1].to(device)
        with half_where_native(device):
            logits = network(images[0])
            with torch.no_grad():
                shown = None if teacher is None else teacher(images[-1])
        value = pose_loss(logits.float(), joints, recipe.loss)
        if shown is None:
            return value
        # It knows upright people best; what it sees of those who are turned by 90° is often wrong.
        imitated = agrees_with_labels(shown.float(), joints, height=recipe.height, settings=recipe.imitation)
        return value + recipe.imitation.weight * imitate_maps(logits.float(), shown.float(), imitated=imitated)

    @cache  # a finished training needs no check
    def former() -> dict[str, float]:
        return evaluate(start if wider is None else wider, checked)

    def check(network: EdgePose) -> dict[str, float]:
        ships = mix_weights(copy.deepcopy(network), start, recipe.start_share)
        scores = evaluate(ships, checked)
        return {**scores, "worst": worst_gain(scores, former())}

    course = recipe.learning.course("pose", steps=recipe.steps, rate=recipe.rate, best_by="worst")
    trained = train(model, checkpoint, course, device=device, draw=draw, loss=loss, check=check)
    return mix_weights(trained, start, recipe.start_share)


def _validation(folder: Path) -> PatchSet | None:
    if not (folder / "index.json").exists():
        return None
    patches = load_patch_set(folder, "validation")
    return patches if len(patches.rows) else None
