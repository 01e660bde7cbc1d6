"""The backbones of systems B and D: networks whose last map is used."""

from pathlib import Path
from typing import Literal

from edgeact.errors import ConfigError
from trainer.layers.residual import BasicBlock, Bottleneck
from trainer.models.efficientnet_lite import SIZES, EfficientNetLite, load_efficientnet_lite
from trainer.models.last_map import LastMap
from trainer.models.resnet import WIDTHS, ResNet, load_torchvision

BackboneName = Literal[
    "resnet18",
    "resnet50",
    "resnet101",
    "resnet_tiny",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
]

_BLOCKS = {
    "resnet18": (BasicBlock, (2, 2, 2, 2), WIDTHS),
    "resnet50": (Bottleneck, (3, 4, 6, 3), WIDTHS),
    "resnet101": (Bottleneck, (3, 4, 23, 3), WIDTHS),
    "resnet_tiny": (BasicBlock, (1, 1, 1, 1), (16, 24, 32, 48)),  # for two cores
}
_FEWEST_BLOCKS = 16  # of an EfficientNet-Lite


def make_backbone(name: BackboneName, weights: Path | None, fixed_blocks: int = 0) -> tuple[LastMap, int]:
    """A backbone and the channels of its last map.

    Args:
        name: Which one.
        weights: As torchvision publishes them, of an EfficientNet-Lite as its package has them; None starts from
            random ones.
        fixed_blocks: Of an EfficientNet-Lite, so many first blocks do not learn.

    Raises:
        ConfigError: Another network has no such blocks, or there are fewer.
        SourceNotFoundError: There is no such file.
        SourceFormatError: The weights are another network's.
    """
    if fixed_blocks and (name not in SIZES or fixed_blocks > _FEWEST_BLOCKS):
        raise ConfigError(
            f"fixed_blocks is {fixed_blocks}; it is of an EfficientNet-Lite, and at most {_FEWEST_BLOCKS}"
        )
    if name in SIZES:
        lite = EfficientNetLite(SIZES[name], classes=0)
        if weights is not None:
            load_efficientnet_lite(lite, weights, keep_head=False)
        return LastMap(lite, fixed_blocks=fixed_blocks), lite.channels
    block, blocks, widths = _BLOCKS[name]
    network = ResNet(block, blocks, classes=0, widths=widths)
    if weights is not None:
        load_torchvision(network, weights, keep_head=False)
    backbone = LastMap(network)
    return backbone, backbone.channels
