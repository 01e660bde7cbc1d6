"""What the pose network learns from: labelled joints, and a larger network's maps.

Distances are in pixels of the crop, so that the losses of maps of any size are alike. Shapes: N persons, J joints, h×w
maps.
"""

import torch
from torch.nn import functional

from trainer.layers.soft_argmax import soft_argmax, spatial_softmax
from trainer.models.edge_pose import INPUT_HEIGHT, INPUT_WIDTH

GAUSSIAN_SIGMA = 6.0  # pixels: about the spread of human annotators
# A third of the crop's width and more: the elastic net's two terms then weigh alike, and about as much as the
# cross-entropy.
DISTANCE_UNIT = 48.0


def pose_loss(logits: torch.Tensor, joints: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the maps with a Gaussian around each joint, plus half the elastic net of their expectation: a
    scalar.

    Args:
        logits: ``(N, J, h, w)`` float32, over the whole crop.
        joints: ``(N, J, 3)`` x, y in crop pixels, weight; weight 0 leaves the joint out.
    """
    columns, rows = _cell_centres(logits)
    x = torch.exp(-((columns - joints[..., :1]) ** 2) / (2 * GAUSSIAN_SIGMA**2))
    y = torch.exp(-((rows - joints[..., 1:2]) ** 2) / (2 * GAUSSIAN_SIGMA**2))
    target = (y[..., :, None] * x[..., None, :]).flatten(2)
    target = target / target.sum(-1, keepdim=True).clamp_min(1e-6)
    weight = joints[..., 2]
    return (_difference(logits, target, joints[..., :2]) * weight).sum() / weight.sum().clamp_min(1.0)


def distillation_loss(logits: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """The same with a teacher's maps in place of the Gaussian, and their expectation in place of the joint: a scalar.

    After "Distilling the Knowledge in a Neural Network" (Hinton et al., arXiv 1503.02531): the maps also say what else
    the joint could be.

    Args:
        logits: ``(N, J, h, w)`` float32.
        teacher: ``(N, J, h', w')`` float32 logits of the same crops; gets no gradient.
    """
    maps = resized_maps(teacher.detach(), (logits.shape[2], logits.shape[3]))
    return _difference(logits, maps.flatten(2), expected_joints(maps)).mean()


def resized_maps(logits: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Probability maps ``(N, J, *size)``, each summing to 1, of logits of another size over the same crop."""
    maps = spatial_softmax(logits)
    if maps.shape[2:] != size:
        maps = functional.interpolate(maps, size=size, mode="bilinear", align_corners=False, antialias=True)
        maps = maps / maps.sum((2, 3), keepdim=True)
    return maps


def _cell_centres(maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Centres of the columns (w,) and rows (h,) of maps over a crop, in its pixels."""
    height, width = maps.shape[2:]
    columns = (torch.arange(width, device=maps.device) + 0.5) * (INPUT_WIDTH / width) - 0.5
    rows = (torch.arange(height, device=maps.device) + 0.5) * (INPUT_HEIGHT / height) - 0.5
    return columns, rows


def _difference(logits: torch.Tensor, target: torch.Tensor, joints: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with target maps (N, J, h·w) and half the elastic net (paper E, equation 11) with joints (N, J, 2):
    (N, J).
    """
    log_maps = functional.log_softmax(logits.flatten(2), -1)
    distance = (expected_joints(log_maps.exp().reshape(logits.shape)) - joints) / DISTANCE_UNIT
    elastic = distance.abs().sum(-1) + distance.square().sum(-1)
    return -(target * log_maps).sum(-1) + 0.5 * elastic


def expected_joints(maps: torch.Tensor) -> torch.Tensor:
    """Soft-argmax ``(N, J, 2)`` x, y in crop pixels of probability maps ``(N, J, h, w)`` over the crop."""
    return soft_argmax(maps) * torch.tensor([INPUT_WIDTH, INPUT_HEIGHT], dtype=maps.dtype, device=maps.device) - 0.5
