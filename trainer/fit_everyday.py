"""Forty everyday actions of single pictures, by an EfficientNet-Lite whose last blocks learn with a pooling of paper D.

Two networks learn alike: one from the crop of the person who acts, one from the whole photo, which needs no box. The
blocks below those that learn see each photo once; their maps are kept. A pooling first learns alone, on the maps of the
published blocks, then the last blocks learn with it (`trainer.fit_last_blocks`). The set's official test photos measure
both networks, and their mean; nothing is chosen on them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeact.bundle.manifest import Scope
from trainer.checkpoint import find_checkpoint
from trainer.data.labelled_samples import LabelledSample, measured_split, stanford40
from trainer.data.picture_batches import View
from trainer.device import training_device
from trainer.evaluate.metrics.accuracy import top1
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.everyday_recipe import EverydayRecipe, HeadSettings, PoolingName
from trainer.fit_last_blocks import (
    CHECKPOINT,
    BlocksAndPooling,
    MapsBelow,
    fit_last_blocks,
    probabilities,
)
from trainer.fit_paper import epoch_rows
from trainer.half_precision import half_where_native
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling
from trainer.log import log
from trainer.loop import Course, train
from trainer.losses import focal
from trainer.models.efficientnet_lite import SIZES, EfficientNetLite, load_efficientnet_lite
from trainer.models.last_map import LastMap
from trainer.models.split_lite import LowerBlocks, UpperBlocks, rejoined
from trainer.precomputed.frozen_maps import MapPictures, kept_maps, view_of
from trainer.schedule import CosineSchedule

VIEWS: tuple[tuple[View, Scope], ...] = (("person", "person"), ("frame", "scene"))  # and the scope of each one's graph
_MOST_CHECKPOINTS = 8  # written while one head trains
_BATCH = 32  # photos at a time, where nothing learns
_POOLINGS: dict[PoolingName, Callable[[int, int], nn.Module]] = {
    "mean": MeanPooling,
    "rank_one": RankOneAttentionalPooling,
    "generalized": lambda channels, classes: GeneralizedAttentionalPooling(channels, classes, first_rank=64),
}


@dataclass(frozen=True, slots=True, eq=False)
class Everyday:
    """The trained networks and their figures.

    Attributes:
        backbones: The EfficientNet-Lite of each scope, ``person`` and ``scene``; their first blocks are the same.
        heads: The pooling of each scope.
        labels: Names of the actions, in the order of both heads' scores.
        figures: mAP and top1 (0..1) on the test photos, by scope and for ``both``, their mean.
        counts: How many photos trained, and how many measured.
    """

    backbones: dict[str, LastMap]
    heads: dict[str, nn.Module]
    labels: tuple[str, ...]
    figures: dict[str, dict[str, float]]
    counts: tuple[int, int]


def fit_everyday(
    root: Path,
    weights: Path,
    work: Path,
    recipe: EverydayRecipe,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> Everyday:
    """Compute the maps, or take those that are on disk, train both networks and measure them.

    Args:
        root: Stanford 40 in its official layout.
        weights: Of the backbone, as its package has them.
        work: Folder of maps and checkpoints; a stopped training goes on from there.
        recipe: Backbone, size of the pictures, pooling and training.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: Photos, lists or weights are missing or damaged.
        DivergenceError: A training diverged.
    """
    network = EfficientNetLite(SIZES[recipe.backbone], classes=0)
    load_efficientnet_lite(network, weights, keep_head=False)
    network.eval().requires_grad_(False)
    found, labels = stanford40(root)
    samples = sorted(found, key=lambda sample: sample.path.name)
    training = [sample for sample in samples if sample.split == "train"]
    # The packed set has no test photos; what is held out of its training photos measures there.
    split = measured_split(samples)
    measured = [sample for sample in samples if sample.split == split]
    truth = np.array([sample.label for sample in measured])
    frozen = recipe.last_blocks.frozen
    lower, kept = LowerBlocks(network, frozen).eval(), work / f"lower_{frozen}"

    def maps_of(chosen: Sequence[LabelledSample], view: View, *, mirrored: bool = False) -> np.ndarray:
        def picture(row: int) -> np.ndarray:
            square = view_of(chosen[row], view, recipe.side)
            return square[:, ::-1].copy() if mirrored else square

        pictures = MapPictures(f"{view}_mirrored" if mirrored else view, chosen, picture)
        return kept_maps(lower, pictures, recipe.side, kept, progress=progress)

    networks: dict[str, BlocksAndPooling] = {}
    # Another recipe is another training, which must not go on from this one's checkpoint; what is made of the answers
    # changes no training.
    text = recipe.model_dump_json(exclude={"name", "mirrored", "score"})
    decided = hashlib.sha256(text.encode()).hexdigest()[:8]
    for view, scope in VIEWS:
        data = MapsBelow(
            maps_of(training, view),
            maps_of(training, view, mirrored=True),
            np.array([sample.label for sample in training]),
        )
        kept_here = work / f"{scope}_{decided}"
        networks[scope] = _fit_network(network, data, len(labels), recipe, kept_here, progress)

    said, ways = {}, (False, True) if recipe.mirrored else (False,)
    for view, scope in VIEWS:
        looks = [probabilities(networks[scope], maps_of(measured, view, mirrored=way)) for way in ways]
        said[scope] = np.mean(looks, axis=0)
    said["both"] = np.mean([said[scope] for _, scope in VIEWS], axis=0)
    return Everyday(
        {scope: LastMap(rejoined(network, trained.blocks).eval()) for scope, trained in networks.items()},
        {scope: trained.pooling for scope, trained in networks.items()},
        labels,
        {name: _figures(probability, truth) for name, probability in said.items()},
        (len(training), len(measured)),
    )


def _fit_network(
    network: EfficientNetLite,
    data: MapsBelow,
    classes: int,
    recipe: EverydayRecipe,
    work: Path,
    progress: Callable[[Sequence, str], Iterable],
) -> BlocksAndPooling:
    """Train a pooling on what the published last blocks give, then both together."""
    upper, kept = UpperBlocks(network, recipe.last_blocks.frozen), work / "last_blocks"
    if find_checkpoint(kept / CHECKPOINT) is None:
        maps = _upper_maps(upper.eval(), data.plain, mean=recipe.head.pooling == "mean", progress=progress)
        rows = np.arange(len(maps))
        pooling = fit_head(
            maps,
            data.actions,
            rows,
            upper.channels,
            classes,
            recipe.head,
            work / "pooling",
            seed=recipe.seed,
            name=f"everyday {work.name} pooling",
        )
    else:  # both have begun to learn together, and go on from there
        pooling = _POOLINGS[recipe.head.pooling](upper.channels, classes)
    both = BlocksAndPooling(upper.requires_grad_(True), pooling)
    return fit_last_blocks(both, data, recipe.last_blocks, kept, seed=recipe.seed)


@torch.no_grad()
def _upper_maps(
    upper: UpperBlocks, below: np.ndarray, *, mean: bool, progress: Callable[[Sequence, str], Iterable]
) -> np.ndarray:
    """Maps of the published last blocks ``(N, 1280, h, w)`` float16, or their mean over the cells, float32."""
    parts = []
    for start in progress(range(0, len(below), _BATCH), "features"):
        with half_where_native():
            maps = upper(torch.from_numpy(below[start : start + _BATCH].astype(np.float32))).float()
        # The scores of mean pooling are the mean of the cells' scores: one cell says as much as all.
        parts.append(maps.mean((2, 3), keepdim=True).numpy() if mean else maps.half().numpy())
    return np.concatenate(parts)


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
    settings: HeadSettings,
    work: Path,
    *,
    seed: int,
    name: str,
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
        seed: Of weights and batches.
        name: What log and event files call the training.
        report: Is told how the training goes, as keywords.

    Raises:
        DivergenceError: The training diverged.
    """
    torch.manual_seed(seed)
    head, device = _POOLINGS[settings.pooling](channels, classes), training_device()
    steps = settings.epochs * -(-len(rows) // settings.batch)
    course = Course(
        name,
        steps,
        settings.rate,
        weight_decay=settings.weight_decay,
        save_every=max(1, steps // min(settings.epochs, _MOST_CHECKPOINTS)),
        check_every=steps,
        optimizer=settings.optimizer,
        schedule=CosineSchedule(),
        average_decay=None,
        clip_norm=None,
    )

    def draw(wanted: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in wanted:
            chosen = rows[epoch_rows(len(rows), settings.batch, step, seed)]
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
