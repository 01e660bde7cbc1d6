"""How much each joint of each frame speaks for the winning action of a network that reads features of frames (F, E).

Relevance is gradient times input (Shrikumar et al., "Not Just a Black Box", 2016), as `joint_relevance` has it for
networks that read places alone.
"""

from collections.abc import Callable

import torch


def feature_relevance(network: Callable[[torch.Tensor], torch.Tensor], features: torch.Tensor) -> torch.Tensor:
    """Relevance ≥ 0 of each joint and frame for the most probable action: features (N, T, J, C) → (N, T, J).

    The mean over the clip is the reference: gradient times (feature − its mean) is what the change at the joint adds to
    the score; negative contributions are cut off.

    Args:
        network: Features → class scores (N, A), in evaluation mode.
        features: Must want a gradient (`deploy.explain.trace_gradient` sees to it).
    """
    scores = network(features)
    (gradient,) = torch.autograd.grad(scores.amax(1).sum(), features)
    return torch.relu((gradient * (features - features.mean(1, keepdim=True))).sum(-1))
