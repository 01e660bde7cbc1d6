"""Networks with random weights, and inputs for them."""

import numpy as np
import torch

from deploy.package import Calibration, Networks, Samples
from trainer.data.action_sequences import LABELS
from trainer.models.edge_action import EdgeAction
from trainer.models.edge_detector import EdgeDetector
from trainer.models.edge_pose import EdgePose

CALIBRATION = Calibration((1.5,) * 21, (0.5,) * 21, 1.3, 0.35, 0.6, 0.3, 0.6)


def random_networks(*, action: bool = True) -> Networks:
    torch.manual_seed(0)
    return Networks(EdgeDetector().eval(), EdgePose().eval(), EdgeAction(len(LABELS)).eval() if action else None)


def random_samples() -> Samples:
    rng = np.random.default_rng(0)
    place = np.cumsum(rng.normal(0, 3, (3, 32, 21, 2)), 1) + rng.normal(0, 60, (3, 1, 21, 2)) + 200
    clips = np.concatenate([place, rng.uniform(0.3, 1, (3, 32, 21, 1))], -1).astype(np.float32)
    scenes, crops = rng.integers(0, 255, (2, 256, 416, 3), np.uint8), rng.integers(0, 255, (3, 192, 144, 3), np.uint8)
    return Samples(torch.from_numpy(scenes), torch.from_numpy(crops), torch.from_numpy(clips))
