"""Networks with random weights, and inputs for them."""

import numpy as np
import torch
from torch import nn

from deploy.package import Calibration, Networks, Samples
from trainer.data.action_sequences import LABELS
from trainer.evaluate.calibrate import ConfidenceFit
from trainer.inputs.crop_size import InputSize
from trainer.models.edge_action import EdgeAction
from trainer.models.edge_pose import EdgePose, standardise
from trainer.models.person_detector import PersonDetector
from trainer.models.slim_hrnet import SLIM

CONFIDENCE = ConfidenceFit(4.0, 1.0, np.full(21, 0.5, np.float32))
CALIBRATION = Calibration(
    confidence=CONFIDENCE,
    temperature=1.3,
    detection_score=0.35,
    detection_iou=0.6,
    detection_pixels=(96 * 128, 64 * 96),
    joint_confidence=0.3,
    action_score=0.6,
)
CROP = InputSize(height=96, width=64)


def random_networks(*, action: bool = True) -> Networks:
    """Random weights that keep the size of what passes: with PyTorch's own, a deep network's values die out to a
    constant.
    """
    torch.manual_seed(0)
    detector, pose = PersonDetector(), EdgePose(CROP, slim=SLIM)
    for layer in (*detector.modules(), *pose.modules()):
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    with torch.no_grad():
        detector.first.weight /= 100  # pixels are 0..255
        for head in detector.heads:
            head.box.bias[2:] = 2.0  # boxes of seven cells: those of neighbours overlap
        pose.head.weight /= pose(standardise(random_samples().crops)).std() / 2  # maps neither flat nor of one cell
    return Networks(detector.eval(), pose.eval(), EdgeAction(len(LABELS)).eval() if action else None)


def random_samples() -> Samples:
    rng = np.random.default_rng(0)
    place = np.cumsum(rng.normal(0, 3, (3, 32, 21, 2)), 1) + rng.normal(0, 60, (3, 1, 21, 2)) + 200
    clips = np.concatenate([place, rng.uniform(0.3, 1, (3, 32, 21, 1))], -1).astype(np.float32)
    scenes = tuple(
        torch.from_numpy(rng.integers(0, 255, (1, height, width, 3), np.uint8))
        for height, width in ((96, 128), (64, 192), (32, 320))
    )
    crops = torch.from_numpy(rng.integers(0, 255, (3, CROP.height, CROP.width, 3), np.uint8))
    return Samples(scenes, crops, torch.from_numpy(clips))
