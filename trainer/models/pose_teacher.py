"""The network that the compact pose network learns from: the whole of PP-TinyPose, on crops enlarged to what it was
published for.

Shapes: N persons, J joints.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from trainer.models.edge_pose import EdgePose, start_from_tinypose

# Height and width of the published network's pictures. A crop's sides are 5 : 4; these are 7 % narrower, which it does
# not mind.
TEACHER_SIZE = (256, 192)


class PoseTeacher(nn.Module):
    """Crop (N, 3, 160, 128) as `standardise` gives it → logits of the joint maps (N, J, 64, 48)."""

    def __init__(self) -> None:
        super().__init__()
        self.network = EdgePose(whole=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(_enlarged(x))


def start_teacher_from_tinypose(teacher: PoseTeacher, path: Path, crops: torch.Tensor) -> None:
    """Fill a teacher with the published weights; see `trainer.models.edge_pose.start_from_tinypose`."""
    start_from_tinypose(teacher.network, path, _enlarged(crops))


def _enlarged(crops: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(crops, size=TEACHER_SIZE, mode="bilinear", align_corners=False)
