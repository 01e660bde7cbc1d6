"""Joint sequences of two sets of Kinect skeletons: their people do much that is no action of ours, and widen "other".

UTD-MHAD (Chen, Jafari, Kehtarnavaz, ICIP 2015) and MSR Action3D (Li, Zhang, Liu, CVPRW 2010). As published, people with
odd numbers train and those with even ones test; one of the odd ones chooses here.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from trainer.data.action_sequences import OTHER, JointSequence, seen_by_some_camera
from trainer.data.sets.packed_skeletons import read_skeletons
from trainer.data.splits import Split

_VALIDATION_PERSON = 7
_PITCH = (OTHER, "baseball_pitch")  # throws of any kind: some look like a pitch

# Actions in the set's order, numbered from 1: what each may be called.
_UTD_ACTIONS: tuple[tuple[str, ...], ...] = (
    (OTHER, "wave"), (OTHER, "wave"),  # swipes with the arm
    ("wave",), ("clap",), _PITCH,
    (OTHER,), (OTHER,),  # arms crossed, basketball shot
    (OTHER, "wave"), (OTHER, "wave"), (OTHER, "wave"), (OTHER, "wave"),  # a cross, circles, a triangle drawn
    (OTHER, "bowl"), ("punch",), ("baseball_swing",), ("tennis_forehand", OTHER),
    (OTHER,),  # arm curl
    ("tennis_serve", OTHER), ("push", "punch", OTHER),
    (OTHER, "point"), (OTHER,),  # knock, catch
    (OTHER, "baseball_pitch", "bowl"),  # picks up and throws
    ("run",), ("walk",),
    (OTHER,), (OTHER,), (OTHER,),  # stands up, sits down, lunges
    ("squat", OTHER),
)  # fmt: skip
_MSR_ACTIONS: tuple[tuple[str, ...], ...] = (
    ("wave",), (OTHER, "wave"),
    (OTHER,), (OTHER,),  # hammers, catches
    ("punch",), _PITCH,
    (OTHER, "wave"), (OTHER, "wave"), (OTHER, "wave"),  # a cross, a tick and a circle drawn
    ("clap",), ("wave",), ("punch",),
    (OTHER,),  # bends
    ("kick",), ("kick",), ("run",), ("tennis_forehand", OTHER), ("tennis_serve", OTHER), ("golf_swing",),
    (OTHER, "baseball_pitch", "bowl"),  # picks up and throws
)  # fmt: skip
# Our thirteen joints (`COMMON_JOINTS`) among each set's twenty.
_UTD_ROWS = [0, 4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18]
_MSR_ROWS = [19, 0, 1, 7, 8, 9, 10, 4, 5, 13, 14, 15, 16]


def utd_mhad(root: Path, *, views: int = 4) -> Iterator[JointSequence]:
    """UTD-MHAD, 27 actions of eight people, seen by random cameras."""
    return _read(root / "utd_mhad.npz", "utd_mhad", _UTD_ACTIONS, _UTD_ROWS, frame_rate=30.0, views=views)


def msr_action3d(root: Path, *, views: int = 4) -> Iterator[JointSequence]:
    """MSR Action3D, 20 actions of ten people, seen by random cameras."""
    return _read(root / "msr_action3d.npz", "msr_action3d", _MSR_ACTIONS, _MSR_ROWS, frame_rate=15.0, views=views)


def _read(
    path: Path,
    source: str,
    actions: Sequence[tuple[str, ...]],
    rows: list[int],
    *,
    frame_rate: float,
    views: int,
) -> Iterator[JointSequence]:
    end = 0
    for name, skeletons in read_skeletons(path, "xyz_mm"):
        end += len(skeletons)
        action, person = (int(digits) for digits in re.findall(r"\d+", name)[:2])
        split: Split = "test" if person % 2 == 0 else "validation" if person == _VALIDATION_PERSON else "train"
        joints = skeletons[:, rows].astype(np.float32) / 1000  # millimetres → metres
        for view in range(views):
            seen = seen_by_some_camera(joints, np.random.default_rng([action, person, end, view]))
            yield JointSequence(source, split, f"{name}#{view}", seen, frame_rate, actions[action - 1])
