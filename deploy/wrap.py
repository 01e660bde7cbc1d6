"""Networks as the runtime calls them: uint8 RGB pictures in, decoded and calibrated values out; normalisation and
decoding inside.

Shapes: N pictures or clips, J joints, K boxes, T frames.
"""

import torch
from torch import nn

from trainer.evaluate.calibrate import ConfidenceFit
from trainer.models import person_detector
from trainer.models.edge_pose import EdgePose, peak_soft_argmax, room_to_border, standardise
from trainer.models.person_detector import PersonDetector


class PoseGraph(nn.Module):
    """Crop (N, H, W, 3) uint8 → joints (N, J, 2) in its pixels, confidence (N, J), joint maps (N, J, H/4, W/4).

    Args:
        network: The trained network.
        fit: What makes a confidence of the evidence (`trainer.evaluate.calibrate`).
    """

    def __init__(self, network: EdgePose, fit: ConfidenceFit) -> None:
        super().__init__()
        self.network = network
        self.rise, self.room = fit.rise, fit.room
        self.register_buffer("offset", torch.from_numpy(fit.offset))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Joints, confidence and joint maps."""
        joints, rise, maps = peak_soft_argmax(self.network(standardise(image)))
        room = room_to_border(joints, self.network.size)
        return joints, torch.sigmoid(self.rise * rise + self.room * room + self.offset), maps


class DetectorGraph(nn.Module):
    """Image (N, H, W, 3) uint8 RGB → boxes (N, K, 4) x_min, y_min, x_max, y_max in its pixels, scores (N, K), highest
    first, after non-maximum suppression.

    Args:
        network: The trained network, whose images are RGB in 0..255.
        iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.
    """

    def __init__(self, network: PersonDetector, *, iou: float) -> None:
        super().__init__()
        self.network, self.iou = network, iou

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Boxes and scores."""
        return person_detector.decode(*self.network(image.permute(0, 3, 1, 2).float()), iou=self.iou)
