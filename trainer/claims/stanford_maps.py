"""Heads on frozen maps of Stanford 40, in minutes: the reduced setting of a claim about paper D.

Maps of whole photos by a frozen EfficientNet-Lite, averaged to 5×5 cells and projected on
their principal channels; heads alone are trained, several seeds each, and measured on the official test photos.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainer.claims.outcome import Outcome
from trainer.data.labelled_samples import stanford40
from trainer.device import training_device
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.fit_paper import epoch_rows
from trainer.loop import Course, train
from trainer.losses import focal
from trainer.precomputed.frozen_maps import frozen_maps
from trainer.schedule import CosineSchedule
from trainer.tasks.backbones import BackboneName, make_backbone

Draw = tuple[torch.Tensor, torch.Tensor]
"""Maps and actions of some samples."""
Variant = tuple[str, Callable[[], nn.Module], Callable[[nn.Module, Draw], torch.Tensor]]
"""A name, what makes the network, and its loss on a draw."""

_CELLS, _CHANNELS = 5, 128
_BATCH, _RATE, _WEIGHT_DECAY = 64, 5e-3, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The samples.

    Attributes:
        maps: ``(N, C, h, w)`` float32.
        means: ``(N, D, 1, 1)`` float32, the mean of every channel that the backbone has.
        actions: ``(N,)`` the class of each photo.
        training: ``(K,)`` rows of the training photos.
        measured: ``(M,)`` rows of the photos that the trained heads are measured on.
        classes: How many actions there are.
    """

    maps: torch.Tensor
    means: torch.Tensor
    actions: np.ndarray
    training: np.ndarray
    measured: np.ndarray
    classes: int


def read_reduced(
    root: Path,
    weights: Path,
    work: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
    backbone: BackboneName = "efficientnet_lite2",
    side: int = 320,
) -> Reduced:
    """Read the photos' feature maps, pool them to 5×5 cells and project them on their principal channels.

    Maps that were computed before are read from disk.

    Args:
        root: Stanford 40 in its official layout.
        weights: Of the backbone, as its package has them.
        work: Folder of the maps.
        progress: Gives items one after the other and shows how far it is.
        backbone: What sees the photos; it does not learn.
        side: Of the squares that it sees, in pixels.

    Raises:
        SourceNotFoundError, SourceFormatError: Photos, lists or weights are missing or damaged.
    """
    network, _ = make_backbone(backbone, weights)
    found, labels = stanford40(root)
    samples = sorted(found, key=lambda sample: sample.path.name)
    full = frozen_maps(network.eval(), samples, "frame", side, work / "maps", progress=progress)
    training = np.flatnonzero([sample.split == "train" for sample in samples])
    measured = np.flatnonzero([sample.split != "train" for sample in samples])
    small = torch.cat(
        [
            nn.functional.adaptive_avg_pool2d(torch.from_numpy(full[start : start + 64].astype(np.float32)), _CELLS)
            for start in range(0, len(full), 64)
        ]
    )
    maps = project(small, training, _CHANNELS)
    # Of cells that cover the map evenly the mean is that of the map.
    means = small.mean((2, 3), keepdim=True)
    return Reduced(maps, means, np.array([s.label for s in samples]), training, measured, len(labels))


def project(maps: torch.Tensor, rows: np.ndarray, channels: int) -> torch.Tensor:
    """Project maps on their principal channels (PCA), scaled so that the standard deviation over all values is 1.

    Args:
        maps: ``(N, C, h, w)``.
        rows: Rows whose cells, of every fourth row, the principal channels are computed from.
        channels: How many channels are kept: D.

    Returns:
        ``(N, D, h, w)``.
    """
    cells = maps[rows[::4]].movedim(1, -1).reshape(-1, maps.shape[1])
    mean = cells.mean(0)
    _, vectors = torch.linalg.eigh((cells - mean).T @ (cells - mean))
    chosen = vectors[:, -channels:]
    scale = ((cells - mean) @ chosen).std()
    return torch.einsum("nchw,cd->ndhw", maps - mean[:, None, None], chosen) / scale


def try_variants(
    claim: str, variants: Sequence[Variant], data: Reduced, work: Path, *, seeds: int, epochs: int
) -> list[Outcome]:
    """Train every variant with every seed, and measure it by its mAP.

    Args:
        claim: Its checkpoints lie in a folder of this name.
        variants: What is compared.
        data: Reduced maps.
        work: Folder of the checkpoints.
        seeds: How many trainings of each variant.
        epochs: Rounds over the training photos.

    Raises:
        DivergenceError: A training diverged.
    """
    outcomes = []
    for name, make, loss in variants:
        found = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            network = _fit(make(), loss, data, work / claim / f"{name}_{epochs}_{seed}", seed=seed, epochs=epochs)
            found.append(_measure(network, data))
        outcomes.append(Outcome(name, tuple(found)))
    return outcomes


def class_loss(network: nn.Module, batch: Draw) -> torch.Tensor:
    """The loss of the actions alone."""
    return focal(network(batch[0]).scores, batch[1], gamma=0.0).mean()


def _fit(
    network: nn.Module,
    loss: Callable[[nn.Module, Draw], torch.Tensor],
    data: Reduced,
    work: Path,
    *,
    seed: int,
    epochs: int,
) -> nn.Module:
    steps, device = epochs * -(-len(data.training) // _BATCH), training_device()
    course = Course(
        work.name,
        steps,
        _RATE,
        weight_decay=_WEIGHT_DECAY,
        save_every=steps,
        check_every=steps,
        schedule=CosineSchedule(),
        average_decay=None,
    )

    def draw(wanted: range) -> Iterator[Draw]:
        for step in wanted:
            rows = data.training[epoch_rows(len(data.training), _BATCH, step, seed)]
            yield data.maps[rows], torch.from_numpy(data.actions[rows])

    return train(
        network,
        work / "checkpoint.safetensors",
        course,
        device=device,
        draw=draw,
        loss=lambda model, batch: loss(model, (batch[0].to(device), batch[1].to(device))),
    )


@torch.no_grad()
def _measure(network: nn.Module, data: Reduced) -> float:
    scores = torch.cat([network(data.maps[rows]).scores for rows in np.array_split(data.measured, 40)])
    return mean_average_precision(torch.softmax(scores, -1).numpy(), data.actions[data.measured])
