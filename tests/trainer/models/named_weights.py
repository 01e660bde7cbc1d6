"""Weights that follow from a tensor's name and shape alone, to compare two implementations with the same names by their
outputs.
"""

import zlib

import torch
from torch import nn


@torch.no_grad()
def fill_by_name(model: nn.Module) -> nn.Module:
    """Give every tensor of the state dict values drawn with its name as the seed; the network is left in evaluation
    mode.

    Scales keep numbers moderate through a hundred layers: weights by their fan-in, normalisations near the identity.
    """
    for name, value in model.state_dict().items():
        if not value.is_floating_point():
            continue
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        drawn = torch.randn(value.shape, generator=generator)
        if name.endswith("running_var"):
            drawn = 1 + 0.1 * drawn.abs()
        elif value.ndim == 1:
            drawn = (1.0 if name.endswith("weight") else 0.0) + 0.1 * drawn
        else:
            drawn = drawn / value[0].numel() ** 0.5
        value.copy_(drawn)
    return model.eval()
