"""What the pose network learns from: where each joint is, and which joints cannot be seen.

A map is a probability distribution over the crop. Joints that a teacher was less sure of count less, but point to the
place that it named: over many persons the map then spreads as far as its evidence does. Joints that nobody saw are
taught the flat map, so that a network says when it does not know.

Shapes: N persons, J joints, h×w maps.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch.nn import functional

from trainer.models.edge_pose import LOGIT_SCALE, MAP_STRIDE
from trainer.recipe_fields import Ratio, Record


class PoseLoss(Record):
    """What maps are taught.

    Attributes:
        sigma: Standard deviation of a heat map's peak in cells, which are four pixels. The weights that training starts
            from were trained with 2; `trainer.models.edge_pose.PEAK_RADIUS` fits 1.75.
        peak: How high it stands: .9 is PP-TinyPose's own height on joints that it is sure of.
        unseen_score: Under this score a teacher saw nothing, and its place says nothing either.
        height_by_score: Whether the height of a peak is the score of its label, at most ``peak``, so that maps learn
            how sure the teachers are; otherwise all peaks have the height ``peak``.
    """

    sigma: Annotated[float, Field(gt=0, le=16)]
    peak: Annotated[float, Field(gt=0, le=1)]
    unseen_score: Ratio
    height_by_score: bool = False


class PoseImitation(Record):
    """Where, and how much, a slim network imitates the wider one that it comes from.

    Attributes:
        weight: Of the imitation in the loss, beside 1 of the labels.
        sure_score: From this score on a label is sure.
        largest_error: A wider network that sees such a joint farther away than this is wrong, and not imitated there: a
            ratio of the crop's height. .08 is about a third of a torso of somebody who fills the crop.
    """

    weight: Annotated[float, Field(ge=0)]
    sure_score: Ratio
    largest_error: Ratio


LOSS = PoseLoss(sigma=1.75, peak=0.9, unseen_score=0.1)
IMITATION = PoseImitation(weight=1.0, sure_score=0.5, largest_error=0.08)


def target_maps(joints: torch.Tensor, *, height: int, width: int, settings: PoseLoss = LOSS) -> torch.Tensor:
    """Maps ``(N, J, height, width)``, each summing to 1: the softmax of a Gaussian heat map times `LOGIT_SCALE`, as the
    network's own maps are made of heat maps; flat for joints that nobody saw.

    Args:
        joints: ``(N, J, 4)`` x, y in crop pixels, weight (not used), score 0..1.
        height: Rows.
        width: Columns.
        settings: How a peak looks.
    """
    centre = (joints[..., :2] + 0.5) / MAP_STRIDE - 0.5
    variance = settings.sigma**2
    x = torch.exp(-((torch.arange(width, device=joints.device) - centre[..., :1]) ** 2) / (2 * variance))
    y = torch.exp(-((torch.arange(height, device=joints.device) - centre[..., 1:]) ** 2) / (2 * variance))
    score = joints[..., 3, None, None]
    height_of_seen = score.clamp_max(settings.peak) if settings.height_by_score else settings.peak
    peak = height_of_seen * (score >= settings.unseen_score)
    heat = y[..., :, None] * x[..., None, :] * peak
    return torch.softmax(LOGIT_SCALE * heat.flatten(2), -1).reshape(heat.shape)


def pose_loss(logits: torch.Tensor, joints: torch.Tensor, settings: PoseLoss = LOSS) -> torch.Tensor:
    """Kullback-Leibler divergence of the maps from the target's, mean over the joints by how sure their labels are: a
    scalar.

    Args:
        logits: ``(N, J, h, w)`` float32, over the whole crop.
        joints: ``(N, J, 4)`` x, y in crop pixels, weight, score; weight 0 leaves the joint out.
        settings: What maps are taught.
    """
    target = target_maps(joints, height=logits.shape[2], width=logits.shape[3], settings=settings).flatten(2)
    log_maps = functional.log_softmax(logits.flatten(2), -1)
    divergence = (target * (target.clamp_min(1e-12).log() - log_maps)).sum(-1)
    weight = joints[..., 2] * joints[..., 3].clamp_min(settings.unseen_score)
    return (divergence * weight).sum() / weight.sum().clamp_min(1.0)


def agrees_with_labels(
    logits: torch.Tensor, joints: torch.Tensor, *, height: int, settings: PoseImitation = IMITATION
) -> torch.Tensor:
    """Return which joints a network predicts close to a confident label, or has no confident label for: ``(N, J)``
    bool.

    Args:
        logits: ``(N, J, h, w)``, over the whole crop; the network may have seen it larger.
        joints: ``(N, J, 4)`` x, y in crop pixels, weight, score.
        height: Of the crop that the joints' pixels are of.
        settings: Which label is confident, and what is close.
    """
    cells = logits.flatten(2).argmax(-1)
    found = torch.stack([cells % logits.shape[3], cells // logits.shape[3]], -1)
    error = (found + 0.5) * (height / logits.shape[2]) - 0.5 - joints[..., :2]
    sure = (joints[..., 2] > 0) & (joints[..., 3] >= settings.sure_score)
    return ~sure | (error.norm(dim=-1) <= settings.largest_error * height)
