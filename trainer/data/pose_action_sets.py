"""Sets of joint sequences with one action each, on their official splits: what claims about actions from poses need.

Unlike `trainer.data.action_sequences`, which brings all sets to our thirteen joints and our labels, each set keeps its
joints and its actions here.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.sample import SampleSet
from trainer.data.sets.jhmdb import read_packed_jhmdb
from trainer.data.sets.packed_skeletons import read_skeletons
from trainer.data.sets.penn_action import read_penn_action
from trainer.inputs.action_clip import COMMON_MIRROR

JHMDB_SPLITS = (1, 2, 3)
# Kinect's twenty joints as each set orders them: what becomes of joint i in a mirror.
_NWUCLA_MIRROR = (0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15)
_UTD_MIRROR = (0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15)
_JHMDB_MIRROR = (0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13)
_NWUCLA_HIPS, _UTD_HIPS = (12, 16), (12, 16)


@dataclass(frozen=True, slots=True, eq=False)
class PoseActionSet:
    """One set on one of its splits.

    Attributes:
        name: With the protocol.
        sequences: Each ``(T, J, D + 1)`` float32: D coordinates in any unit (2: x, y; 3: x, y, z, any handedness, y
            along the height) and visible, 0 or 1.
        labels: ``(N,)`` int64.
        training: Rows that train.
        measured: Rows that measure.
        actions: Names of the labels.
        mirror: What becomes of joint i in a mirror; None where actions name a hand and a mirror changes them.
        hips: Rows of the left and the right hip, where joints are 3D: the body is turned by them.
    """

    name: str
    sequences: tuple[np.ndarray, ...]
    labels: np.ndarray
    training: np.ndarray
    measured: np.ndarray
    actions: tuple[str, ...]
    mirror: tuple[int, ...] | None
    hips: tuple[int, int] | None = None


def penn_action_set(root: Path) -> PoseActionSet:
    """Penn Action: 15 actions, 13 joints in 2D, its official split.

    Raises:
        SourceNotFoundError, SourceFormatError: Labels are missing or damaged.
    """
    return _set_of(read_penn_action(root), "Penn Action, official split", tuple(COMMON_MIRROR))


def jhmdb_set(root: Path, split: int) -> PoseActionSet:
    """JHMDB: 14 of its actions, 15 joints in 2D, one of its three official splits.

    Args:
        root: With ``GT_train_N.npz`` and ``GT_test_N.npz``.
        split: N.

    Raises:
        SourceNotFoundError, SourceFormatError: Joints are missing or damaged.
    """
    return _set_of(read_packed_jhmdb(root, split=split), f"JHMDB, split {split}", _JHMDB_MIRROR)


def nwucla_set(root: Path) -> PoseActionSet:
    """NW-UCLA: 10 actions, Kinect's 20 joints in 3D; the first two cameras train, the third measures.

    Raises:
        SourceNotFoundError, SourceFormatError: Joints are missing or damaged.
    """
    return _kinect(root / "nwucla.npz", "skeleton", "NW-UCLA, view 3", 3, (1, 2), _NWUCLA_MIRROR, _NWUCLA_HIPS)


def utd_mhad_set(root: Path) -> PoseActionSet:
    """UTD-MHAD: 27 actions, Kinect's 20 joints in 3D; people with odd numbers train, those with even ones measure.

    No mirror: its actions name the right arm, and some differ from others by their direction alone.

    Raises:
        SourceNotFoundError, SourceFormatError: Joints are missing or damaged.
    """
    return _kinect(root / "utd_mhad.npz", "xyz_mm", "UTD-MHAD, even people", 1, (1, 3, 5, 7), None, _UTD_HIPS)


def _set_of(found: SampleSet, name: str, mirror: tuple[int, ...]) -> PoseActionSet:
    """A set of clips of one person each, with joints in 2D."""
    sequences = []
    for sample in found.samples:
        seen = (sample.visibility[:, 0] > 0)[..., None]
        sequences.append(np.concatenate([np.where(seen, sample.joints[:, 0], 0), seen], -1).astype(np.float32))
    labels = [sample.actions[0] for sample in found.samples]
    trains = np.array([sample.split == "train" for sample in found.samples])
    return _set(name, sequences, labels, trains, found.actions, mirror)


def _kinect(
    path: Path,
    key: str,
    name: str,
    digit: int,
    training: tuple[int, ...],
    mirror: tuple[int, ...] | None,
    hips: tuple[int, int],
) -> PoseActionSet:
    """A set whose names tell action, person, … and view as numbers; those of one of them say what trains."""
    clips = read_skeletons(path, key)
    numbers = np.array([[int(digits) for digits in re.findall(r"\d+", clip)] for clip, _ in clips])
    scale = 1e-3 if key.endswith("_mm") else 1.0
    kinds = sorted(set(numbers[:, 0].tolist()))
    labels = [kinds.index(number) for number in numbers[:, 0]]
    actions = tuple(f"a{number}" for number in kinds)
    trains = np.isin(numbers[:, digit], training)
    return _set(
        name,
        [_all_seen(joints.astype(np.float32) * scale) for _, joints in clips],
        labels,
        trains,
        actions,
        mirror,
        hips,
    )


def _set(
    name: str,
    sequences: list[np.ndarray],
    labels: list[int],
    trains: np.ndarray,
    actions: tuple[str, ...],
    mirror: tuple[int, ...] | None,
    hips: tuple[int, int] | None = None,
) -> PoseActionSet:
    rows = np.arange(len(labels))
    return PoseActionSet(name, tuple(sequences), np.array(labels), rows[trains], rows[~trains], actions, mirror, hips)


def _all_seen(joints: np.ndarray) -> np.ndarray:
    return np.concatenate([joints, np.ones((*joints.shape[:2], 1), np.float32)], -1)
