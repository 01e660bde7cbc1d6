"""Paper E's family, from poses: how far the small action network comes on sets of joints, on their official splits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainer.claims.outcome import Outcome
from trainer.data.pose_action_sets import (
    JHMDB_SPLITS,
    PoseActionSet,
    jhmdb_set,
    nwucla_set,
    penn_action_set,
    utd_mhad_set,
)
from trainer.device import training_device
from trainer.evaluate.metrics.accuracy import top1
from trainer.fit_paper import epoch_rows
from trainer.inputs.action_clip import CLIP_LENGTH
from trainer.loop import Course, train
from trainer.losses import focal
from trainer.models.edge_action import EdgeAction
from trainer.schedule import CosineSchedule

_BATCH, _RATE, _WEIGHT_DECAY = 64, 2e-3, 0.05
_TRIM = 0.12  # at most so much of either end of a sequence is left out while training
_YAW, _PITCH, _ROLL = 0.6, 0.2, 0.25  # radians to either side: 3D turns about the height and sways, 2D rolls
_STRETCH, _NOISE, _LOST = 0.15, 0.02, 0.1  # of log size an axis, of the person's size, of the joints


def pose_action_sets(data: Path) -> Iterator[PoseActionSet]:
    """Penn Action, the three splits of JHMDB, NW-UCLA and UTD-MHAD, in this order.

    Raises:
        SourceNotFoundError, SourceFormatError: A set is missing or damaged.
    """
    yield penn_action_set(data / "penn_action")
    for split in JHMDB_SPLITS:
        yield jhmdb_set(data / "jhmdb", split)
    yield nwucla_set(data / "nwucla")
    yield utd_mhad_set(data / "utd_mhad_skel")


def try_action_from_poses(
    sets: Iterable[PoseActionSet],
    work: Path,
    *,
    seeds: int,
    steps: int,
    progress: Callable[[Sequence, str], Iterable],
) -> Iterator[tuple[PoseActionSet, Outcome]]:
    """Train the network on each set with every seed, and measure the share of clips it calls right (top-1).

    The last weights are measured, whole sequences, one clip each: nothing is chosen on them.

    Args:
        sets: What is learnt and measured.
        work: Folder of the checkpoints; a stopped training goes on from there.
        seeds: How many.
        steps: Of each training.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        DivergenceError: A training diverged.
    """
    for number, chosen in enumerate(sets):
        found = []
        for seed in progress(range(seeds), chosen.name):
            torch.manual_seed(seed)
            network = _fit(chosen, work / f"{number}_{steps}_{seed}", seed=seed, steps=steps)
            found.append(_measure(network, chosen))
        yield chosen, Outcome(chosen.name, tuple(found))


def _fit(chosen: PoseActionSet, work: Path, *, seed: int, steps: int) -> EdgeAction:
    _, joints, values = chosen.sequences[0].shape
    device, sequences = training_device(), [torch.from_numpy(one) for one in chosen.sequences]
    course = Course(
        f"poses {work.name}",
        steps,
        _RATE,
        weight_decay=_WEIGHT_DECAY,
        save_every=max(1, steps // 4),
        check_every=max(1, steps // 4) * 4,
        schedule=CosineSchedule(warm_up=min(100, steps // 5)),
        average_decay=None,
    )

    def draw(wanted: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in wanted:
            rows = chosen.training[epoch_rows(len(chosen.training), _BATCH, step, seed)]
            rng = np.random.default_rng((seed, 1, step))
            clips = torch.stack([evenly_drawn(sequences[row], *rng.uniform(0, _TRIM, 2)) for row in rows])
            yield (
                varied(clips, chosen, torch.Generator().manual_seed(int(rng.integers(2**31)))),
                torch.from_numpy(chosen.labels[rows]),
            )

    def loss(network: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        clips, wanted = (part.to(device) for part in batch)
        return focal(network(clips), wanted, gamma=0.0).mean()

    network = EdgeAction(len(chosen.actions), joints=joints, dimensions=values - 1)
    return train(network, work / "checkpoint.safetensors", course, device=device, draw=draw, loss=loss)


@torch.no_grad()
def _measure(network: EdgeAction, chosen: PoseActionSet) -> float:
    network.eval()
    clips = torch.stack([evenly_drawn(torch.from_numpy(chosen.sequences[row])) for row in chosen.measured])
    scores = torch.cat([network(facing(part, chosen.hips)) for part in clips.split(_BATCH)])
    return top1(scores.numpy(), chosen.labels[chosen.measured])


def evenly_drawn(sequence: torch.Tensor, before: float = 0.0, after: float = 0.0) -> torch.Tensor:
    """`CLIP_LENGTH` frames, nearest in time, of a sequence ``(T, ...)`` without so much of its start and end
    (ratios).
    """
    last = len(sequence) - 1
    return sequence[torch.linspace(before * last, (1 - after) * last, CLIP_LENGTH).round().long()]


def facing(clips: torch.Tensor, hips: tuple[int, int] | None) -> torch.Tensor:
    """Clips ``(N, T, J, 4)`` in 3D turned about the height until the hips of a clip lie, on average, along x.

    Clips in 2D, of which no hips are named, stay as they are.
    """
    if hips is None:
        return clips
    across = (clips[:, :, hips[1], :3] - clips[:, :, hips[0], :3]).mean(1)
    return _turned(clips, torch.atan2(across[:, 2], across[:, 0]))


def varied(clips: torch.Tensor, chosen: PoseActionSet, generator: torch.Generator) -> torch.Tensor:
    """Clips ``(N, T, J, D + 1)`` as other cameras and other pose networks would give them, another each time."""

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator) * 2 - 1

    clips, count = facing(clips, chosen.hips).clone(), len(clips)
    if chosen.mirror is not None:
        mirrored = uniform(count) > 0
        other = clips[mirrored][:, :, list(chosen.mirror)]
        other[..., 0] = -other[..., 0]
        clips[mirrored] = other
    if clips.shape[-1] == 4:
        clips = _turned(clips, _YAW * uniform(count))
        clips = _rolled(clips, _PITCH * uniform(count), 1, 2)
    else:
        clips = _rolled(clips, _ROLL * uniform(count), 0, 1)
    seen = clips[..., -1:]
    size = (clips[..., :-1].amax((1, 2), keepdim=True) - clips[..., :-1].amin((1, 2), keepdim=True)).amax(-1, True)
    noise = torch.randn(clips[..., :-1].shape, generator=generator) * _NOISE * size
    place = clips[..., :-1] * torch.exp(_STRETCH * uniform(count, 1, 1, clips.shape[-1] - 1)) + noise * (
        torch.rand((count, 1, 1, 1), generator=generator)
    )
    kept = (torch.rand((count, 1, clips.shape[2], 1), generator=generator) > _LOST).float()
    return torch.cat([place, seen * kept], -1)


def _turned(clips: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    return _rolled(clips, angles, 0, 2)


def _rolled(clips: torch.Tensor, angles: torch.Tensor, first: int, second: int) -> torch.Tensor:
    """Rotated in the plane of two axes by −angle: what pointed at ``angle`` from the first towards the second axis
    points along the first.
    """
    cosine, sine = (value[:, None, None] for value in (torch.cos(angles), torch.sin(angles)))
    a, b = clips[..., first], clips[..., second]
    parts = list(clips.unbind(-1))
    parts[first], parts[second] = cosine * a + sine * b, cosine * b - sine * a
    return torch.stack(parts, -1)
