"""What the pose network learns from: where each joint is, and which joints cannot be seen.

A map is a probability distribution over the crop. Joints that a teacher was less sure of count less, but point to the
place that it named: over many persons the map then spreads as far as its evidence does. Joints that nobody saw are
taught the flat map, so that a network says when it does not know.

Shapes: N persons, J joints, h×w maps.
"""

import torch
from torch.nn import functional

from trainer.models.edge_pose import LOGIT_SCALE, MAP_STRIDE

# Standard deviation of heat maps' peaks in cells; the weights that training starts from were trained with 2.
GAUSSIAN_SIGMA = 1.75
# How high a peak stands: PP-TinyPose's own height on joints that it is sure of.
PEAK = 0.9
# Under this score a teacher saw nothing, and its place says nothing either.
UNSEEN_SCORE = 0.1
# From this score on a label is sure, and a network that sees the joint this share of the crop's height away is wrong:
# about a third of a torso of somebody who fills the crop.
SURE_SCORE = 0.5
LARGEST_ERROR = 0.08


def target_maps(joints: torch.Tensor, *, height: int, width: int) -> torch.Tensor:
    """Maps ``(N, J, height, width)``, each summing to 1: the softmax of a Gaussian heat map times `LOGIT_SCALE`, as the
    network's own maps are made of heat maps; flat for joints that nobody saw.

    Args:
        joints: ``(N, J, 4)`` x, y in crop pixels, weight (not used), score 0..1.
        height: Rows.
        width: Columns.
    """
    centre = (joints[..., :2] + 0.5) / MAP_STRIDE - 0.5
    x = torch.exp(-((torch.arange(width, device=joints.device) - centre[..., :1]) ** 2) / (2 * GAUSSIAN_SIGMA**2))
    y = torch.exp(-((torch.arange(height, device=joints.device) - centre[..., 1:]) ** 2) / (2 * GAUSSIAN_SIGMA**2))
    peak = PEAK * (joints[..., 3, None, None] >= UNSEEN_SCORE)
    heat = y[..., :, None] * x[..., None, :] * peak
    return torch.softmax(LOGIT_SCALE * heat.flatten(2), -1).reshape(heat.shape)


def pose_loss(logits: torch.Tensor, joints: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of the maps from the target's, mean over the joints by how sure their labels are: a
    scalar.

    Args:
        logits: ``(N, J, h, w)`` float32, over the whole crop.
        joints: ``(N, J, 4)`` x, y in crop pixels, weight, score; weight 0 leaves the joint out.
    """
    target = target_maps(joints, height=logits.shape[2], width=logits.shape[3]).flatten(2)
    log_maps = functional.log_softmax(logits.flatten(2), -1)
    divergence = (target * (target.clamp_min(1e-12).log() - log_maps)).sum(-1)
    weight = joints[..., 2] * joints[..., 3].clamp_min(UNSEEN_SCORE)
    return (divergence * weight).sum() / weight.sum().clamp_min(1.0)


def agrees_with_labels(logits: torch.Tensor, joints: torch.Tensor, *, height: int) -> torch.Tensor:
    """Return which joints a network predicts close to a confident label, or has no confident label for: ``(N, J)``
    bool.

    Args:
        logits: ``(N, J, h, w)``, over the whole crop; the network may have seen it larger.
        joints: ``(N, J, 4)`` x, y in crop pixels, weight, score.
        height: Of the crop that the joints' pixels are of.
    """
    cells = logits.flatten(2).argmax(-1)
    found = torch.stack([cells % logits.shape[3], cells // logits.shape[3]], -1)
    error = (found + 0.5) * (height / logits.shape[2]) - 0.5 - joints[..., :2]
    sure = (joints[..., 2] > 0) & (joints[..., 3] >= SURE_SCORE)
    return ~sure | (error.norm(dim=-1) <= LARGEST_ERROR * height)
