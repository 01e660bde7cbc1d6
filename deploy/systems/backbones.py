"""Which backbone has weights of these shapes: depth, widths and kind are read off names and shapes, so that reduced and
full sizes are told apart without anybody saying which.
"""

import torch

from deploy.systems.system import Shapes, count_indices, shape_of
from edgeact.errors import UsageError
from trainer.layers.residual import BasicBlock, Bottleneck, ResNeXtBottleneck3d
from trainer.models.efficientnet_lite import SIZES, EfficientNetLite
from trainer.models.hrnet import HRNet, HRNetSize
from trainer.models.i3d import I3d
from trainer.models.inception_resnet_v2 import InceptionResNetV2
from trainer.models.last_map import LastMap
from trainer.models.resnet import ResNet
from trainer.models.resnext3d import ResNeXt3d

_LAYERS = ("layer1", "layer2", "layer3", "layer4")


def resnet(shapes: Shapes, prefix: str) -> ResNet:
    """The ResNet whose weights begin with ``prefix``.

    Raises:
        UsageError: There is none.
    """
    block = Bottleneck if f"{prefix}layer1.0.conv3.weight" in shapes else BasicBlock
    widths, blocks = [], []
    for layer in _LAYERS:
        widths.append(shape_of(shapes, f"{prefix}{layer}.0.conv1.weight", network="a ResNet")[0])
        blocks.append(count_indices(shapes, f"{prefix}{layer}."))
    classifier = shapes.get(f"{prefix}fc.weight")
    w1, w2, w3, w4 = widths
    b1, b2, b3, b4 = blocks
    return ResNet(block, (b1, b2, b3, b4), classes=classifier[0] if classifier else 0, widths=(w1, w2, w3, w4))


def hrnet(shapes: Shapes, prefix: str) -> HRNet:
    """The HRNet whose weights begin with ``prefix``.

    Raises:
        UsageError: There is none.
    """
    channels = shape_of(shapes, f"{prefix}transition1.0.0.weight", network="an HRNet")[0]
    first_width = shape_of(shapes, f"{prefix}layer1.0.conv1.weight", network="an HRNet")[0]
    modules = tuple(count_indices(shapes, f"{prefix}stage{stage}.") for stage in (2, 3, 4))
    size = HRNetSize(
        channels=channels,
        first_width=first_width,
        first_blocks=count_indices(shapes, f"{prefix}layer1."),
        modules=(modules[0], modules[1], modules[2]),
        blocks=count_indices(shapes, f"{prefix}stage2.0.branches.0."),
    )
    return HRNet(size)


def inception_resnet_v2(shapes: Shapes, prefix: str) -> InceptionResNetV2:
    """The Inception-ResNet-v2 whose weights begin with ``prefix``, padded as paper B has it.

    Raises:
        UsageError: There is none.
    """
    first = shape_of(shapes, f"{prefix}conv2d_1a.conv.weight", network="an Inception-ResNet-v2")[0]
    repeats = tuple(count_indices(shapes, f"{prefix}{name}.") for name in ("repeat", "repeat_1", "repeat_2"))
    classifier = shape_of(shapes, f"{prefix}classif.weight", network="an Inception-ResNet-v2")
    return InceptionResNetV2(
        classifier[0],
        repeats=(repeats[0], repeats[1], repeats[2]),
        narrowing=32 // first,
        same_padding=True,
    )


def resnext3d(shapes: Shapes, prefix: str) -> ResNeXt3d:
    """The 3D ResNeXt whose weights begin with ``prefix``.

    Raises:
        UsageError: There is none.
    """
    widths, blocks = [], []
    for layer in _LAYERS:
        out_channels = shape_of(shapes, f"{prefix}{layer}.0.conv3.weight", network="a 3D ResNeXt")[0]
        widths.append(out_channels // ResNeXtBottleneck3d.expansion)
        blocks.append(count_indices(shapes, f"{prefix}{layer}."))
    middle, in_group = shape_of(shapes, f"{prefix}layer1.0.conv2.weight", network="a 3D ResNeXt")[:2]
    w1, w2, w3, w4 = widths
    b1, b2, b3, b4 = blocks
    return ResNeXt3d(
        (b1, b2, b3, b4),
        classes=shape_of(shapes, f"{prefix}fc.weight", network="a 3D ResNeXt")[0],
        widths=(w1, w2, w3, w4),
        stem_channels=shape_of(shapes, f"{prefix}conv1.weight", network="a 3D ResNeXt")[0],
        cardinality=middle // in_group,
    )


def i3d(shapes: Shapes, prefix: str) -> I3d:
    """The I3D whose weights begin with ``prefix``.

    Raises:
        UsageError: There is none.
    """
    first = shape_of(shapes, f"{prefix}Conv3d_1a_7x7.conv3d.weight", network="an I3D")[0]
    classes = shape_of(shapes, f"{prefix}logits.conv3d.weight", network="an I3D")[0]
    return I3d(classes, narrowing=64 // first)


def efficientnet_lite(shapes: Shapes, prefix: str) -> EfficientNetLite:
    """The EfficientNet-Lite whose weights begin with ``prefix``.

    Raises:
        UsageError: There is none.
    """
    blocks = count_indices(shapes, f"{prefix}blocks.")
    channels = shape_of(shapes, f"{prefix}head.weight", network="an EfficientNet-Lite")[1]
    classifier = shapes.get(f"{prefix}fc.weight")
    for size in SIZES.values():
        with torch.device("meta"):  # only sizes are asked for
            network = EfficientNetLite(size, classes=0)
        if (len(network.blocks), network.head.in_channels) == (blocks, channels):
            return EfficientNetLite(size, classes=classifier[0] if classifier else 0)
    raise UsageError(f"no EfficientNet-Lite has {blocks} blocks and {channels} channels; known are {', '.join(SIZES)}")


def last_map(shapes: Shapes, prefix: str) -> LastMap:
    """The backbone of networks B and D whose weights begin with ``prefix``.

    Raises:
        UsageError: It is no ResNet, no Inception-ResNet-v2 and no EfficientNet-Lite.
    """
    inner = f"{prefix}network."
    if f"{inner}conv2d_1a.conv.weight" in shapes:
        return LastMap(inception_resnet_v2(shapes, inner))
    if f"{inner}blocks.0.depthwise.weight" in shapes:
        return LastMap(efficientnet_lite(shapes, inner))
    return LastMap(resnet(shapes, inner))
