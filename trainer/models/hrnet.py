"""HRNet (Sun, Xiao, Liu, Wang, "Deep High-Resolution Representation Learning for Human Pose Estimation", CVPR 2019).

Names are those of the official weights, of which there are two kinds: for pose
(github.com/leoxiaobin/deep-high-resolution-net.pytorch) and for ImageNet (github.com/HRNet/HRNet-Image-Classification).
Both share the trunk, but that a pose network's last module makes only the map of the highest resolution.

Shapes: N pictures, branches of strides 4, 8, 16 and 32 with C, 2C, 4C and 8C channels.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from trainer.layers.pixels import IMAGENET
from trainer.layers.residual import BasicBlock, Bottleneck, check_input, convolution
from trainer.models.published import load_published

BRANCHES = 4
HEAD_WIDTHS = (32, 64, 128, 256)  # of the classifier's bottlenecks, for the four branches
HEAD_CHANNELS = 2048


@dataclass(frozen=True, slots=True)
class HRNetSize:
    """Attributes: C; width and number of the first layer's bottlenecks; modules of stages 2 to 4; blocks of each branch
    of a module.
    """

    channels: int
    first_width: int
    first_blocks: int
    modules: tuple[int, int, int]
    blocks: int

    @property
    def branch_channels(self) -> tuple[int, int, int, int]:
        """C, 2C, 4C and 8C."""
        return self.channels, 2 * self.channels, 4 * self.channels, 8 * self.channels


W18_SMALL = HRNetSize(16, 32, 1, (1, 1, 1), 2)
W32 = HRNetSize(32, 64, 4, (1, 4, 3), 4)
W48 = HRNetSize(48, 64, 4, (1, 4, 3), 4)
TINY = HRNetSize(4, 4, 1, (1, 1, 1), 1)  # for tests


class FuseModule(nn.Module):
    """Blocks on each branch, then every branch is the sum of all, brought to its resolution (figure 3): list of maps →
    list of maps.
    """

    def __init__(self, channels: tuple[int, ...], blocks: int, *, outputs: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(c, c) for _ in range(blocks))) for c in channels)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_exchange(channels, source, target) for source in range(len(channels)))
            for target in range(outputs)
        )

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        branches = [branch(x) for branch, x in zip(self.branches, maps, strict=True)]
        fused = []
        for layers in self.fuse_layers:
            total = layers[0](branches[0])
            for layer, branch in zip(list(layers)[1:], branches[1:], strict=True):
                total = total + layer(branch)
            fused.append(torch.relu(total))
        return fused


def _exchange(channels: tuple[int, ...], source: int, target: int) -> nn.Module:
    """From one branch's resolution and channels to another's: up by 1×1 and nearest cells, down by strided 3×3."""
    if source == target:
        return nn.Identity()
    if source > target:
        up = nn.Upsample(scale_factor=2 ** (source - target), mode="nearest")
        return nn.Sequential(
            convolution(2, channels[source], channels[target], 1), nn.BatchNorm2d(channels[target]), up
        )
    steps = []
    for step in range(target - source):
        last = step == target - source - 1
        out_channels = channels[target] if last else channels[source]
        layers = [convolution(2, channels[source], out_channels, 3, stride=2), nn.BatchNorm2d(out_channels)]
        steps.append(nn.Sequential(*layers, *([] if last else [nn.ReLU()])))
    return nn.Sequential(*steps)


def _transition(channels: int, out_channels: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        convolution(2, channels, out_channels, 3, stride=stride), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


class Stage(nn.Sequential):
    """Modules one after the other: list of maps → list of maps."""

    def __init__(self, channels: tuple[int, ...], modules: int, blocks: int, *, last_outputs: int) -> None:
        super().__init__(
            *(
                FuseModule(channels, blocks, outputs=last_outputs if m == modules - 1 else len(channels))
                for m in range(modules)
            )
        )


class HRNet(nn.Module):
    """Pictures (N, 3, H, W), sides multiples of 32 → maps F1..F4, or F1 alone with ``all_maps=False`` as in the
    official pose network.

    Published weights, for pose and for ImageNet, want pictures of ImageNet's mean and deviation
    (`trainer.layers.pixels`).
    """

    pixel_range = IMAGENET

    def __init__(self, size: HRNetSize, *, all_maps: bool = True) -> None:
        super().__init__()
        channels = size.branch_channels
        self.conv1, self.bn1 = convolution(2, 3, 64, 3, stride=2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = convolution(2, 64, 64, 3, stride=2), nn.BatchNorm2d(64)
        first = [Bottleneck(64 if b == 0 else 4 * size.first_width, size.first_width) for b in range(size.first_blocks)]
        self.layer1 = nn.Sequential(*first)
        # A transition adds one branch at half of the lowest resolution; the first one also brings layer1 to C channels.
        self.transition1 = nn.ModuleList(
            [
                _transition(4 * size.first_width, channels[0], stride=1),
                nn.Sequential(_transition(4 * size.first_width, channels[1], stride=2)),
            ]
        )
        self.stage2 = Stage(channels[:2], size.modules[0], size.blocks, last_outputs=2)
        added = nn.Sequential(_transition(channels[1], channels[2], stride=2))
        self.transition2 = nn.ModuleList([nn.Identity(), nn.Identity(), added])
        self.stage3 = Stage(channels[:3], size.modules[1], size.blocks, last_outputs=3)
        added = nn.Sequential(_transition(channels[2], channels[3], stride=2))
        self.transition3 = nn.ModuleList([nn.Identity(), nn.Identity(), nn.Identity(), added])
        self.stage4 = Stage(channels, size.modules[2], size.blocks, last_outputs=BRANCHES if all_maps else 1)
        self.size, self.all_maps = size, all_maps

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        check_input(images, axes=2)
        if images.shape[2] % 32 or images.shape[3] % 32:
            raise ValueError(
                f"the picture is {images.shape[3]}×{images.shape[2]}; HRNet takes sides that are multiples of 32: "
                "pad it"
            )
        x = torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(images))))))
        x = self.layer1(x)
        maps = self.stage2([transition(x) for transition in self.transition1])
        maps = self.stage3([*maps, self.transition2[2](maps[-1])])
        return self.stage4([*maps, self.transition3[3](maps[-1])])


class HRNetPose(HRNet):
    """Pictures (N, 3, H, W) → heat maps (N, K, H/4, W/4), as in the official pose network."""

    def __init__(self, size: HRNetSize, *, joints: int) -> None:
        super().__init__(size, all_maps=False)
        self.final_layer = nn.Conv2d(size.channels, joints, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return self.final_layer(super().forward(images)[0])


class HRNetClassifier(HRNet):
    """Pictures (N, 3, H, W) → class scores (N, A), as in the official ImageNet network (Wang et al., TPAMI 2020, figure
    4c).
    """

    def __init__(
        self,
        size: HRNetSize,
        *,
        classes: int = 1000,
        head_widths: tuple[int, int, int, int] = HEAD_WIDTHS,
        head_channels: int = HEAD_CHANNELS,
    ) -> None:
        """Put the official classifier on a trunk.

        Args:
            size: Of the trunk.
            classes: A.
            head_widths: Of the bottlenecks on each branch; all published weights have these.
            head_channels: Of the last map, whose mean is classified; see ``head_widths``.
        """
        super().__init__(size)
        channels = [4 * width for width in head_widths]
        self.incre_modules = nn.ModuleList(
            nn.Sequential(Bottleneck(c, w)) for c, w in zip(size.branch_channels, head_widths, strict=True)
        )
        self.downsamp_modules = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels[i], channels[i + 1], 3, 2, 1), nn.BatchNorm2d(channels[i + 1]), nn.ReLU())
            for i in range(BRANCHES - 1)
        )
        self.final_layer = nn.Sequential(
            nn.Conv2d(channels[-1], head_channels, 1), nn.BatchNorm2d(head_channels), nn.ReLU()
        )
        self.classifier = nn.Linear(head_channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        maps = super().forward(images)
        x = self.incre_modules[0](maps[0])
        for down, incre, branch in zip(self.downsamp_modules, list(self.incre_modules)[1:], maps[1:], strict=True):
            x = down(x) + incre(branch)
        return self.classifier(self.final_layer(x).mean((2, 3)))


_IMAGENET_HEAD = ("incre_modules.", "downsamp_modules.", "final_layer.", "classifier.")


def load_pose(model: HRNetPose, path: Path, *, keep_head: bool = True) -> None:
    """Fill a pose network with official pose weights.

    Args:
        model: Of the same size.
        path: ``.pth`` or ``.safetensors``.
        keep_head: Load ``final_layer`` too; False leaves it as it is, for other joints.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """
    head = () if keep_head else ("final_layer.",)
    load_published(model, path, lambda name: None if name.startswith(head or "\0") else name, may_lack=head)


def load_imagenet(model: HRNet, path: Path) -> None:
    """Fill a trunk (of a pose network, too), or a whole classifier, with official ImageNet weights.

    Args:
        model: Of the same size. A trunk leaves the file's classifier out; a pose network keeps its own ``final_layer``,
            and leaves out what the file's last module makes for the lower resolutions.
        path: ``.pth`` or ``.safetensors``.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """
    if isinstance(model, HRNetClassifier):
        load_published(model, path, lambda name: name)
        return
    last = f"stage4.{model.size.modules[2] - 1}.fuse_layers."
    lower = () if model.all_maps else tuple(f"{last}{row}." for row in range(1, BRANCHES))

    def rename(name: str) -> str | None:
        return None if name.startswith((*_IMAGENET_HEAD, *lower)) else name

    load_published(model, path, rename, may_lack=("final_layer.",))
