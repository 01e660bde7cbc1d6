"""The compact person detector: one image → person boxes with scores, one prediction a cell at stride 8, no anchors.

Centres as peaks of a heat map and sizes beside them after "Objects as Points" (Zhou et al., 2019); the distances to the
four sides and their GIoU loss after "FCOS" (Tian et al., ICCV 2019). Suppression of double boxes is a 3×3 maximum
filter in the graph and a plain IoU test at run time.

Shapes: N images, H×W input (256×416), h×w cells (32×52).
"""

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.convolution import ConvNorm, SeparableConv
from trainer.models.compact import LEVEL_CHANNELS, CompactBackbone

INPUT_HEIGHT, INPUT_WIDTH = 256, 416
STRIDE = 8
MAXIMUM_BOXES = 100
LOWEST_SCORE = 0.02  # peaks under this are nobody; keeping them out makes the list of boxes well defined


class EdgeDetector(nn.Module):
    """Image (N, 3, H, W) in [−1, 1] → centre logits (N, 1, h, w) and distances to left, top, right, bottom (N, 4, h, w)
    in pixels.
    """

    def __init__(self, widths: tuple[int, int, int] = (64, 96, 128)) -> None:
        super().__init__()
        self.backbone = CompactBackbone()
        self.lateral = nn.ModuleList(
            ConvNorm(c, w, linear=True) for c, w in zip(LEVEL_CHANNELS[1:], widths, strict=True)
        )
        self.mix = nn.ModuleList(SeparableConv(w, w) for w in widths)
        self.narrow = nn.ModuleList(ConvNorm(widths[i + 1], widths[i], linear=True) for i in range(len(widths) - 1))
        self.tower = SeparableConv(widths[0], widths[0])
        self.centre = nn.Conv2d(widths[0], 1, 1)
        self.distance = nn.Conv2d(widths[0], 4, 1)
        nn.init.constant_(
            self.centre.bias, -4.0
        )  # one cell in fifty is a person at the start (focal loss, section 3.3)
        nn.init.constant_(self.distance.bias, 3.0)  # exp(3) = 20 pixels to each side

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        levels = self.backbone(x)[1:]
        x = self.mix[-1](self.lateral[-1](levels[-1]))
        for index in range(len(levels) - 2, -1, -1):
            above = functional.interpolate(self.narrow[index](x), size=levels[index].shape[2:], mode="nearest")
            x = self.mix[index](self.lateral[index](levels[index]) + above)
        x = self.tower(x)
        return self.centre(x), torch.exp(self.distance(x).float().clamp(max=7.0))


def cell_boxes(distance: torch.Tensor) -> torch.Tensor:
    """Distances (N, 4, h, w) → boxes (N, h·w, 4) x_min, y_min, x_max, y_max in input pixels; a cell's centre is at (i +
    ½)·8 − ½.
    """
    height, width = distance.shape[2:]
    x = ((torch.arange(width, device=distance.device) + 0.5) * STRIDE - 0.5).expand(height, width)
    y = ((torch.arange(height, device=distance.device) + 0.5) * STRIDE - 0.5)[:, None].expand(height, width)
    left, top, right, bottom = distance.unbind(1)
    return torch.stack([x - left, y - top, x + right, y + bottom], -1).flatten(1, 2)


def decode(centre: torch.Tensor, distance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The best `MAXIMUM_BOXES` peaks: boxes (N, K, 4) in input pixels and scores (N, K), highest first; 0 where there
    are fewer.
    """
    score = torch.sigmoid(centre.float())
    peak = (functional.max_pool2d(score, 3, 1, 1) == score) & (score >= LOWEST_SCORE)
    scores, order = torch.topk((score * peak).flatten(1), min(MAXIMUM_BOXES, score[0].numel()), dim=1)
    boxes = torch.gather(cell_boxes(distance), 1, order[..., None].expand(-1, -1, 4))
    return boxes * (scores > 0)[..., None], scores
