"""The linear floor of a backbone: what a linear classifier makes of its mean features, while no block of it learns.

A paper's head has to be better than that on the same photos, or it has brought nothing.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from trainer.claims.outcome import Outcome
from trainer.claims.stanford_maps import Reduced, class_loss, try_variants
from trainer.claims.tuned_blocks import tuned_rows
from trainer.claims.tuned_photos import TunedPhotos
from trainer.layers.attentional_pooling import MeanPooling
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.split_lite import UpperBlocks

FLOOR = "linear floor, no block learns"
_EPOCHS = 30
_LOOKS = 64  # photos at a time


def frozen_floor(data: Reduced, work: Path, *, seeds: int) -> Outcome:
    """Train a linear classifier on the means of all channels, with every seed, and measure its mAP.

    Args:
        data: Photos, of which only the means are looked at.
        work: Folder of the checkpoints.
        seeds: How many trainings.

    Raises:
        DivergenceError: A training diverged.
    """
    channels, count = data.means.shape[1], len(data.training)
    variant = (f"{FLOOR}_{count}", lambda: MeanPooling(channels, data.classes), class_loss)
    means = replace(data, maps=data.means)
    (outcome,) = try_variants("linear_floor", [variant], means, work, seeds=seeds, epochs=_EPOCHS)
    return Outcome(FLOOR, outcome.figures)


def linear_floor(network: EfficientNetLite, blocks: int, data: TunedPhotos, work: Path, *, seeds: int) -> list[Outcome]:
    """Train a linear classifier on the mean features of the photos that train, with every seed.

    Args:
        network: With published weights.
        blocks: How many of its blocks made the maps of ``data``.
        data: Photos, measured as `trainer.claims.tuned_blocks.try_tuned` measures them.
        work: Folder of the checkpoints.
        seeds: How many trainings.

    Returns:
        The rows of `trainer.claims.tuned_blocks.tuned_rows`.

    Raises:
        DivergenceError: A training diverged.
    """
    upper = UpperBlocks(network, blocks).eval()
    plain, beside = _features(upper, data.maps), _features(upper, data.misled)
    features = torch.cat([plain, beside])
    actions = np.concatenate([data.actions, data.actions[data.misled_rows]])
    measured = (data.measured, data.misled_rows, np.arange(len(plain), len(features)))
    found = []
    for rows in measured:  # one training each: the second and third time its checkpoint is read
        reduced = Reduced(features, features, actions, data.training, rows, data.classes)
        found.append(frozen_floor(reduced, work, seeds=seeds).figures)
    return tuned_rows(FLOOR, list(zip(*found, strict=True)), data)


@torch.no_grad()
def _features(upper: UpperBlocks, maps: np.ndarray) -> torch.Tensor:
    """Mean features ``(N, C, 1, 1)`` float32 of maps ``(N, c, h, w)``."""
    starts = range(0, len(maps), _LOOKS)
    parts = [torch.from_numpy(maps[start : start + _LOOKS].astype(np.float32)) for start in starts]
    return torch.cat([upper(part).mean((2, 3), keepdim=True) for part in parts])
