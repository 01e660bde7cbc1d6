"""The compact backbone: MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR
2018, table 2).

Starts from published ImageNet weights whose batch normalisation has been folded into the convolutions. Training wants
the normalisation back: `load_imagenet` puts each folded bias and the statistics of real images into fresh BatchNorm
layers such that the network computes the same values as the folded one, and can then be trained like any other.

Shapes: N batch, C channels, H height, W width.
"""

from pathlib import Path

import torch
from torch import nn

from trainer.layers.convolution import ConvNorm
from trainer.layers.residual import check_input
from trainer.models.published import match_published

# Expansion t, output channels c, repeats n, stride s of each stage (table 2 of the paper).
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

# The blocks whose outputs are the pyramid's levels, and their channels: strides 4, 8, 16 and 32.
LEVEL_BLOCKS = (2, 5, 12, 15)
LEVEL_CHANNELS = (24, 32, 96, 160)

# Of the published file, what the backbone leaves out: the last stage's only block, the head and ImageNet's classifier.
_LAST_BLOCK = sum(repeats for _, _, repeats, _ in STAGES[:-1])
_LEFT_OUT = {
    f"{layer}.{kind}"
    for layer in (*(f"blocks.{_LAST_BLOCK}.{position}" for position in range(3)), "head", "fc")
    for kind in ("weight", "bias")
}


def normalise(image: torch.Tensor) -> torch.Tensor:
    """(N, H, W, 3) uint8 RGB → (N, 3, H, W) float32 in [−1, 1], the range of the published weights."""
    return image.permute(0, 3, 1, 2).float() / 127.5 - 1.0


class InvertedResidual(nn.Module):
    """Expand (1×1), filter (3×3 depthwise), project (1×1, linear); the input is added where shapes agree."""

    def __init__(self, channels: int, out_channels: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = channels * expansion
        layers = [] if expansion == 1 else [ConvNorm(channels, hidden)]
        layers += [
            ConvNorm(hidden, hidden, kernel=3, stride=stride, groups=hidden),
            ConvNorm(hidden, out_channels, linear=True),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and channels == out_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


class CompactBackbone(nn.Module):
    """Image (N, 3, H, W) in [−1, 1] RGB → levels of strides 4, 8, 16, 32 with 24, 32, 96, 160 channels.

    The last stage (320 channels) of the paper is left out: it serves ImageNet's classifier and costs a tenth of the
    time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 32, kernel=3, stride=2)
        blocks, channels = [], 32
        for expansion, out_channels, repeats, stride in STAGES[:-1]:
            for repeat in range(repeats):
                blocks.append(
                    InvertedResidual(channels, out_channels, stride=stride if repeat == 0 else 1, expansion=expansion)
                )
                channels = out_channels
        self.blocks = nn.ModuleList(blocks)
        self.frozen_blocks = 0

    def train(self, mode: bool = True) -> "CompactBackbone":
        """Training mode for all but the frozen blocks, whose statistics stay as they are."""
        super().train(mode)
        if self.frozen_blocks:
            self.stem.eval()
            for block in self.blocks[: self.frozen_blocks]:
                block.eval()
        return self

    def freeze(self, blocks: int) -> None:
        """Keep the stem and the first blocks as they were loaded.

        Their edges and colours serve every task, and on a CPU their large maps are two fifths of a training step.
        """
        self.frozen_blocks = blocks
        for module in (self.stem, *self.blocks[:blocks]):
            module.requires_grad_(False)
        self.train(self.training)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        check_input(x, axes=2)
        levels = []
        x = self.stem(x)
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LEVEL_BLOCKS:
                levels.append(x)
        return tuple(levels)


def _conv_norms(backbone: CompactBackbone) -> list[tuple[str, ConvNorm]]:
    """Each ConvNorm with the name that it has in the published file, in the order of computation."""
    named = [("stem", backbone.stem)]
    for index, block in enumerate(backbone.blocks):
        named += [(f"blocks.{index}.{position}", layer) for position, layer in enumerate(block.layers)]
    return named


@torch.no_grad()
def load_imagenet(backbone: CompactBackbone, path: Path, images: torch.Tensor) -> None:
    """Load folded ImageNet weights and restore the batch normalisation from the statistics of real images.

    Args:
        backbone: The network to fill, in place, and only when everything fits; it is left in evaluation mode.
        path: ``.safetensors`` with keys ``stem.weight``, ``blocks.I.J.bias`` …; may have the last stage, the head and
            the classifier too.
        images: ``(N, 3, H, W)`` in [−1, 1]; some dozens give stable statistics.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read, or names are missing or left over, or shapes differ; each kind is listed.
        ValueError: The images are none.
    """
    check_input(images, axes=2)
    named = _conv_norms(backbone)
    shapes = {}
    for name, layer in named:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = layer.conv.weight.shape, layer.norm.bias.shape
    weights = match_published(
        path, shapes, lambda name: None if name in _LEFT_OUT else name, network=type(backbone).__name__
    )
    backbone.eval()
    for name, layer in named:
        weight, bias = weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float()
        layer.conv.weight.copy_(weight)
        # y = conv(x) + bias must come out of the normalisation. With running mean m and variance v of conv(x), the
        # affine weight sqrt(v + eps) and bias m + bias undo the normalisation exactly.
        layer.norm.bias.copy_(bias)
        layer.norm.running_mean.zero_()
        layer.norm.running_var.fill_(1.0 - layer.norm.eps)
        layer.norm.weight.fill_(1.0)

    def restore(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor, ...]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.add_(mean)

    handles = [layer.norm.register_forward_pre_hook(restore) for _, layer in named]
    try:
        backbone(images)
    finally:
        for handle in handles:
            handle.remove()
