"""A small gated 3D network of system C, trained some minutes on UT-Interaction, so that `gallery` has a clip's decision
to explain.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import torch
from rich.progress import track
from torch import nn
from torch.nn import functional

from edgeact.geometry import letterbox
from trainer.attribution.short_training import train_shortly
from trainer.data.action_sequences import INTERACTION_LABELS
from trainer.data.sets.ut_interaction import read_packed_ut_interaction
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.resnext3d import ResNeXt3d
from trainer.schedule import CosineSchedule

FRAMES, HEIGHT, WIDTH = 16, 80, 112
_MARGIN = 8  # pixels that a training clip may be shifted by


@dataclass(frozen=True, slots=True, eq=False)
class ClipDemonstrator:
    """The network, the classifier over its last layer's mean, its actions, and the share of unseen sequences' clips
    that it gets right.
    """

    network: GatedNetwork
    classifier: nn.Linear
    actions: tuple[str, ...]
    accuracy: float


def read_clip(path: Path) -> np.ndarray:
    """`FRAMES` frames, evenly over the video: ``(T, HEIGHT, WIDTH, 3)`` uint8 RGB."""
    with av.open(str(path)) as container:
        frames = [
            letterbox(frame.to_ndarray(format="rgb24"), width=WIDTH, height=HEIGHT)
            for frame in container.decode(video=0)
        ]
    return np.stack([frames[round(index)] for index in np.linspace(0, len(frames) - 1, FRAMES)])


def to_input(clips: np.ndarray) -> torch.Tensor:
    """(N, T, H, W, 3) uint8 RGB → (N, 3, T, H, W) float32 in [−1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(clips)).permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def _varied(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrored half of the time, shifted, brighter or darker: 60 clips would be known by heart otherwise."""
    if rng.random() < 0.5:
        clip = clip[:, :, ::-1]
    clip = np.roll(clip, tuple(rng.integers(-_MARGIN, _MARGIN + 1, 2)), axis=(1, 2))
    return np.clip(clip * rng.uniform(0.8, 1.2), 0, 255).astype(np.uint8)


def fit_clip_demonstrator(data: Path, *, steps: int = 800, batch: int = 8) -> ClipDemonstrator:
    """Train on the sequences that the project trains on, and measure on the others; about five minutes on one core."""
    found = read_packed_ut_interaction(data / "ut_interaction")
    chosen = [sample for sample in found.samples if sample.actions]
    clips = np.stack([read_clip(sample.video) for sample in track(chosen, description="clips")])
    labels = torch.tensor([INTERACTION_LABELS.index(found.actions[sample.actions[0]]) for sample in chosen])
    trained = np.flatnonzero([sample.split == "train" for sample in chosen])
    unseen = np.flatnonzero([sample.split == "test" for sample in chosen])
    torch.manual_seed(0)
    backbone = ResNeXt3d(
        (1, 1, 1, 1), classes=len(INTERACTION_LABELS), widths=(32, 32, 64, 64), stem_channels=16, cardinality=8
    )
    with torch.no_grad():
        sizes = {
            name: LayerSize(value.shape[1], value.shape[2])
            for name, value in backbone.eval().maps(to_input(clips[:1])).items()
        }
    network = GatedNetwork(ExplainedBackbone(backbone), len(INTERACTION_LABELS), sizes)
    rng = np.random.default_rng(0)

    def draw() -> tuple[torch.Tensor, torch.Tensor]:
        rows = rng.choice(trained, batch)
        return to_input(np.stack([_varied(clips[row], rng) for row in rows])), labels[rows]

    network = train_shortly(
        network,
        "C",
        steps=steps,
        rate=2e-3,
        draw=draw,
        loss=lambda model, drawn: functional.cross_entropy(model(drawn[0])[1], drawn[1], label_smoothing=0.1),
        schedule=CosineSchedule(warm_up=0, floor=0.0),
    )
    with torch.no_grad():
        right = [int(network(to_input(clips[row : row + 1]))[1].argmax()) == int(labels[row]) for row in unseen]
    return ClipDemonstrator(network, backbone.fc, INTERACTION_LABELS, float(np.mean(right)))
