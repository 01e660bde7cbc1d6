"""PCK of the claims' pose networks, in MPII's joint order."""

import numpy as np

from edgeact.skeleton import MPII_16
from trainer.evaluate.metrics.pck import pck
from trainer.inputs.batch import MISSING

_SIDES = [(MPII_16.index(f"{side}_shoulder"), MPII_16.index(f"{side}_hip")) for side in ("left", "right")]


def right_joint_share(found: np.ndarray, joints: np.ndarray) -> float:
    """Compute PCK@.2: the share of labelled joints predicted within .2 torso lengths, 0..1.

    Args:
        found: ``(N, 16, 2)`` x, y in the order of MPII.
        joints: ``(N, 16, 2)`` in the same unit, −1 where nobody said. Who has no shoulder and hip of one side is left
            out.
    """
    known = (joints != MISSING).any(-1)
    torso = np.array([_torso(each, there) for each, there in zip(joints, known, strict=True)])
    target = np.concatenate([joints, known[..., None]], -1)
    return pck(found, target, torso, joints=range(len(MPII_16.joints)))[0]


def _torso(joints: np.ndarray, known: np.ndarray) -> float:
    """Return the mean shoulder-to-hip distance over the labelled sides, 0 if neither side is labelled."""
    lengths = [float(np.linalg.norm(joints[a] - joints[b])) for a, b in _SIDES if known[a] and known[b]]
    return float(np.mean(lengths)) if lengths else 0.0
