"""Leeds Sports Pose extended (Johnson and Everingham, CVPR 2011): official ``joints.mat`` and
``images/imNNNNN.jpg``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.io import loadmat

# Rows of joints.mat: right ankle, knee, hip; left hip, knee, ankle; right wrist, elbow, shoulder; left shoulder, elbow,
# wrist; neck; head top.
LSP_JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist",
    "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "upper_neck", "head_top",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class LspSample:
    """One person: image path, joints ``(14, 3)`` x, y (pixels), labelled 0/1, and the box of the labelled joints grown
    by 15 %.
    """

    path: Path
    joints: np.ndarray
    box: tuple[float, float, float, float]


def read_lspet(root: Path) -> list[LspSample]:
    """Read every person with at least six labelled joints.

    Raises:
        FileNotFoundError: ``joints.mat`` is missing under ``root``.
    """
    joints = loadmat(root / "joints.mat")["joints"].astype(np.float32)  # (14, 3, N)
    samples = []
    for index in range(joints.shape[2]):
        person = joints[:, :, index].copy()
        labelled = person[:, 2] > 0
        if labelled.sum() < 6:
            continue
        low, high = person[labelled, :2].min(0), person[labelled, :2].max(0)
        margin = 0.15 * float((high - low).max())  # the joints lie inside the body: a box drawn by a person is larger
        box = (float(low[0] - margin), float(low[1] - margin), float(high[0] + margin), float(high[1] + margin))
        samples.append(LspSample(path=root / "images" / f"im{index + 1:05d}.jpg", joints=person, box=box))
    return samples
