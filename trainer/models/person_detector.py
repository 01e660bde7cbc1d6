"""The person detector: YOLOX-nano with one class, started from the published weights.

Architecture after "YOLOX: Exceeding YOLO Series in 2021" (Ge et al., arXiv 2107.08430) and its nano configuration
(depthwise separable convolutions, width 0.25, depth 0.33): a CSP backbone, a path-aggregation pyramid and a decoupled
head on strides 8, 16 and 32, one prediction a cell, no anchors. Two things differ. The first layer's space-to-depth
and its 3×3 convolution are one 6×6 convolution of stride 2, which gives the same values with fewer copies. Of the 80
classes only "person" is kept. The published weights (Apache-2.0) have their normalisation folded, and it stays so.

Shapes: N images, C channels, H×W pixels (multiples of 32), K boxes.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from edgeact.errors import SourceFormatError
from trainer.layers.convolution import strided_depthwise
from trainer.models.published import read_onnx_weights

STRIDES = (8, 16, 32)
SIDE_MULTIPLE = 32
MAXIMUM_BOXES = 100
LOWEST_SCORE = 0.02  # boxes under this score are nobody; leaving them out makes the list of boxes well defined
PUBLISHED_CLASSES = 80


class Conv(nn.Conv2d):
    """Convolution with bias and SiLU: (N, C, H, W) → (N, C', ⌈H/s⌉, ⌈W/s⌉)."""

    def __init__(self, channels: int, out_channels: int, *, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels, out_channels, kernel, stride, (kernel - 1) // 2, groups=groups)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and x.device.type == "cpu" and self.stride == (2, 2) and self.groups > 1:
            return functional.silu(strided_depthwise(x, self.weight, self.bias))
        return functional.silu(super().forward(x))


def separable(channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    """Depthwise 3×3 and pointwise convolution, each with SiLU."""
    depthwise = Conv(channels, channels, kernel=3, stride=stride, groups=channels)
    return nn.Sequential(depthwise, Conv(channels, out_channels))


class Bottleneck(nn.Module):
    """Pointwise, then separable convolution, added to the input where ``residual``."""

    def __init__(self, channels: int, *, residual: bool) -> None:
        super().__init__()
        self.mix, self.residual = nn.Sequential(Conv(channels, channels), separable(channels, channels)), residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.mix(x) if self.residual else self.mix(x)


class CrossStage(nn.Module):
    """Half of the channels go through bottlenecks, half past them (CSP): (N, C, H, W) → (N, C', H, W)."""

    def __init__(self, channels: int, out_channels: int, *, depth: int, residual: bool = True) -> None:
        super().__init__()
        half = out_channels // 2
        self.main, self.past = Conv(channels, half), Conv(channels, half)
        self.blocks = nn.Sequential(*(Bottleneck(half, residual=residual) for _ in range(depth)))
        self.join = Conv(2 * half, out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.join(torch.cat([self.blocks(self.main(x)), self.past(x)], 1))


class PyramidPooling(nn.Module):
    """The input beside its maxima over 5×5, 9×9 and 13×13 cells: (N, C, H, W) → (N, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow, self.join = Conv(channels, channels // 2), Conv(channels * 2, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.narrow(x)
        return self.join(torch.cat([x, *(functional.max_pool2d(x, side, 1, side // 2) for side in (5, 9, 13))], 1))


class Head(nn.Module):
    """One level of the pyramid → box (N, 4, h, w) and logits of "something is here" and "person" (N, 1, h, w) each."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.stem = Conv(channels, width)
        self.class_tower = nn.Sequential(separable(width, width), separable(width, width))
        self.person = nn.Conv2d(width, 1, 1)
        self.box_tower = nn.Sequential(separable(width, width), separable(width, width))
        self.box, self.presence = nn.Conv2d(width, 4, 1), nn.Conv2d(width, 1, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = self.stem(x)
        regions = self.box_tower(x)
        return self.box(regions), self.presence(regions), self.person(self.class_tower(x))


class PersonDetector(nn.Module):
    """RGB image (N, 3, H, W) in 0..255 → boxes (N, M, 4) x_min, y_min, x_max, y_max in pixels, presence (N, M) and
    person logits (N, M), one row a cell of the strides 8, 16 and 32 in turn.

    Args:
        width: Channels of the first layer; the published network has 16.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        c = [width * 2**power for power in range(5)]  # 16, 32, 64, 128, 256
        self.first = nn.Conv2d(3, c[0], 6, 2, 2)
        self.stage2 = nn.Sequential(separable(c[0], c[1], stride=2), CrossStage(c[1], c[1], depth=1))
        self.stage3 = nn.Sequential(separable(c[1], c[2], stride=2), CrossStage(c[2], c[2], depth=3))
        self.stage4 = nn.Sequential(separable(c[2], c[3], stride=2), CrossStage(c[3], c[3], depth=3))
        self.stage5 = nn.Sequential(
            separable(c[3], c[4], stride=2), PyramidPooling(c[4]), CrossStage(c[4], c[4], depth=1, residual=False)
        )
        self.narrow5 = Conv(c[4], c[3])
        self.down4 = CrossStage(c[4], c[3], depth=1, residual=False)
        self.narrow4 = Conv(c[3], c[2])
        self.down3 = CrossStage(c[3], c[2], depth=1, residual=False)
        self.step4 = separable(c[2], c[2], stride=2)
        self.up4 = CrossStage(c[3], c[3], depth=1, residual=False)
        self.step5 = separable(c[3], c[3], stride=2)
        self.up5 = CrossStage(c[4], c[4], depth=1, residual=False)
        self.heads = nn.ModuleList(Head(channels, c[2]) for channels in c[2:])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        level3 = self.stage3(self.stage2(functional.silu(self.first(x))))
        level4 = self.stage4(level3)
        narrow5 = self.narrow5(self.stage5(level4))
        narrow4 = self.narrow4(self.down4(torch.cat([_doubled(narrow5), level4], 1)))
        fine = self.down3(torch.cat([_doubled(narrow4), level3], 1))
        middle = self.up4(torch.cat([self.step4(fine), narrow4], 1))
        coarse = self.up5(torch.cat([self.step5(middle), narrow5], 1))
        boxes, presence, person = [], [], []
        for head, level, stride in zip(self.heads, (fine, middle, coarse), STRIDES, strict=True):
            box, here, human = head(level)
            boxes.append(_cell_boxes(box.float(), stride))
            presence.append(here.flatten(1))
            person.append(human.flatten(1))
        return torch.cat(boxes, 1), torch.cat(presence, 1), torch.cat(person, 1)


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def _cell_boxes(box: torch.Tensor, stride: int) -> torch.Tensor:
    """Offsets and logarithms of sizes (N, 4, h, w) → boxes (N, h·w, 4) in pixels whose centres are whole numbers."""
    height, width = box.shape[2:]
    x = torch.arange(width, dtype=box.dtype, device=box.device)
    y = torch.arange(height, dtype=box.dtype, device=box.device)[:, None]
    centre_x, centre_y = (box[:, 0] + x) * stride - 0.5, (box[:, 1] + y) * stride - 0.5
    half_width, half_height = (torch.exp(box[:, side].clamp(max=6.0)) * (stride / 2) for side in (2, 3))
    sides = (centre_x - half_width, centre_y - half_height, centre_x + half_width, centre_y + half_height)
    return torch.stack(sides, -1).flatten(1, 2)


def decode(
    boxes: torch.Tensor, presence: torch.Tensor, person: torch.Tensor, *, iou: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The best `MAXIMUM_BOXES` persons after non-maximum suppression.

    Args:
        boxes: ``(N, M, 4)`` as the network gives them.
        presence: ``(N, M)`` logits.
        person: ``(N, M)`` logits.
        iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.

    Returns:
        Boxes ``(N, K, 4)`` and scores ``(N, K)``, highest first; dropped ones have box and score 0.
    """
    scores, order = torch.topk(torch.sigmoid(presence) * torch.sigmoid(person), MAXIMUM_BOXES, dim=1)
    boxes = torch.gather(boxes, 1, order[..., None].expand(-1, -1, 4))
    scores = scores * (scores >= LOWEST_SCORE) * keep_best(boxes, iou=iou)
    return boxes * (scores > 0)[..., None], scores


def pair_iou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Intersection over union ``(...)`` of boxes ``(..., 4)`` in pairs: each of ``first`` with the one of ``second`` at
    the same index, where the shapes broadcast; 0 where both are empty.
    """
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp_min(0).prod(-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(-1) for boxes in (first, second)]
    return shared / (areas[0] + areas[1] - shared).clamp_min(1e-6)


# Rounds of `keep_best`; a round more is needed for each box in a chain of which every one overlaps the next only.
_ROUNDS = 8


def keep_best(boxes: torch.Tensor, *, iou: float) -> torch.Tensor:
    """Greedy non-maximum suppression of boxes ``(N, K, 4)`` that are sorted by score: 1 where kept, else 0, ``(N, K)``.

    A box is dropped when a kept box before it overlaps it. Applied over and over to all boxes at once, that rule
    settles on the greedy result, in as many rounds as the longest chain of overlaps has boxes. Chains of more than
    `_ROUNDS` boxes may end otherwise; the runtime suppresses once more, box by box.
    """
    overlap = pair_iou(boxes[:, :, None], boxes[:, None])
    before = torch.tril(torch.ones(boxes.shape[1], boxes.shape[1], device=boxes.device), -1)
    rivals = (overlap > iou).float() * before  # (N, K, K): row i's earlier boxes that overlap it
    kept = torch.ones_like(boxes[..., 0])
    for _ in range(_ROUNDS):
        kept = (torch.matmul(rivals, kept[..., None])[..., 0] < 0.5).float()
    return kept


@torch.no_grad()
def load_yolox(network: PersonDetector, path: Path) -> None:
    """Fill the network with the published YOLOX-nano.

    Args:
        network: Of the published width; filled in place, and only when everything fits.
        path: The published network as ``.onnx``, whose pictures are BGR in 0..255.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no ONNX file, or its layers are not those of YOLOX-nano.
    """
    weights = _read_convolutions(path)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    if len(weights) != len(layers):
        raise SourceFormatError(f"{path} has {len(weights)} convolutions, YOLOX-nano has {len(layers)}; give its file")
    fitted = []
    for layer, (weight, bias) in zip(layers, weights, strict=True):
        if layer is network.first:
            weight = _without_space_to_depth(weight).flip(1)  # BGR → RGB
        elif weight.shape[0] == PUBLISHED_CLASSES and layer.out_channels == 1:
            weight, bias = weight[:1], bias[:1]  # "person" is the first class of COCO
        if weight.shape != layer.weight.shape:
            raise SourceFormatError(
                f"{path} is no YOLOX-nano: "
                f"a convolution of {tuple(weight.shape)} in place of {tuple(layer.weight.shape)}"
            )
        fitted.append((layer, weight, bias))
    for layer, weight, bias in fitted:
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _without_space_to_depth(weight: torch.Tensor) -> torch.Tensor:
    """A 3×3 convolution of 4×3 channels (even and odd rows and columns apart) as a 6×6 one of 3 channels."""
    whole = torch.zeros(weight.shape[0], 3, 6, 6)
    # Published order: top left, bottom left, top right, bottom right.
    for part, (row, column) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        whole[:, :, row::2, column::2] = weight[:, 3 * part : 3 * part + 3]
    return whole


def _read_convolutions(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Weight and bias of each convolution in the order of computation."""
    graph, found = read_onnx_weights(path, "YOLOX-nano")
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return [(found[node.input[1]], found[node.input[2]]) for node in convolutions]
