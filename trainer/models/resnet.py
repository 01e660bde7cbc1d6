"""ResNet-18, 50 and 101 (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016), with the names of the
published weights.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.pixels import IMAGENET
from trainer.layers.residual import BasicBlock, Bottleneck, check_input
from trainer.models.published import load_published

WIDTHS = (64, 128, 256, 512)


class ResNet(nn.Module):
    """Pictures (N, 3, H, W) → class scores (N, A); `maps` gives the layers' outputs, strides 4, 8, 16 and 32.

    The stages are open to networks that put something between them: ``stem``, then ``layer1`` to ``layer4``. Published
    weights want pictures of ImageNet's mean and deviation (`trainer.layers.pixels`).
    """

    pixel_range = IMAGENET

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        blocks: tuple[int, int, int, int],
        *,
        classes: int = 1000,
        widths: tuple[int, int, int, int] = WIDTHS,
    ) -> None:
        """Make the layers.

        Args:
            block: Of which the layers are made.
            blocks: How many in each layer.
            classes: A; 0 leaves the classifier out, for networks that want the features.
            widths: Of each layer's blocks; the stem has the first one.
        """
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False), nn.BatchNorm2d(widths[0])
        channels, layers = widths[0], []
        for index, (width, repeats) in enumerate(zip(widths, blocks, strict=True)):
            made = []
            for repeat in range(repeats):
                made.append(block(channels, width, stride=2 if index and repeat == 0 else 1))
                channels = width * block.expansion
            layers.append(nn.Sequential(*made))
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        self.layer_channels = tuple(width * block.expansion for width in widths)
        self.fc = nn.Linear(channels, classes) if classes else nn.Identity()
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def stem(self, images: torch.Tensor) -> torch.Tensor:
        """Pictures (N, 3, H, W) → (N, C, H/4, W/4)."""
        check_input(images, axes=2)
        return functional.max_pool2d(torch.relu(self.bn1(self.conv1(images))), 3, 2, 1)

    def maps(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Outputs of ``layer1`` to ``layer4``, by name."""
        maps, x = {}, self.stem(images)
        for name in ("layer1", "layer2", "layer3", "layer4"):
            x = maps[name] = getattr(self, name)(x)
        return maps

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Output of ``layer4`` → class scores (N, A), or its mean (N, C) without a classifier."""
        return self.fc(features.mean((2, 3)))

    def explained(self, images: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The layers' outputs and the scores that come from them (`trainer.attribution.gradients.Explained`)."""
        maps = self.maps(images)
        return maps, self.classify(maps["layer4"])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classify(self.maps(images)["layer4"])


def resnet18(classes: int = 1000) -> ResNet:
    """ResNet-18."""
    return ResNet(BasicBlock, (2, 2, 2, 2), classes=classes)


def resnet50(classes: int = 1000) -> ResNet:
    """ResNet-50."""
    return ResNet(Bottleneck, (3, 4, 6, 3), classes=classes)


def resnet101(classes: int = 1000) -> ResNet:
    """ResNet-101."""
    return ResNet(Bottleneck, (3, 4, 23, 3), classes=classes)


def load_torchvision(model: ResNet, path: Path, *, keep_head: bool = True) -> None:
    """Fill a ResNet with weights as torchvision publishes them.

    Args:
        model: Of the same depth.
        path: ``.pth`` or ``.safetensors``.
        keep_head: Load the classifier too; False leaves it as it is, for other classes.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """
    load_published(
        model,
        path,
        lambda name: name if keep_head or not name.startswith("fc.") else None,
        may_lack=() if keep_head else ("fc.",),
    )
