"""Networks with random weights, and inputs for them."""

import numpy as np
import torch
from torch import nn

from deploy.package import Calibration, Networks, Samples
from trainer.data.action_sequences import LABELS
from trainer.models.edge_action import EdgeAction
from trainer.models.edge_detector import EdgeDetector
from trainer.models.edge_pose import EdgePose

CALIBRATION = Calibration((1.5,) * 21, (0.5,) * 21, 1.3, 0.35, 0.6, 0.3, 0.6)


def random_networks(*, action: bool = True) -> Networks:
    """Random weights whose batch normalisations have seen pictures: without, a deep network's activations die out to
    nothing.
    """
    torch.manual_seed(0)
    detector, pose, samples = EdgeDetector(), EdgePose(), random_samples()
    _see(detector, samples.scenes)
    _see(pose, samples.crops)
    return Networks(detector.eval(), pose.eval(), EdgeAction(len(LABELS)).eval() if action else None)


def _see(network: nn.Module, pictures: torch.Tensor) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the mean of what it saw, not a running one
    with torch.no_grad():
        network.train()(pictures.permute(0, 3, 1, 2).float() / 255)


def random_samples() -> Samples:
    rng = np.random.default_rng(0)
    place = np.cumsum(rng.normal(0, 3, (3, 32, 21, 2)), 1) + rng.normal(0, 60, (3, 1, 21, 2)) + 200
    clips = np.concatenate([place, rng.uniform(0.3, 1, (3, 32, 21, 1))], -1).astype(np.float32)
    scenes, crops = rng.integers(0, 255, (2, 256, 416, 3), np.uint8), rng.integers(0, 255, (3, 160, 128, 3), np.uint8)
    return Samples(torch.from_numpy(scenes), torch.from_numpy(crops), torch.from_numpy(clips))
