"""Heat maps → coordinates by expectation, depth and confidence (paper E, section 3.2).

Paper E is Luvizon, Picard, Tabia, "Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action
Recognition", TPAMI 2020. Shapes: N pictures, J joints, h×w cells.
"""

import torch


def spatial_softmax(logits: torch.Tensor) -> torch.Tensor:
    """Φ of eq. 6: maps (N, J, h, w) that each sum to 1 over their cells."""
    return torch.softmax(logits.flatten(2), -1).reshape(logits.shape)


def soft_argmax(maps: torch.Tensor) -> torch.Tensor:
    """Ψ of eq. 8: the expected place of maps that sum to 1: ``(N, J, 2)`` x, y, 0 at the picture's left and upper edge,
    1 at the others.

    Cell c stands for its centre, (c + ½)/w: with the equation's c/w all poses would lie half a cell too far to the
    upper left, by a different amount at each resolution.
    """
    height, width = maps.shape[2:]
    x = (torch.arange(width, dtype=maps.dtype, device=maps.device) + 0.5) / width
    y = (torch.arange(height, dtype=maps.dtype, device=maps.device) + 0.5) / height
    return torch.stack([(maps.sum(2) * x).sum(-1), (maps.sum(3) * y).sum(-1)], -1)


def expected_depth(maps: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """Depth z of eq. 9: depth maps (N, J, h, w) weighted by the probability of each cell: ``(N, J)``."""
    return (maps * depth).sum((2, 3))


def joint_confidence(maps: torch.Tensor) -> torch.Tensor:
    """The highest cell of each map: ``(N, J)``, near 1 for a pointed map, near 1/(h·w) for a flat one (section
    3.2.3).
    """
    return maps.amax((2, 3))
