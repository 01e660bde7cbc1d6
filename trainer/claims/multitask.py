"""Paper A: one network learns poses from one set and actions from another, and hardly loses beside one for each.

Actions of Stanford 40, which has no joints, and joints of LSP extended, which has no actions; the last blocks of an
EfficientNet-Lite0 learn, and the multitask-aware loss (eq. 3) leaves out what a photo was never labelled with.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeact.geometry import person_crop_matrix, transform_points
from edgeact.skeleton import MPII_16
from trainer.claims.joint_share import right_joint_share
from trainer.claims.outcome import Outcome
from trainer.claims.part_streams import some_actions
from trainer.claims.tuned_blocks import BATCH, last_blocks_course
from trainer.data.labelled_samples import LabelledSample, lspet_poses
from trainer.data.picture_batches import PERSON_PADDING
from trainer.device import training_device
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.fit_paper import epoch_rows
from trainer.inputs.batch import MISSING
from trainer.loop import train
from trainer.losses import focal, is_annotated, multitask_aware
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.split_lite import LowerBlocks, UpperBlocks
from trainer.precomputed.frozen_maps import frozen_maps
from trainer.targets import gaussian_maps

SIDE, BLOCKS = 160, 13
_PARTS = 4  # a cell of the backbone's map becomes 4×4 of the heat maps
_SIGMA = 1.0  # cells of the heat maps, of which a square has 20×20
_SCORING = 64
_BALANCE = 1.0  # λ of eq. 3: both losses are cross-entropies here
_JOINTS = len(MPII_16.joints)
VARIANTS = ("actions alone", "poses alone", "both")


@dataclass(frozen=True, slots=True, eq=False)
class TaskSet:
    """People of a set that labels one of both.

    Attributes:
        maps: ``(N, C, h, w)`` float16, below the blocks that learn.
        actions: ``(N,)``, −1 where nobody said.
        joints: ``(N, 16, 2)`` in pixels of the square, −1 where nobody said.
        training: Rows that train.
        measured: Rows that measure.
    """

    maps: np.ndarray
    actions: np.ndarray
    joints: np.ndarray
    training: np.ndarray
    measured: np.ndarray


def read_task_sets(
    network: EfficientNetLite,
    stanford: Path,
    lspet: Path,
    work: Path,
    *,
    actions: int,
    people: int,
    progress: Callable[[Sequence, str], Iterable],
    side: int = SIDE,
) -> tuple[TaskSet, TaskSet]:
    """Stanford 40's people of so many actions, and so many of LSP extended to train with; a quarter more measures.

    Raises:
        SourceNotFoundError, SourceFormatError: Photos or lists are missing or damaged.
    """
    lower, kept = LowerBlocks(network, BLOCKS).eval(), work / f"lower_{BLOCKS}"
    posed = lspet_poses(lspet)
    training = [sample for sample in posed if sample.split == "train"][:people]
    measured = [sample for sample in posed if sample.split != "train"][: -(-people // 4)]

    def task_set(samples: Sequence[LabelledSample], labels: Sequence[int]) -> TaskSet:
        return TaskSet(
            frozen_maps(lower, samples, "person", side, kept, progress=progress),
            np.array(labels),
            np.stack([_joints(sample, side) for sample in samples]),
            np.flatnonzero([sample.split == "train" for sample in samples]),
            np.flatnonzero([sample.split != "train" for sample in samples]),
        )

    acting, labels = some_actions(stanford, actions)
    people_posed = [*training, *measured]
    return task_set(acting, labels), task_set(people_posed, [MISSING] * len(people_posed))


def _joints(sample: LabelledSample, side: int) -> np.ndarray:
    """Joints ``(16, 2)`` float32 in pixels of the person's square."""
    if sample.joints is None:
        return np.full((_JOINTS, 2), MISSING, np.float32)
    matrix = person_crop_matrix(sample.box, width=side, height=side, padding=PERSON_PADDING)
    known = (sample.joints != MISSING).any(1, keepdims=True)
    return np.where(known, transform_points(sample.joints, matrix), MISSING).astype(np.float32)


class PoseAndAction(nn.Module):
    """Maps below the blocks that learn → scores (N, A) and heat maps (N, 16, 4·h, 4·w)."""

    def __init__(self, network: EfficientNetLite, classes: int) -> None:
        super().__init__()
        self.blocks = UpperBlocks(network, BLOCKS)
        self.action = nn.Linear(self.blocks.channels, classes)
        self.pose = nn.Sequential(nn.Conv2d(self.blocks.channels, _JOINTS * _PARTS**2, 1), nn.PixelShuffle(_PARTS))

    def forward(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.blocks(maps)
        return self.action(features.mean((2, 3))), self.pose(features)


def try_multitask(
    network: EfficientNetLite,
    acting: TaskSet,
    posed: TaskSet,
    work: Path,
    *,
    seeds: int,
    epochs: int,
    side: int = SIDE,
) -> tuple[list[Outcome], list[Outcome]]:
    """Train a network for each task and one for both, with every seed.

    Args:
        network: With published weights.
        acting: People with actions.
        posed: People with joints.
        work: Folder of the checkpoints.
        seeds: How many.
        epochs: Rounds over the people with actions; those with joints take as many steps.
        side: Of the squares.

    Returns:
        mAP of the actions, and PCK@.2 of the torso of the joints, of the networks that learned them.

    Raises:
        DivergenceError: A training diverged.
    """
    precision: dict[str, list[float]] = {}
    right: dict[str, list[float]] = {}
    for variant in VARIANTS:
        for seed in range(seeds):
            torch.manual_seed(seed)
            model = PoseAndAction(network, int(acting.actions.max()) + 1)
            sets = {"actions alone": (acting,), "poses alone": (posed,), "both": (acting, posed)}[variant]
            kept = work / "multitask" / f"{variant}_{len(acting.training)}_{epochs}_{seed}"
            steps = epochs * -(-len(acting.training) // BATCH)
            trained = _fit(model, sets, kept, steps=steps, seed=seed, side=side)
            if acting in sets:
                precision.setdefault(variant, []).append(_precision(trained, acting))
            if posed in sets:
                right.setdefault(variant, []).append(right_joints(trained, posed, side))
    return (
        [Outcome(name, tuple(found)) for name, found in precision.items()],
        [Outcome(name, tuple(found)) for name, found in right.items()],
    )


def _fit(network: nn.Module, sets: Sequence[TaskSet], work: Path, *, steps: int, seed: int, side: int) -> nn.Module:
    device = training_device()
    course = last_blocks_course(f"multitask {work.name}", steps)

    def draw(wanted: range) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        for step in wanted:
            parts = [(each, each.training[epoch_rows(len(each.training), BATCH, step, seed)]) for each in sets]
            yield (
                torch.from_numpy(np.concatenate([each.maps[rows] for each, rows in parts]).astype(np.float32)),
                torch.from_numpy(np.concatenate([each.actions[rows] for each, rows in parts])),
                torch.from_numpy(np.concatenate([each.joints[rows] for each, rows in parts])),
            )

    def loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        maps, actions, joints = (part.to(device) for part in batch)
        scores, heat = model(maps)
        pose, posed = pose_error(heat.float(), joints, side), (joints != MISSING).any(-1).any(-1)
        acted = [focal(scores.float(), actions)]
        return multitask_aware(pose, posed, acted, is_annotated(actions), balance=_BALANCE)

    return train(network, work / "checkpoint.safetensors", course, device=device, draw=draw, loss=loss)


def pose_error(heat: torch.Tensor, joints: torch.Tensor, side: int) -> torch.Tensor:
    """Cross-entropy between the softmax of a joint's map and its Gaussian, mean over a person's joints: ``(N,)``.

    The paper's squared error taught nothing in the few hundred steps of a claim: a map that is 0 everywhere is right in
    all but a few cells, and that is where it stayed.

    Args:
        heat: ``(N, 16, h, w)``.
        joints: ``(N, 16, 2)`` in pixels of the square, −1 where nobody said.
        side: Of the square.
    """
    height, width = heat.shape[2:]
    wanted = gaussian_maps(joints, height=height, width=width, stride=side / height, sigma=_SIGMA).flatten(2)
    wanted = wanted / wanted.sum(-1, keepdim=True).clamp_min(1e-6)  # 0 of joints far outside of the square
    known = (joints != MISSING).any(-1)
    error = -(wanted * torch.log_softmax(heat.flatten(2), -1)).sum(-1)
    return (error * known).sum(1) / known.sum(1).clamp_min(1)


def _answers(network: nn.Module, maps: np.ndarray, rows: np.ndarray) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for start in range(0, len(rows), _SCORING):
        yield network(torch.from_numpy(maps[rows[start : start + _SCORING]].astype(np.float32)))


@torch.no_grad()
def _precision(network: nn.Module, acting: TaskSet) -> float:
    scores = torch.cat([scores for scores, _ in _answers(network, acting.maps, acting.measured)])
    return mean_average_precision(torch.softmax(scores, -1).numpy(), acting.actions[acting.measured])


@torch.no_grad()
def right_joints(network: nn.Module, posed: TaskSet, side: int) -> float:
    """PCK@.2 of a network that answers as `PoseAndAction`: each joint is where its heat is highest."""
    found = []
    for _, heat in _answers(network, posed.maps, posed.measured):
        width = heat.shape[3]
        peak = heat.flatten(2).argmax(2)
        cells = torch.stack([peak % width, torch.div(peak, width, rounding_mode="floor")], -1)
        found.append((cells + 0.5) * (side / width) - 0.5)
    return right_joint_share(torch.cat(found).numpy(), posed.joints[posed.measured])
