"""Leeds Sports Pose and its extension (Johnson and Everingham, BMVC 2010 and CVPR 2011): ``joints.mat``, ``images/``.

The two files differ: LSP is (3, 14, N), has every joint and marks those that are hidden; the extension is (14, 3, N)
and marks those that are labelled. MATLAB counts pixels from 1.
"""

from pathlib import Path

import numpy as np

from trainer.data.sample import Picture, Sample, SampleSet, one_person, seen_where
from trainer.data.sets.files import existing
from trainer.data.sets.matlab import FIRST_PIXEL, read_matlab

LSP_JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist",
    "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "upper_neck", "head_top",
)  # fmt: skip
_TRAINING = 1000  # of LSP's 2,000, the first


def read_lsp(root: Path) -> SampleSet:
    """LSP: the first thousand photos train, the others measure.

    Raises:
        SourceNotFoundError, SourceFormatError: ``joints.mat`` is missing or damaged.
    """
    found = np.moveaxis(_joints(root, "the joints of LSP"), 2, 0)  # (N, 3, 14)
    samples = []
    for row, (x, y, hidden) in enumerate(found):
        path = root / "images" / f"im{row + 1:04d}.jpg"
        samples.append(
            Sample(
                path.stem,
                path.stem,
                Picture(path),
                "train" if row < _TRAINING else "test",
                joints=one_person(np.stack([x, y], -1) - FIRST_PIXEL),
                visibility=seen_where(hidden == 0)[None, None],
            )
        )
    return SampleSet("lsp", tuple(samples), joints=LSP_JOINTS)


def read_lsp_extended(root: Path, *, first_pixel: float = FIRST_PIXEL) -> SampleSet:
    """LSP extended, which is all for training; its own joints that are not labelled hold anything.

    Args:
        root: With ``joints.mat`` and ``images``.
        first_pixel: The file's coordinate of the first pixel, which is taken off; 0 leaves all numbers as they are.

    Raises:
        SourceNotFoundError, SourceFormatError: ``joints.mat`` is missing or damaged.
    """
    found = np.moveaxis(_joints(root, "the joints of LSP extended"), 2, 0)  # (N, 14, 3)
    samples = []
    for row, person in enumerate(found):
        path = root / "images" / f"im{row + 1:05d}.jpg"
        labelled = person[:, 2] > 0
        samples.append(
            Sample(
                path.stem,
                path.stem,
                Picture(path),
                "train",
                joints=one_person(np.where(labelled[:, None], person[:, :2] - first_pixel, np.nan)),
                visibility=seen_where(labelled, labelled=labelled)[None, None],
            )
        )
    return SampleSet("lsp_extended", tuple(samples), joints=LSP_JOINTS)


def _joints(root: Path, what: str) -> np.ndarray:
    existing(root, what)
    return np.asarray(read_matlab(root / "joints.mat", what)["joints"], np.float32)
