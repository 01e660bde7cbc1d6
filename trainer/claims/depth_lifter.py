"""A small network that tells the depth of joints from where they are in the picture, to hold pictures against.

Two residual pairs of linear layers, in the manner of "A simple yet effective baseline for 3d human pose estimation"
(Martinez et al., ICCV 2017), one person in one picture at a time. N people, J joints.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from trainer.loop import Course, train

_WIDTH, _DROPOUT = 256, 0.25
_STEPS, _BATCH, _RATE = 2000, 128, 1e-3
_SHAKEN = 0.02  # of a crop: joints that a network finds are not where they are


class DepthLifter(nn.Module):
    """Joints (N, J, 2) in 0..1 of a person's crop → depth (N, J) in metres behind the root."""

    def __init__(self, joints: int, root: int) -> None:
        super().__init__()
        self.root = root
        self.stem = nn.Linear(2 * joints, _WIDTH)
        self.pairs = nn.ModuleList(nn.Sequential(*(layer for _ in range(2) for layer in _layers())) for _ in range(2))
        self.depth = nn.Linear(_WIDTH, joints)

    def forward(self, joints: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(4 * (joints - joints[:, self.root : self.root + 1]).flatten(1)))
        for pair in self.pairs:
            x = x + pair(x)
        depth = self.depth(x)
        return depth - depth[:, self.root : self.root + 1]


def _layers() -> tuple[nn.Module, ...]:
    return nn.Linear(_WIDTH, _WIDTH), nn.BatchNorm1d(_WIDTH), nn.ReLU(), nn.Dropout(_DROPOUT)


def fit_depth_lifter(
    joints: torch.Tensor, depth: torch.Tensor, checkpoint: Path, *, root: int, seed: int, mirror: list[int]
) -> DepthLifter:
    """Train on exact joints, shaken as found ones are and half of them mirrored.

    Args:
        joints: ``(N, J, 2)`` in 0..1 of each person's crop.
        depth: ``(N, J)`` metres behind the root.
        checkpoint: The training goes on from there.
        root: Which joint lies at depth 0.
        seed: Of weights and batches.
        mirror: For each joint its partner in a mirrored picture.
    """

    def draw(steps: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for step in steps:
            generator = torch.Generator().manual_seed(seed * _STEPS + step)
            rows = torch.randint(len(joints), (_BATCH,), generator=generator)
            given, wanted = joints[rows], depth[rows]
            turned = torch.rand(_BATCH, generator=generator) < 0.5
            other = torch.stack([1 - given[..., 0], given[..., 1]], -1)[:, mirror]
            given = torch.where(turned[:, None, None], other, given)
            wanted = torch.where(turned[:, None], wanted[:, mirror], wanted)
            yield given + _SHAKEN * torch.randn(given.shape, generator=generator), wanted

    torch.manual_seed(seed)
    return train(
        DepthLifter(joints.shape[1], root),
        checkpoint,
        Course("depth lifter", _STEPS, _RATE, save_every=_STEPS, average_decay=0.99),
        device=torch.device("cpu"),
        draw=draw,
        loss=lambda network, batch: (network(batch[0]) - batch[1]).abs().mean(),
    )
