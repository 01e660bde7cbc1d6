"""3D ResNeXt-50 and 101 (Hara, Kataoka, Satoh, "Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and
ImageNet?", CVPR 2018).

The network of paper C (table 1), for 16 frames of 112², named as the published weights name them. The table's output
sizes are those of 16 frames of 224², of which this network gives conv 16×112×112, layer1 8×56×56, layer2 4×28×28,
layer3 2×14×14, layer4 1×7×7. Only conv differs: the table has 8×112×112, but the published first convolution keeps
the frames, and the pooling behind it halves them.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.pixels import ACTIVITYNET
from trainer.layers.residual import ResNeXtBottleneck3d, check_input
from trainer.models.published import load_published

WIDTHS = (128, 256, 512, 1024)


class ResNeXt3d(nn.Module):
    """Clips (N, 3, T, H, W) of any length and size → class scores (N, A); `maps` gives the layers' outputs.

    Published weights want pixels of 0..255 less the mean of ActivityNet (`trainer.layers.pixels`).
    """

    pixel_range = ACTIVITYNET

    def __init__(
        self,
        blocks: tuple[int, int, int, int],
        *,
        classes: int = 400,
        widths: tuple[int, int, int, int] = WIDTHS,
        stem_channels: int = 64,
        cardinality: int = 32,
    ) -> None:
        """Make the layers.

        Args:
            blocks: How many in each layer.
            classes: A.
            widths: Of each layer's blocks.
            stem_channels: Of the first convolution.
            cardinality: Groups of the middle convolutions.
        """
        super().__init__()
        self.conv1, self.bn1 = nn.Conv3d(3, stem_channels, 7, (1, 2, 2), 3, bias=False), nn.BatchNorm3d(stem_channels)
        channels, layers = stem_channels, []
        for index, (width, repeats) in enumerate(zip(widths, blocks, strict=True)):
            made = []
            for repeat in range(repeats):
                made.append(
                    ResNeXtBottleneck3d(
                        channels, width, cardinality=cardinality, stride=2 if index and repeat == 0 else 1
                    )
                )
                channels = width * ResNeXtBottleneck3d.expansion
            layers.append(nn.Sequential(*made))
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        self.fc = nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def maps(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        """Outputs of ``conv`` (before the pooling) and ``layer1`` to ``layer4``, by the names of paper C's table 1."""
        check_input(clips, axes=3)
        maps = {"conv": torch.relu(self.bn1(self.conv1(clips)))}
        x = functional.max_pool3d(maps["conv"], 3, 2, 1)
        for name in ("layer1", "layer2", "layer3", "layer4"):
            x = maps[name] = getattr(self, name)(x)
        return maps

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Output of ``layer4`` → class scores (N, A), over its mean: the published pooling does so for 16 frames of
        112².
        """
        return self.fc(features.mean((2, 3, 4)))

    def explained(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The layers' outputs and the scores that come from them (`trainer.attribution.gradients.Explained`)."""
        maps = self.maps(clips)
        return maps, self.classify(maps["layer4"])

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.classify(self.maps(clips)["layer4"])


def resnext3d_50(classes: int = 400) -> ResNeXt3d:
    """3D ResNeXt-50."""
    return ResNeXt3d((3, 4, 6, 3), classes=classes)


def resnext3d_101(classes: int = 400) -> ResNeXt3d:
    """3D ResNeXt-101."""
    return ResNeXt3d((3, 4, 23, 3), classes=classes)


def load_kenshohara(model: ResNeXt3d, path: Path, *, keep_head: bool = True) -> None:
    """Fill a 3D ResNeXt with weights as github.com/kenshohara/3D-ResNets-PyTorch publishes them.

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
