"""JHMDB (Jhuang et al., ICCV 2013): ``joint_positions``, ``puppet_mask``, ``splits`` and ``Rename_Images`` or
``ReCompress_Videos``; and a packed copy of its joints, ``GT_train_N.npz`` and ``GT_test_N.npz``. MATLAB counts pixels
from 1.
"""

from functools import partial
from pathlib import Path

import numpy as np

from trainer.data.sample import SEEN, Sample, SampleSet
from trainer.data.sets.files import existing, frames_or_video, read_arrays, read_lines
from trainer.data.sets.matlab import FIRST_PIXEL, read_matlab
from trainer.data.splits import Split

JOINTS = (
    "upper_neck", "belly", "head", "right_shoulder", "left_shoulder", "right_hip", "left_hip", "right_elbow",
    "left_elbow", "right_knee", "left_knee", "right_wrist", "left_wrist", "right_ankle", "left_ankle",
)  # fmt: skip
_PARTS: dict[str, Split] = {"1": "train", "2": "test"}


def read_jhmdb(root: Path, *, split: int = 1) -> SampleSet:
    """Every clip that the official split names.

    Args:
        root: With ``joint_positions`` and ``splits``.
        split: 1, 2 or 3.

    Raises:
        SourceNotFoundError, SourceFormatError: Joints or splits are missing or damaged.
    """
    what = "the joints of JHMDB"
    actions = tuple(sorted(path.name for path in existing(root / "joint_positions", what).iterdir() if path.is_dir()))
    samples = []
    for number, action in enumerate(actions):
        for line in read_lines(root / "splits" / f"{action}_test_split{split}.txt", "the splits of JHMDB"):
            file, part = line.split()
            name = Path(file).stem
            places = read_matlab(root / "joint_positions" / action / name / "joint_positions.mat", what)["pos_img"]
            joints = np.moveaxis(np.asarray(places, np.float32), 0, 2).swapaxes(0, 1)[:, None] - FIRST_PIXEL
            mask = root / "puppet_mask" / action / name / "puppet_mask.mat"
            samples.append(
                Sample(
                    f"{action}/{name}",
                    name.partition("_" + action)[0],
                    frames_or_video(
                        root / "Rename_Images" / action / name, root / "ReCompress_Videos" / action / f"{name}.avi"
                    ),
                    _PARTS.get(part),
                    (number,),
                    joints=joints,
                    visibility=np.full(joints.shape[:3], SEEN, np.int8),
                    masks=partial(_read_masks, mask) if mask.is_file() else None,
                )
            )
    return SampleSet("jhmdb", tuple(samples), actions, JOINTS)


def read_packed_jhmdb(root: Path, *, split: int = 1) -> SampleSet:
    """Every clip of the packed copy. x and y of its joints are no pixels but normalised, in the manner of JHMDB's
    ``pos_world``. Films are not named: each clip is a source of its own.

    Args:
        root: With ``GT_train_N.npz`` and ``GT_test_N.npz``: ``pose`` of all clips, one after the other, ``length`` and
            ``label``.
        split: N, 1, 2 or 3.

    Raises:
        SourceNotFoundError, SourceFormatError: Joints are missing or damaged.
    """
    parts: tuple[Split, ...] = ("train", "test")
    files = [
        read_arrays(root / f"GT_{part}_{split}.npz", "joints of JHMDB", "pose", "length", "label") for part in parts
    ]
    actions = tuple(sorted({str(label) for _, _, labels in files for label in labels}))
    samples = []
    for part, (poses, lengths, labels) in zip(parts, files, strict=True):
        clips = np.split(poses.astype(np.float32), np.cumsum(lengths)[:-1])
        for row, (clip, label) in enumerate(zip(clips, labels, strict=True)):
            joints, name = clip[:, None], f"{part}_{row}"
            samples.append(
                Sample(
                    name,
                    name,
                    split=part,
                    actions=(actions.index(str(label)),),
                    joints=joints,
                    visibility=np.full(joints.shape[:3], SEEN, np.int8),
                )
            )
    return SampleSet("jhmdb", tuple(samples), actions, JOINTS)


def _read_masks(file: Path) -> np.ndarray:
    """``(T, 1, H, W)`` bool."""
    mask = np.asarray(read_matlab(file, "a mask of JHMDB")["part_mask"])
    return np.moveaxis(mask.reshape(*mask.shape[:2], -1), 2, 0)[:, None] > 0
