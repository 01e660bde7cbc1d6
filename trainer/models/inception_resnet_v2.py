"""Inception-ResNet-v2 (Szegedy, Ioffe, Vanhoucke, Alemi, AAAI 2017, figures 3, 15 to 20), with the names of Cadene's
and timm's weights.
"""

from pathlib import Path

import torch
from torch import nn

from trainer.layers.pixels import SIGNED_UNIT
from trainer.layers.residual import check_input
from trainer.models.published import load_published

REPEATS = (10, 20, 9)  # of Block35, Block17 and Block8
_SCALES = (0.17, 0.10, 0.20)  # by which residuals are scaled down before they are added (section 3.3)

Pair = tuple[int, int]


class ConvUnit(nn.Module):
    """Convolution, batch normalisation and ReLU: (N, C, H, W) → (N, C', ...)."""

    def __init__(
        self, channels: int, out_channels: int, kernel: int | Pair, *, stride: int = 1, padding: int | Pair = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn(self.conv(x)))


class Branches(nn.Module):
    """Branches side by side: (N, C, H, W) → (N, their channels together, ...). They are named ``branch0`` and so on."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for index, branch in enumerate(branches):
            self.add_module(f"branch{index}", branch)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.children()], 1)


class ResidualBranches(nn.Module):
    """x + scale·(branches, through a 1×1 convolution), and a ReLU unless ``linear``: the shape stays."""

    def __init__(self, channels: int, joined: int, scale: float, *branches: nn.Module, linear: bool = False) -> None:
        super().__init__()
        self.names = [f"branch{index}" for index in range(len(branches))]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)
        self.conv2d = nn.Conv2d(joined, channels, 1)
        self.scale, self.linear = scale, linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.get_submodule(name)(x) for name in self.names], 1)
        x = x + self.scale * self.conv2d(joined)
        return x if self.linear else torch.relu(x)


class InceptionResNetV2(nn.Module):
    """Pictures (N, 3, H, W) in [−1, 1] → class scores (N, A)."""

    pixel_range = SIGNED_UNIT

    def __init__(
        self,
        classes: int = 1000,
        *,
        repeats: tuple[int, int, int] = REPEATS,
        narrowing: int = 1,
        same_padding: bool = False,
    ) -> None:
        """Make the layers.

        Args:
            classes: A.
            repeats: How many blocks of each kind.
            narrowing: Divides the channels of every layer; 1 is the published network.
            same_padding: Pad the convolutions and poolings that the published network leaves unpadded. The weights are
                the same; the last map then has exactly a 32nd of the picture's sides: 14² of 448², as paper B (section
                4) has it, where the published padding leaves 12².

        Raises:
            ValueError: Channels cannot be divided by ``narrowing``.
        """
        super().__init__()
        if narrowing < 1 or 16 % narrowing:
            raise ValueError(f"narrowing is {narrowing}; channels can be divided by 1, 2, 4, 8 or 16")
        edge = 1 if same_padding else 0

        def unit(
            channels: int, out_channels: int, kernel: int | Pair = 1, stride: int = 1, padding: int | Pair = 0
        ) -> ConvUnit:
            return ConvUnit(
                channels // narrowing if channels > 3 else 3,
                out_channels // narrowing,
                kernel,
                stride=stride,
                padding=padding,
            )

        def pool() -> nn.MaxPool2d:
            return nn.MaxPool2d(3, 2, edge)

        def residual(
            channels: int, joined: int, scale: float, *branches: nn.Module, linear: bool = False
        ) -> ResidualBranches:
            return ResidualBranches(channels // narrowing, joined // narrowing, scale, *branches, linear=linear)

        def block35() -> ResidualBranches:
            third = nn.Sequential(unit(320, 32), unit(32, 48, 3, padding=1), unit(48, 64, 3, padding=1))
            return residual(
                320, 128, _SCALES[0], unit(320, 32), nn.Sequential(unit(320, 32), unit(32, 32, 3, padding=1)), third
            )

        def block17() -> ResidualBranches:
            second = nn.Sequential(
                unit(1088, 128), unit(128, 160, (1, 7), padding=(0, 3)), unit(160, 192, (7, 1), padding=(3, 0))
            )
            return residual(1088, 384, _SCALES[1], unit(1088, 192), second)

        def block8(*, scale: float = _SCALES[2], linear: bool = False) -> ResidualBranches:
            second = nn.Sequential(
                unit(2080, 192), unit(192, 224, (1, 3), padding=(0, 1)), unit(224, 256, (3, 1), padding=(1, 0))
            )
            return residual(2080, 448, scale, unit(2080, 192), second, linear=linear)

        self.conv2d_1a = unit(3, 32, 3, 2, edge)
        self.conv2d_2a = unit(32, 32, 3, 1, edge)
        self.conv2d_2b = unit(32, 64, 3, 1, 1)
        self.maxpool_3a = pool()
        self.conv2d_3b = unit(64, 80)
        self.conv2d_4a = unit(80, 192, 3, 1, edge)
        self.maxpool_5a = pool()
        self.mixed_5b = Branches(
            unit(192, 96),
            nn.Sequential(unit(192, 48), unit(48, 64, 5, padding=2)),
            nn.Sequential(unit(192, 64), unit(64, 96, 3, padding=1), unit(96, 96, 3, padding=1)),
            nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), unit(192, 64)),
        )
        self.repeat = nn.Sequential(*(block35() for _ in range(repeats[0])))
        self.mixed_6a = Branches(
            unit(320, 384, 3, 2, edge),
            nn.Sequential(unit(320, 256), unit(256, 256, 3, padding=1), unit(256, 384, 3, 2, edge)),
            pool(),
        )
        self.repeat_1 = nn.Sequential(*(block17() for _ in range(repeats[1])))
        self.mixed_7a = Branches(
            nn.Sequential(unit(1088, 256), unit(256, 384, 3, 2, edge)),
            nn.Sequential(unit(1088, 256), unit(256, 288, 3, 2, edge)),
            nn.Sequential(unit(1088, 256), unit(256, 288, 3, padding=1), unit(288, 320, 3, 2, edge)),
            pool(),
        )
        self.repeat_2 = nn.Sequential(*(block8() for _ in range(repeats[2])))
        self.block8 = block8(scale=1.0, linear=True)
        self.conv2d_7b = unit(2080, 1536)
        self.channels = 1536 // narrowing
        self.classif = nn.Linear(self.channels, classes)

    def maps(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Outputs after each kind of block, by their published names; ``conv2d_7b`` is the last map."""
        check_input(images, axes=2)
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(images)))
        x = self.mixed_5b(self.maxpool_5a(self.conv2d_4a(self.conv2d_3b(self.maxpool_3a(x)))))
        maps = {"repeat": self.repeat(x)}
        maps["repeat_1"] = self.repeat_1(self.mixed_6a(maps["repeat"]))
        maps["repeat_2"] = self.repeat_2(self.mixed_7a(maps["repeat_1"]))
        maps["conv2d_7b"] = self.conv2d_7b(self.block8(maps["repeat_2"]))
        return maps

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Last map → class scores (N, A)."""
        return self.classif(features.mean((2, 3)))

    def explained(self, images: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The maps and the scores that come from them (`trainer.attribution.gradients.Explained`)."""
        maps = self.maps(images)
        return maps, self.classify(maps["conv2d_7b"])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classify(self.maps(images)["conv2d_7b"])


def load_cadene(model: InceptionResNetV2, path: Path, *, keep_head: bool = True) -> None:
    """Fill an Inception-ResNet-v2 with weights as Cadene (github.com/Cadene/pretrained-models.pytorch) or timm publish
    them.

    Args:
        model: Not narrowed, with the published repeats.
        path: ``.pth`` or ``.safetensors``. Files with 1001 classes, the first of which means nothing, need a network of
            1001 classes.
        keep_head: Load the classifier too; False leaves it as it is, for other classes.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """

    def rename(name: str) -> str | None:
        ours = name.replace("last_linear.", "classif.")  # Cadene's name of the classifier
        return ours if keep_head or not ours.startswith("classif.") else None

    load_published(model, path, rename, may_lack=() if keep_head else ("classif.",))
