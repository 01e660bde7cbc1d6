"""Penn Action (Zhang et al., ICCV 2013): ``labels/NNNN.mat``, and ``frames/NNNN/NNNNNN.jpg`` where they are at hand.

MATLAB counts pixels from 1.
"""

from pathlib import Path

import numpy as np

from trainer.data.sample import FrameFiles, Sample, SampleSet, seen_where
from trainer.data.sets.files import existing
from trainer.data.sets.matlab import FIRST_PIXEL, number, read_matlab

JOINTS = (
    "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
_WHAT = "the labels of Penn Action"


def read_penn_action(root: Path) -> SampleSet:
    """Every clip; without ``frames`` the samples have no media.

    Raises:
        SourceNotFoundError, SourceFormatError: Labels are missing or damaged.
    """
    files = sorted(existing(root / "labels", _WHAT).glob("*.mat"))
    read = [(file, read_matlab(file, _WHAT)) for file in files]
    actions = tuple(sorted({_action(content["action"]) for _, content in read}))
    samples = []
    for file, content in read:
        joints = np.stack([content["x"], content["y"]], -1).astype(np.float32) - FIRST_PIXEL
        frames = sorted((root / "frames" / file.stem).glob("*.jpg"))
        boxes = np.full((len(joints), 4), np.nan, np.float32)
        known = np.asarray(content["bbox"], np.float32)[: len(joints)]  # of some clips a frame's box is missing
        boxes[: len(known)] = known - FIRST_PIXEL
        samples.append(
            Sample(
                file.stem,
                file.stem,
                FrameFiles(tuple(frames)) if frames else None,
                "train" if number(content["train"]) > 0 else "test",
                (actions.index(_action(content["action"])),),
                boxes=boxes[:, None],
                joints=joints[:, None],
                visibility=seen_where(np.asarray(content["visibility"]) > 0)[:, None],
            )
        )
    return SampleSet("penn_action", tuple(samples), actions, JOINTS)


def _action(value: object) -> str:
    return str(value[0] if isinstance(value, list) else value)
