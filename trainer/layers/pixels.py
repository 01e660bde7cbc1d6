"""Pixels as published weights were trained to see them: each network names its range, and `FromPixels` applies it.

Weights give other answers, without any error, for pixels of another range. Ranges are those of the publications:
torchvision's, HRNet's and paper A's (section 4.1) are ImageNet's mean and deviation.
"""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class PixelRange:
    """A network's input is (pixel − mean) / deviation, of pixels in 0..255, red, green and blue."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


IMAGENET = PixelRange((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
ACTIVITYNET = PixelRange(
    (114.7748, 107.7354, 99.475), (1.0, 1.0, 1.0)
)  # of 3D-ResNets-PyTorch of 2018, for Kinetics too
SIGNED_UNIT = PixelRange((127.5, 127.5, 127.5), (127.5, 127.5, 127.5))  # −1..1


def to_range(pixels: torch.Tensor, wanted: PixelRange) -> torch.Tensor:
    """Pictures (N, H, W, 3) → (N, 3, H, W), clips (N, T, H, W, 3) → (N, 3, T, H, W): uint8 RGB → float32 of a range.

    Raises:
        ValueError: Pixels are not uint8, or have another shape.
    """
    if pixels.dtype != torch.uint8 or pixels.ndim not in (4, 5) or pixels.shape[-1] != 3:
        raise ValueError(
            f"pixels are {tuple(pixels.shape)} {str(pixels.dtype).removeprefix('torch.')}; give uint8 RGB, "
            "(N, H, W, 3) or (N, T, H, W, 3)"
        )
    mean, deviation = (
        torch.tensor(values, dtype=torch.float32, device=pixels.device) for values in (wanted.mean, wanted.deviation)
    )
    return torch.movedim((pixels.float() - mean) / deviation, -1, 1)


class FromPixels(nn.Module):
    """Any network on uint8 RGB pixels: pictures (N, H, W, 3) or clips (N, T, H, W, 3) → what the network gives.

    Args:
        network: Its ``pixel_range`` says what its published weights were trained to see; several inputs (system A's)
            are all of that range.

    Raises:
        ValueError: The network names no range.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        wanted = getattr(network, "pixel_range", None)
        if wanted is None:
            raise ValueError(f"{type(network).__name__} names no pixel_range; give a network that says what it wants")
        self.network, self.pixel_range = network, wanted

    def forward(self, *pixels: torch.Tensor) -> object:
        return self.network(*(to_range(each, self.pixel_range) for each in pixels))
