"""Convolution, batch normalisation and ReLU6 with the padding that the published MobileNetV2 weights expect.

Shapes: N batch, C channels, H height, W width.
"""

import torch
from torch import nn
from torch.nn import functional


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after one axis so that the output has ``ceil(size / stride)`` cells (TensorFlow's "SAME")."""
    cells = -(-size // stride)
    total = max((cells - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def strided_depthwise(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    first_row: int = 0,
    first_column: int = 0,
) -> torch.Tensor:
    """A 3×3 depthwise convolution of stride 2 for training: (N, C, H, W) → (N, C, ⌈(H − first_row)/2⌉, ⌈(W −
    first_column)/2⌉).

    The same values by way of stride 1: on CPUs the backward pass of a strided depthwise convolution is six times slower
    than that of all positions, of which every second one is kept.

    Args:
        x: Channels last in memory, as the result.
        weight: ``(C, 1, 3, 3)``.
        bias: ``(C,)``, or None.
        first_row: The first position that is kept, 0 or 1; at 0 the kernel reaches over the edge.
        first_column: Likewise.
    """
    every = functional.conv2d(x, weight, bias, 1, 1, 1, weight.shape[0])
    # A strided view would send what comes next down a path four times slower.
    return every[:, :, first_row::2, first_column::2].contiguous(memory_format=torch.channels_last)


class ConvNorm(nn.Module):
    """Convolution with "SAME" padding, batch normalisation, and ReLU6 unless ``linear``: (N, C, H, W) → (N, C', ⌈H/s⌉,
    ⌈W/s⌉).
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv = nn.Conv2d(channels, out_channels, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.linear = linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top, bottom = same_padding(x.shape[2], self.kernel, self.stride)
        left, right = same_padding(x.shape[3], self.kernel, self.stride)
        weight, groups = self.conv.weight, self.conv.groups
        if self.training and self.stride == 2 and self.kernel == 3 and groups > 1:
            # "SAME" keeps the second positions of even sizes and the first ones of odd sizes.
            x = strided_depthwise(x, weight, first_row=1 - top, first_column=1 - left)
        else:
            if (top, left) != (
                bottom,
                right,
            ):  # a separate pad copies the whole map: only where the convolution cannot pad itself
                x, top, left = functional.pad(x, (left, right, top, bottom)), 0, 0
            x = functional.conv2d(x, weight, None, self.stride, (top, left), 1, groups)
        x = self.norm(x)
        return x if self.linear else functional.relu6(x)


class SeparableConv(nn.Sequential):
    """Depthwise then pointwise convolution, the cheap way to mix space and channels: (N, C, H, W) → (N, C', H, W)."""

    def __init__(self, channels: int, out_channels: int, *, kernel: int = 5) -> None:
        super().__init__(ConvNorm(channels, channels, kernel=kernel, groups=channels), ConvNorm(channels, out_channels))


class FoldedConv(nn.Module):
    """A `ConvNorm` in evaluation mode as one convolution with bias: the same values, one operator."""

    def __init__(self, layer: ConvNorm) -> None:
        super().__init__()
        norm = layer.norm
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        self.register_buffer("weight", (layer.conv.weight * factor[:, None, None, None]).detach())
        self.register_buffer("bias", (norm.bias - norm.running_mean * factor).detach())
        self.kernel, self.stride, self.groups, self.linear = layer.kernel, layer.stride, layer.conv.groups, layer.linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top, bottom = same_padding(x.shape[2], self.kernel, self.stride)
        left, right = same_padding(x.shape[3], self.kernel, self.stride)
        if (top, left) != (bottom, right):
            x, top, left = functional.pad(x, (left, right, top, bottom)), 0, 0
        x = functional.conv2d(x, self.weight, self.bias, self.stride, (top, left), 1, self.groups)
        return x if self.linear else functional.relu6(x)


def fold_normalisation(model: nn.Module) -> nn.Module:
    """Replace every `ConvNorm` of a model by its `FoldedConv`, in place, and return the model."""
    for name, child in model.named_children():
        if isinstance(child, ConvNorm):
            setattr(model, name, FoldedConv(child))
        else:
            fold_normalisation(child)
    return model
