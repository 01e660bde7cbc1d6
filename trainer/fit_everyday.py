"""Forty everyday actions of single pictures: a pooling of paper D on the frozen maps of an EfficientNet-Lite.

Two heads learn alike: one from the crop of the person who acts, one from the whole photo, which needs no box. The set's
official test photos measure both, and their mean; nothing is chosen on them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeact.bundle.manifest import Scope
from trainer.data.labelled_samples import View, measured_split, stanford40
from trainer.device import training_device
from trainer.evaluate.metrics.accuracy import top1
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.fit_paper import epoch_rows
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling
from trainer.log import log
from trainer.loop import Course, train
from trainer.losses import focal
from trainer.models.last_map import LastMap
from trainer.optimizers import AdamW
from trainer.precomputed.frozen_maps import frozen_maps
from trainer.schedule import CosineSchedule
from trainer.tasks.backbones import BackboneName, make_backbone

VIEWS: tuple[tuple[View, Scope], ...] = (("person", "person"), ("frame", "scene"))  # and the scope of each one's graph
_MOST_CHECKPOINTS = 8  # written while one head trains
_POOLINGS: dict[str, Callable[[int, int], nn.Module]] = {
    "mean": MeanPooling,
    "rank_one": RankOneAttentionalPooling,
    "generalized": lambda channels, classes: GeneralizedAttentionalPooling(channels, classes, first_rank=64),
}


@dataclass(frozen=True, slots=True)
class EverydaySettings:
    """Settings of the training; they were chosen on a hashed fifth of the training photos.

    Attributes:
        backbone: An EfficientNet-Lite.
        side: Of the pictures, in pixels.
        pooling: ``mean``, ``rank_one`` or ``generalized`` with 64, 32 and 16 channels. On frozen maps of whole photos
            the mean did best by far: mAP 85.9 against 73.1 for rank-1.
        epochs: Rounds over the training photos.
        rate: The highest learning rate.
        weight_decay: Of the weights.
        batch: Pictures a step.
        seed: Of weights and batches.
    """

    backbone: BackboneName = "efficientnet_lite2"
    side: int = 320
    pooling: str = "mean"
    epochs: int = 8
    rate: float = 5e-3
    weight_decay: float = 0.1
    batch: int = 64
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Everyday:
    """The trained heads, with their backbone and figures.

    Attributes:
        backbone: The frozen EfficientNet-Lite.
        heads: The pooling of each scope, ``person`` and ``scene``.
        labels: Names of the actions, in the order of both heads' scores.
        figures: mAP and top1 (0..1) on the test photos, by scope and for ``both``, their mean.
        counts: How many photos trained, and how many measured.
    """

    backbone: LastMap
    heads: dict[str, nn.Module]
    labels: tuple[str, ...]
    figures: dict[str, dict[str, float]]
    counts: tuple[int, int]


def fit_everyday(
    root: Path,
    weights: Path,
    work: Path,
    settings: EverydaySettings,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> Everyday:
    """Compute the maps, or take those that are on disk, train both heads and measure them.

    Args:
        root: Stanford 40 in its official layout.
        weights: Of the backbone, as its package has them.
        work: Folder of maps and checkpoints; a stopped training goes on from there.
        settings: Backbone, size of the pictures, pooling and training.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: Photos, lists or weights are missing or damaged.
        DivergenceError: A training diverged.
    """
    backbone, channels = make_backbone(settings.backbone, weights)
    backbone.eval().requires_grad_(False)
    found, labels = stanford40(root)
    samples = sorted(found, key=lambda sample: sample.path.name)
    actions = np.array([sample.label for sample in samples])
    training = np.flatnonzero([sample.split == "train" for sample in samples])
    # The packed set has no test photos; what is held out of its training photos measures there.
    split = measured_split(samples)
    measured = np.flatnonzero([sample.split == split for sample in samples])
    heads, said, figures = {}, [], {}
    # Other settings are another training: it must not go on from this one's checkpoint.
    decided = hashlib.sha256(repr(settings).encode()).hexdigest()[:8]
    for view, scope in VIEWS:
        maps = frozen_maps(backbone, samples, view, settings.side, work / "maps", progress=progress)
        if settings.pooling == "mean":  # the scores of the mean are the mean of the scores: one cell says as much
            maps = mean_maps(maps)
        head = fit_head(maps, actions, training, channels, len(labels), settings, work / f"{scope}_{decided}")
        heads[scope] = head
        said.append(answers(head, maps, measured))
        figures[scope] = _figures(said[-1], actions[measured])
    figures["both"] = _figures((said[0] + said[1]) / 2, actions[measured])
    return Everyday(backbone, heads, labels, figures, (len(training), len(measured)))


def mean_maps(maps: np.ndarray) -> np.ndarray:
    """Maps ``(N, C, h, w)`` averaged over their cells: ``(N, C, 1, 1)`` float32."""
    parts = range(0, len(maps), 64)
    means = [maps[start : start + 64].astype(np.float32).mean((2, 3), keepdims=True) for start in parts]
    return np.concatenate(means)


def fit_head(
    maps: np.ndarray,
    actions: np.ndarray,
    rows: np.ndarray,
    channels: int,
    classes: int,
    settings: EverydaySettings,
    work: Path,
    *,
    report: Callable[..., None] = log,
) -> nn.Module:
    """Train a classification head, which pools feature maps, on the maps of a frozen backbone.

    Args:
        maps: ``(N, C, h, w)``.
        actions: ``(N,)`` the class of each photo.
        rows: Rows of the training photos.
        channels: C.
        classes: How many actions there are.
        settings: Pooling, epochs, batch and rates.
        work: Folder of the checkpoint.
        report: Is told how the training goes, as keywords.

    Raises:
        DivergenceError: The training diverged.
    """
    torch.manual_seed(settings.seed)
    head, device = _POOLINGS[settings.pooling](channels, classes), training_device()
    steps = settings.epochs * -(-len(rows) // settings.batch)
    course = Course(
        f"everyday {work.name}",
        steps,
        settings.rate,
        weight_decay=settings.weight_decay,
        save_every=max(1, steps // min(settings.epochs, _MOST_CHECKPOINTS)),
        check_every=steps,
        optimizer=AdamW(),
        schedule=CosineSchedule(),
        average_decay=None,
        clip_norm=None,
    )

    def draw(wanted: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in wanted:
            chosen = rows[epoch_rows(len(rows), settings.batch, step, settings.seed)]
            yield torch.from_numpy(maps[chosen].astype(np.float32)), torch.from_numpy(actions[chosen])

    def loss(network: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        features, wanted = (part.to(device) for part in batch)
        return focal(network(features).scores, wanted, gamma=0.0).mean()

    return train(head, work / "checkpoint.safetensors", course, device=device, draw=draw, loss=loss, report=report)


@torch.no_grad()
def answers(head: nn.Module, maps: np.ndarray, rows: np.ndarray, *, batch: int = 64) -> np.ndarray:
    """Probabilities ``(len(rows), A)`` of a trained head."""
    parts = [rows[start : start + batch] for start in range(0, len(rows), batch)]
    scores = [head(torch.from_numpy(maps[part].astype(np.float32))).scores for part in parts]
    return torch.softmax(torch.cat(scores), -1).numpy()


def _figures(probability: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return {"mAP": mean_average_precision(probability, labels), "top1": top1(probability, labels)}
