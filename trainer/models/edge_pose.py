"""The compact pose network: one person crop → joints with confidence, by soft-argmax over joint maps.

Decoding follows "Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action Recognition" (Luvizon et
al., TPAMI 2020): spatial softmax of each joint's map and its expectation (soft-argmax). The confidence differs from the
paper's maximum of the map: it is a logistic function of how high the map's peak stands and of how near it is to the
crop's border, fitted per joint on validation data so that it is the probability that the joint lies within 0.2 torso
lengths.

Shapes: N persons, J joints, H×W input, h×w maps of a quarter of its sides.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import nn

from edgeact.skeleton import BODY_21
from trainer.compress.channels import find_channels
from trainer.compress.remove import remove_channels
from trainer.compress.worth import as_many_as, channel_worth
from trainer.inputs.crop_size import InputSize
from trainer.models.lite_hrnet import BRANCHES, SIDE_MULTIPLE, Conv, LiteHRNet, load_tinypose
from trainer.models.slim_hrnet import SlimHRNet, Widths, rewrite

MAP_STRIDE = 4
# RGB of ImageNet in 0..255, which the weights that training starts from expect.
IMAGE_MEAN = (123.675, 116.28, 103.53)
IMAGE_DEVIATION = (58.395, 57.12, 57.375)
# The published heat maps rise to 1, so that e^12 of them holds its own against the 1,279 other cells of a softmax.
LOGIT_SCALE = 12.0
NEIGHBOURS = {
    "head_top": ("left_eye", "right_eye"),
    "upper_neck": ("left_shoulder", "right_shoulder"),
    "thorax": ("left_shoulder", "right_shoulder"),
    "pelvis": ("left_hip", "right_hip"),
}


def standardise(image: torch.Tensor) -> torch.Tensor:
    """(N, H, W, 3) uint8 RGB → (N, 3, H, W) float32 of ImageNet's mean and deviation."""
    scale = 1.0 / torch.tensor(IMAGE_DEVIATION, device=image.device)
    shift = -torch.tensor(IMAGE_MEAN, device=image.device) * scale
    return image.permute(0, 3, 1, 2).float() * scale[:, None, None] + shift[:, None, None]


# Half the side of the window around a map's peak, in cells: 2.7 standard deviations of the training target.
PEAK_RADIUS = 4


def peak_soft_argmax(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Soft-argmax in a window around each map's peak, so that a second person in the crop does not pull the joint away.

    Args:
        logits: ``(N, J, h, w)``.

    Returns:
        Joints ``(N, J, 2)`` x, y in crop pixels; how high each map's peak stands over its mean ``(N, J)``, about 1
        where the network is sure; the maps ``(N, J, h, w)``, each summing to 1.
    """
    count, joints, height, width = logits.shape
    flat = logits.float().reshape(count, joints, -1)
    peak = flat.argmax(-1)
    rise = (flat.amax(-1) - flat.mean(-1)) / LOGIT_SCALE
    maps = torch.softmax(flat, -1)
    maps = maps.reshape(logits.shape)
    # The window is a product of rows and columns, and so are its sums: far fewer operations than on every cell.
    columns, near_columns = _axis_window(peak % width, width)
    rows, near_rows = _axis_window(peak // width, height)
    across = torch.matmul(maps, torch.stack([near_columns, near_columns * columns], -1))  # (N, J, h, 2)
    down = torch.stack([near_rows, near_rows * rows], -2)  # (N, J, 2, h)
    sums = torch.matmul(down, across)  # mass and Σ x in the first row, Σ y first in the second
    mass = sums[..., 0, 0]
    cells = torch.stack([sums[..., 0, 1], sums[..., 1, 0]], -1) / mass[..., None].clamp_min(1e-6)
    # A cell's centre lies MAP_STRIDE / 2 - 0.5 pixels into it, pixel centres being at whole numbers.
    return (cells + 0.5) * MAP_STRIDE - 0.5, rise, maps


def _axis_window(peak: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of one axis the cells' places (length,), and which are near each peak (N, J): 1 or 0, (N, J, length)."""
    cells = torch.arange(length, dtype=torch.float32, device=peak.device)
    return cells, ((cells - peak[..., None].float()).abs() <= PEAK_RADIUS).float()


def room_to_border(joints: torch.Tensor, size: InputSize) -> torch.Tensor:
    """How far joints (N, J, 2), in pixels of a crop, are from its nearest border, in its sides: (N, J), at most .5."""
    sides = torch.tensor([size.width, size.height], dtype=torch.float32, device=joints.device)
    share = joints / sides
    return torch.minimum(share, 1 - share).amin(-1)


class EdgePose(nn.Module):
    """Crop (N, 3, H, W) as `standardise` gives it → logits of the joint maps (N, J, H/4, W/4).

    Args:
        size: Of the crops that it is trained and used on.
        joints: How many.
        slim: Widths of the narrower backbone (`trainer.models.slim_hrnet`); None takes the published backbone.
    """

    def __init__(self, size: InputSize, joints: int = len(BODY_21.joints), *, slim: Widths | None = None) -> None:
        super().__init__()
        self.size = size
        self.backbone: nn.Module = LiteHRNet() if slim is None else SlimHRNet(slim)
        self.head = Conv(BRANCHES[0] if slim is None else slim.branches[0], joints)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x))


@torch.no_grad()
def start_from_tinypose(network: EdgePose, path: Path) -> None:
    """Fill a network for `BODY_21` with PP-TinyPose's weights; joints that it lacks start as means of their neighbours.

    Raises:
        SourceNotFoundError, SourceFormatError: See `trainer.models.lite_hrnet.load_tinypose`.
    """
    weight, bias = load_tinypose(network.backbone, path)
    rows = [
        [BODY_21.index(name) for name in NEIGHBOURS[joint]] if joint in NEIGHBOURS else [index]
        for index, joint in enumerate(BODY_21.joints)
    ]
    network.head.weight.copy_(LOGIT_SCALE * torch.stack([weight[row].mean(0) for row in rows]))
    network.head.bias.copy_(LOGIT_SCALE * torch.stack([bias[row].mean(0) for row in rows]))


def start_from_wider(network: EdgePose, wider: EdgePose, losses: Callable[[EdgePose], Iterable[torch.Tensor]]) -> None:
    """Fill a slim network with the channels of a trained wider one that are worth most.

    Args:
        network: Filled in place.
        wider: With the published backbone.
        losses: Of a network, one scalar a batch: what the channels' worth is measured by.
    """
    rewritten = EdgePose(network.size)
    rewritten.backbone = rewrite(wider.backbone)
    rewritten.head.load_state_dict(wider.head.state_dict())
    traced = torch.zeros(2, 3, 2 * SIDE_MULTIPLE, SIDE_MULTIPLE)
    groups = find_channels(rewritten, (traced,)).groups
    # Its normalisation is folded in, so that what writes a channel tells its worth.
    worth = channel_worth(rewritten, groups, losses(rewritten), by="writes")
    remove_channels(rewritten, groups, as_many_as(network, groups, worth))
    narrow = rewritten.state_dict()  # some paths of the wider network have no part in the slim one
    network.load_state_dict({name: narrow[name] for name in network.state_dict()})
