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
    first = start.state_dict()
    for name, weight in trained.state_dict().items():
        weight.lerp_(first[name].to(weight.device), share)
    return trained
