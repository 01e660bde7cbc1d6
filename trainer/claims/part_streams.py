"""Paper A: image, attention and part streams add up; their concatenation, and the ensemble, beat each of them.

Here on features that do not learn: an EfficientNet-Lite0 of ImageNet looks at the person, at the person under
attention, and at head and hands; classifiers alone are trained on every fourth action of Stanford 40.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeact.bundle.load import Bundle
from trainer.claims.outcome import Outcome
from trainer.data.labelled_samples import LabelledSample, stanford40
from trainer.device import training_device
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.fit_paper import epoch_rows
from trainer.loop import Course, train
from trainer.losses import focal
from trainer.precomputed.stream_features import stream_features
from trainer.schedule import CosineSchedule
from trainer.tasks.backbones import BackboneName, make_backbone

SIDE = 160
_BACKBONE: BackboneName = "efficientnet_lite0"
_BATCH, _RATE, _WEIGHT_DECAY = 64, 5e-3, 0.1  # those of `trainer.fit_everyday`
# What each classifier is given, as columns of `trainer.precomputed.stream_features.VIEWS`.
STREAMS = {
    "image stream": (0,),
    "attention stream": (1,),
    "part stream": (2, 3, 4),
    "image and part, concatenated": (0, 2, 3, 4),
    "all three, concatenated": (0, 1, 2, 3, 4),
}
ENSEMBLE = ("image stream", "part stream", "all three, concatenated")  # section 4.4


@dataclass(frozen=True, slots=True, eq=False)
class StreamSet:
    """People with their features.

    Attributes:
        features: ``(N, 5, C)`` float32.
        actions: ``(N,)``.
        training: Rows that train.
        measured: Rows that measure.
        classes: How many actions there are.
    """

    features: np.ndarray
    actions: np.ndarray
    training: np.ndarray
    measured: np.ndarray
    classes: int


def read_streams(
    root: Path,
    weights: Path,
    bundle: Bundle,
    work: Path,
    *,
    actions: int,
    progress: Callable[[Sequence, str], Iterable],
    side: int = SIDE,
) -> StreamSet:
    """The people of so many of the forty actions, evenly taken from their list, and their features.

    Raises:
        SourceNotFoundError, SourceFormatError: Photos, lists or weights are missing or damaged.
    """
    samples, labels = some_actions(root, actions)
    backbone, _ = make_backbone(_BACKBONE, weights)
    features = stream_features(
        backbone.eval().requires_grad_(False), samples, bundle, side, work / "streams", progress=progress
    )
    return StreamSet(
        features,
        np.array(labels),
        np.flatnonzero([sample.split == "train" for sample in samples]),
        np.flatnonzero([sample.split != "train" for sample in samples]),
        actions,
    )


def some_actions(root: Path, actions: int) -> tuple[list[LabelledSample], list[int]]:
    """People of so many actions, evenly taken from the list of all, action by action, and the actions' numbers from 0.

    Raises:
        SourceNotFoundError, SourceFormatError: The lists are missing or damaged.
    """
    found, labels = stanford40(root)
    chosen = [len(labels) * index // actions for index in range(actions)]
    samples = sorted((s for s in found if s.label in chosen), key=lambda sample: (sample.label, sample.path.name))
    return samples, [chosen.index(sample.label) for sample in samples]


def try_streams(data: StreamSet, work: Path, *, seeds: int, epochs: int) -> list[Outcome]:
    """Train all classifiers with every seed, and measure each, and the ensemble, by its mAP.

    Raises:
        DivergenceError: A training diverged.
    """
    figures: dict[str, list[float]] = {name: [] for name in (*STREAMS, "ensemble")}
    for seed in range(seeds):
        torch.manual_seed(seed)
        network = StreamClassifiers(data.features.shape[2], data.classes)
        trained = _fit(network, data, work / "streams" / f"{data.classes}_{epochs}_{seed}", seed=seed, epochs=epochs)
        for name, probability in _answers(trained, data).items():
            figures[name].append(mean_average_precision(probability, data.actions[data.measured]))
    return [Outcome(name, tuple(found)) for name, found in figures.items()]


class StreamClassifiers(nn.Module):
    """Features (N, 5, C) → scores (N, A) of each classifier, in the order of `STREAMS`."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.classifiers = nn.ModuleList(nn.Linear(len(views) * channels, classes) for views in STREAMS.values())

    def forward(self, features: torch.Tensor) -> list[torch.Tensor]:
        return [
            classifier(features[:, views].flatten(1))
            for classifier, views in zip(self.classifiers, STREAMS.values(), strict=True)
        ]


def _fit(network: nn.Module, data: StreamSet, work: Path, *, seed: int, epochs: int) -> nn.Module:
    steps, device = epochs * -(-len(data.training) // _BATCH), training_device()
    course = Course(
        f"streams {work.name}",
        steps,
        _RATE,
        weight_decay=_WEIGHT_DECAY,
        save_every=steps,
        check_every=steps,
        schedule=CosineSchedule(),
        average_decay=None,
        clip_norm=None,  # of all classifiers together it would couple what has nothing in common
    )

    def draw(wanted: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in wanted:
            rows = data.training[epoch_rows(len(data.training), _BATCH, step, seed)]
            yield torch.from_numpy(data.features[rows]), torch.from_numpy(data.actions[rows])

    def loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        features, actions = (part.to(device) for part in batch)
        return torch.stack([focal(scores, actions).mean() for scores in model(features)]).sum()

    return train(network, work / "checkpoint.safetensors", course, device=device, draw=draw, loss=loss)


@torch.no_grad()
def _answers(network: nn.Module, data: StreamSet) -> dict[str, np.ndarray]:
    scores = network(torch.from_numpy(data.features[data.measured]))
    said = {name: torch.softmax(each, -1).numpy() for name, each in zip(STREAMS, scores, strict=True)}
    return {**said, "ensemble": np.mean([said[name] for name in ENSEMBLE], axis=0)}
