"""Heads on a backbone whose last blocks learn with them: the reduced setting of claims about papers B and D.

An EfficientNet-Lite of ImageNet; what lies below the blocks that learn is computed once
(`trainer.claims.tuned_photos`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainer.claims.outcome import Outcome
from trainer.claims.tuned_photos import TunedPhotos
from trainer.data.picture_batches import MIRROR
from trainer.device import training_device
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.fit_paper import epoch_rows
from trainer.inputs.batch import MISSING
from trainer.loop import Course, train
from trainer.schedule import CosineSchedule

BATCH, _RATE, _WEIGHT_DECAY = 32, 5e-4, 0.05
_SCORING = 64  # photos at a time


@dataclass(frozen=True, slots=True, eq=False)
class TunedBatch:
    """Photos of a step.

    Attributes:
        maps: ``(N, C, h, w)`` float32, below the blocks that learn.
        actions: ``(N,)``.
        boxes: ``(N, 4)`` of the persons in pixels of the squares.
        joints: ``(N, 16, 2)`` in pixels of the squares, −1 where they are not known.
        side: Of the squares.
    """

    maps: torch.Tensor
    actions: torch.Tensor
    boxes: torch.Tensor
    joints: torch.Tensor
    side: int


@dataclass(frozen=True, slots=True, eq=False)
class TunedVariant:
    """One of the networks that a claim compares: how it is built, trained and scored.

    Attributes:
        name: Of the variant.
        make: Makes the network: maps below the blocks that learn → its output.
        loss: Of the network and a batch.
        scores: ``(N, A)`` of the network and maps.
    """

    name: str
    make: Callable[[], nn.Module]
    loss: Callable[[nn.Module, TunedBatch], torch.Tensor]
    scores: Callable[[nn.Module, torch.Tensor], torch.Tensor]


class OnBlocks(nn.Module):
    """A network whose trainable blocks make a feature map of their input, and whose head's output is computed from that
    map by ``from_features(head, map)``.
    """

    def __init__(self, blocks: nn.Module, head: nn.Module, from_features: Callable[[nn.Module, torch.Tensor], object]):
        super().__init__()
        self.blocks, self.head, self.from_features = blocks, head, from_features

    def forward(self, maps: torch.Tensor) -> object:
        return self.from_features(self.head, self.blocks(maps))


def try_tuned(
    claim: str, variants: Sequence[TunedVariant], data: TunedPhotos, work: Path, *, seeds: int, epochs: int
) -> list[Outcome]:
    """Train every variant with every seed; measure the photos as they are, and beside what misleads.

    Args:
        claim: Its checkpoints lie in a folder of this name.
        variants: What is compared.
        data: Photos.
        work: Folder of the checkpoints.
        seeds: How many.
        epochs: Rounds over the training photos.

    Returns:
        mAP, several a variant: see `tuned_rows`.

    Raises:
        DivergenceError: A training diverged.
    """
    outcomes = []
    for variant in variants:
        figures = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            kept = work / claim / f"{variant.name}_{len(data.training)}_{epochs}_{seed}"
            network = _fit(variant, data, kept, seed=seed, epochs=epochs)
            figures.append(_measure(network, variant, data))
        outcomes += tuned_rows(variant.name, figures, data)
    return outcomes


def tuned_rows(name: str, figures: Sequence[tuple[float, float, float]], data: TunedPhotos) -> list[Outcome]:
    """Name what was measured of a variant with every seed.

    Args:
        name: Of the variant.
        figures: Of each seed, mAP of all photos that measure, of those that are measured twice, and of the same beside
            what misleads.
        data: Photos.

    Returns:
        All three, or two where every photo that measures is measured twice.
    """
    every, twice, beside = (tuple(found) for found in zip(*figures, strict=True))
    rows = [Outcome(name, every)]
    if len(data.misled_rows) < len(data.measured):
        rows.append(Outcome(f"{name}, every fourth photo", twice))
    return [*rows, Outcome(f"{name}, the same beside {data.misleading}", beside)]


def paired_rows(outcomes: Sequence[Outcome], variants: int) -> list[Outcome]:
    """Each row of a variant less the same row of the variant before it, seed by seed.

    Args:
        outcomes: Of `try_tuned`.
        variants: How many it was given.
    """
    rows = len(outcomes) // variants
    return [later.less(earlier) for earlier, later in zip(outcomes, outcomes[rows:], strict=False)]


def last_blocks_course(name: str, steps: int) -> Course:
    """The course of a training in which the last blocks of a backbone learn, of batches of `BATCH`.

    Args:
        name: What the log calls it.
        steps: How many.
    """
    return Course(
        name,
        steps,
        _RATE,
        weight_decay=_WEIGHT_DECAY,
        save_every=max(1, steps // 4),
        check_every=steps,
        schedule=CosineSchedule(),
        average_decay=None,
        clip_norm=None,  # the norm of two losses together would couple branches that share nothing
        mixed_precision=True,
    )


def _fit(variant: TunedVariant, data: TunedPhotos, work: Path, *, seed: int, epochs: int) -> nn.Module:
    steps, device = epochs * -(-len(data.training) // BATCH), training_device()
    course = last_blocks_course(work.name, steps)

    def draw(wanted: range) -> Iterator[TunedBatch]:
        for step in wanted:
            rows = np.array(epoch_rows(len(data.training), BATCH, step, seed))
            yield training_batch(data, rows, np.random.default_rng((seed, 1, step)).random(len(rows)) < 0.5)

    return train(
        variant.make(),
        work / "checkpoint.safetensors",
        course,
        device=device,
        draw=draw,
        loss=lambda network, batch: variant.loss(network, _to(batch, device)),
    )


def training_batch(data: TunedPhotos, rows: np.ndarray, mirrored: np.ndarray) -> TunedBatch:
    """Rows ``(N,)`` of those that train, some of them mirrored (``(N,)`` bool)."""
    plain = data.maps[data.training[rows]]
    maps = np.where(mirrored[:, None, None, None], data.mirrored[rows], plain).astype(np.float32)
    boxes, joints = data.boxes[rows].copy(), data.joints[rows].copy()
    last = data.side - 1
    boxes[mirrored] = np.stack([last - boxes[:, 2], boxes[:, 1], last - boxes[:, 0], boxes[:, 3]], 1)[mirrored]
    turned = np.stack([last - joints[..., 0], joints[..., 1]], -1)
    turned[(joints == MISSING).all(-1)] = MISSING
    joints[mirrored] = turned[:, MIRROR][mirrored]
    actions = torch.from_numpy(data.actions[data.training[rows]])
    return TunedBatch(torch.from_numpy(maps), actions, torch.from_numpy(boxes), torch.from_numpy(joints), data.side)


def _to(batch: TunedBatch, device: torch.device) -> TunedBatch:
    return TunedBatch(
        batch.maps.to(device), batch.actions.to(device), batch.boxes.to(device), batch.joints.to(device), batch.side
    )


def _measure(network: nn.Module, variant: TunedVariant, data: TunedPhotos) -> tuple[float, float, float]:
    plain = _probability(network, variant, data.maps, data.measured)
    beside = _probability(network, variant, data.misled, np.arange(len(data.misled)))
    actions = data.actions[data.measured]
    fourth = np.isin(data.measured, data.misled_rows)
    return (
        mean_average_precision(plain, actions),
        mean_average_precision(plain[fourth], actions[fourth]),
        mean_average_precision(beside, actions[fourth]),
    )


@torch.no_grad()
def _probability(network: nn.Module, variant: TunedVariant, maps: np.ndarray, rows: np.ndarray) -> np.ndarray:
    parts = [rows[start : start + _SCORING] for start in range(0, len(rows), _SCORING)]
    scores = [variant.scores(network, torch.from_numpy(maps[part].astype(np.float32))) for part in parts]
    return torch.softmax(torch.cat(scores), -1).numpy()
