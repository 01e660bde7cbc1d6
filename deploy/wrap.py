"""Networks as the runtime calls them: uint8 RGB pictures in, decoded and calibrated values out; normalisation and
decoding inside.

Shapes: N pictures or clips, J joints, K boxes, T frames.
"""

import torch
from torch import nn

from trainer.models import person_detector
from trainer.models.compact import normalise
from trainer.models.edge_detector import EdgeDetector, decode
from trainer.models.edge_pose import EdgePose, peak_soft_argmax, standardise
from trainer.models.person_detector import PersonDetector


class DetectorGraph(nn.Module):
    """Image (N, 256, 416, 3) uint8 → boxes (N, K, 4) x_min, y_min, x_max, y_max in its pixels, scores (N, K), highest
    first.
    """

    def __init__(self, network: EdgeDetector) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Boxes and scores."""
        return decode(*self.network(normalise(image)))


class PoseGraph(nn.Module):
    """Crop (N, 160, 128, 3) uint8 → joints (N, J, 2) in its pixels, confidence (N, J), joint maps (N, J, 40, 32).

    Args:
        network: The trained network.
        slope: ``(J,)`` and
        offset: ``(J,)`` of the logistic function that makes a confidence of the logarithm of the peak's mass
            (`trainer.calibrate`).
    """

    def __init__(self, network: EdgePose, slope: torch.Tensor, offset: torch.Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("slope", slope.float())
        self.register_buffer("offset", offset.float())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Joints, confidence and joint maps."""
        joints, mass, maps = peak_soft_argmax(self.network(standardise(image)))
        confidence = torch.sigmoid(self.slope * torch.log(mass.clamp_min(1e-4)) + self.offset)
        return joints, confidence, maps


class PersonDetectorGraph(nn.Module):
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
