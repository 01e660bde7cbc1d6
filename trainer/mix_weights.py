"""Mix a trained network with the weights that it started from (Wortsman et al., CVPR 2022)."""

from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


@torch.no_grad()
def mix_weights(trained: Network, start: Network, share: float) -> Network:
    """Replace each weight of ``trained`` by ``(1 - share) * trained + share * start``, in place.

    Args:
        trained: Is changed and returned.
        start: A network of the same layers; left as it is.
        share: Of the weights of ``start``, 0..1.
    """
    for weight, first in zip(trained.state_dict().values(), start.state_dict().values(), strict=True):
        weight.lerp_(first, share)
    return trained
