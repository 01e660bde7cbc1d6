"""How much each joint of each frame speaks for the winning action of the compact network (system F).

Relevance is gradient times input (Shrikumar et al., "Not Just a Black Box", 2016) of the winning action's logit, at the
joints' place and confidence. This is the function that `deploy.explain` makes the bundle's explain graph of.
"""

import torch

from trainer.models.edge_action import ClipNetwork


def joint_relevance(network: ClipNetwork, features: torch.Tensor) -> torch.Tensor:
    """Relevance ≥ 0 of each joint and frame for the most probable action: features (1, T, J, 3) → (1, T, J).

    The input's mean over the clip is the reference: gradient times (joint − its mean place) is what the joint's
    *movement* and posture add to the logit; negative contributions are cut off.

    Args:
        network: In evaluation mode.
        features: x, y, confidence; must want a gradient (`deploy.explain.trace_gradient` sees to it).
    """
    logits = network.logits(features)
    (gradient,) = torch.autograd.grad(logits.max(1).values.sum(), features)
    place = features[..., :2]
    reference = place.mean((1, 2), keepdim=True)
    return torch.relu((gradient[..., :2] * (place - reference)).sum(-1))
