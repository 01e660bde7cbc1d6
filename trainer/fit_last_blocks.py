"""The last blocks of an EfficientNet-Lite learn together with a pooling, on maps below them that were computed once.

Few photos are easily learnt by heart. While it trains, the network therefore sees some of them mirrored, and a
window of each map instead of the whole; it is asked for a little less than certainty; and its weights are averaged over
the last steps.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainer.device import training_device
from trainer.everyday_recipe import LastBlocksSettings
from trainer.fit_paper import epoch_rows
from trainer.half_precision import half_where_native
from trainer.log import log
from trainer.loop import Course, train
from trainer.schedule import CosineSchedule

CHECKPOINT = "checkpoint.safetensors"
"""The file of a training in its folder."""
_MOST_CHECKPOINTS = 8  # written while one network trains
_SCORING = 32  # photos at a time


@dataclass(frozen=True, slots=True, eq=False)
class MapsBelow:
    """What the last blocks learn from.

    Attributes:
        plain: ``(T, C, h, w)`` maps below them, of the training photos.
        mirrored: The same of the mirrored photos.
        actions: ``(T,)``.
    """

    plain: np.ndarray
    mirrored: np.ndarray
    actions: np.ndarray


class BlocksAndPooling(nn.Module):
    """Maps below the last blocks (N, C, h, w) → scores of the actions (N, A)."""

    def __init__(self, blocks: nn.Module, pooling: nn.Module) -> None:
        """Take blocks and a pooling, which learn from where they are.

        Args:
            blocks: Maps below → the head's map.
            pooling: Of `trainer.layers.attentional_pooling`, for that map.
        """
        super().__init__()
        self.blocks, self.pooling = blocks, pooling

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        # The pooling stays in float32: the mean of a hundred cells in bfloat16 would lose the small differences.
        features = self.blocks(maps).float()
        with torch.autocast(maps.device.type, enabled=False):
            scores: torch.Tensor = self.pooling(features).scores
        return scores


def fit_last_blocks(
    network: BlocksAndPooling,
    data: MapsBelow,
    settings: LastBlocksSettings,
    work: Path,
    *,
    seed: int,
    report: Callable[..., None] = log,
) -> BlocksAndPooling:
    """Train blocks and pooling together, or go on from the checkpoint.

    Args:
        network: Published blocks, and a pooling that has learnt on what they give.
        data: Maps and actions of the training photos.
        settings: How they learn.
        work: Folder of the checkpoint.
        seed: Of the batches.
        report: Is told how the training goes, as keywords.

    Raises:
        DivergenceError: The training diverged.
    """
    steps, device = settings.epochs * -(-len(data.actions) // settings.batch), training_device()
    if steps == 0:
        return network.eval()
    course = Course(
        f"everyday {work.parent.name} {work.name}",
        steps,
        settings.rate,
        weight_decay=settings.weight_decay,
        save_every=max(1, steps // min(settings.epochs, _MOST_CHECKPOINTS)),
        check_every=steps,
        optimizer=settings.optimizer,
        schedule=CosineSchedule(warm_up=min(settings.warm_up, steps // 4)),
        average_decay=settings.average_decay,
        clip_norm=settings.clip_norm,
        mixed_precision=True,
        channels_last=False,  # a step on small maps takes two thirds of the time so, on a processor with bfloat16
    )

    def draw(wanted: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in wanted:
            rows = np.array(epoch_rows(len(data.actions), settings.batch, step, seed))
            random = np.random.default_rng((seed, 1, step))
            yield torch.from_numpy(windows(data, rows, settings, random)), torch.from_numpy(data.actions[rows])

    def loss(trained: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        maps, wanted = (part.to(device) for part in batch)
        return functional.cross_entropy(trained(maps).float(), wanted, label_smoothing=settings.smoothing)

    return train(network, work / CHECKPOINT, course, device=device, draw=draw, loss=loss, report=report)


def windows(data: MapsBelow, rows: np.ndarray, settings: LastBlocksSettings, random: np.random.Generator) -> np.ndarray:
    """Windows of maps, one of each row at a place of its own, some of mirrored photos.

    Args:
        data: Maps of the training photos.
        rows: ``(N,)``.
        settings: How large windows are, and how many are of mirrored photos.
        random: Says which are mirrored, and where the windows lie.

    Returns:
        ``(N, C, h, w)`` float32.
    """
    height, width = (max(1, round(settings.window * side)) for side in data.plain.shape[2:])
    mirrored = random.random(len(rows)) < settings.mirror_share
    tops = random.integers(0, data.plain.shape[2] - height + 1, len(rows))
    lefts = random.integers(0, data.plain.shape[3] - width + 1, len(rows))
    chosen = [
        (data.mirrored if turned else data.plain)[row, :, top : top + height, left : left + width]
        for row, turned, top, left in zip(rows, mirrored, tops, lefts, strict=True)
    ]
    return np.stack(chosen).astype(np.float32)


@torch.no_grad()
def probabilities(network: BlocksAndPooling, maps: np.ndarray) -> np.ndarray:
    """Probabilities ``(N, A)`` of maps below the last blocks ``(N, C, h, w)``."""
    parts = (maps[start : start + _SCORING] for start in range(0, len(maps), _SCORING))
    with half_where_native():
        scores = [network(torch.from_numpy(part.astype(np.float32))) for part in parts]
    return torch.softmax(torch.cat(scores).float(), -1).numpy()
