"""NTU RGB+D (Shahroudy et al., CVPR 2016): ``nturgb+d_skeletons/*.skeleton`` and ``nturgb+d_rgb/*_rgb.avi``.

A name says setup, camera, person, repetition and action, all counted from 1. A sample has as many persons as the Kinect
followed; where it followed somebody in some frames only, the others are NaN.
"""

import re
from pathlib import Path
from typing import Literal

import numpy as np

from edgeact.errors import SourceFormatError
from trainer.data.sample import SEEN, UNKNOWN, Sample, SampleSet, Video
from trainer.data.sets.files import first_existing, read_lines

JOINTS = (
    "pelvis", "spine", "upper_neck", "head", "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand", "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot", "thorax", "left_hand_tip", "left_thumb", "right_hand_tip",
    "right_thumb",
)  # fmt: skip
Protocol = Literal["cross_subject", "cross_view"]
_TRAINING_PERSONS = frozenset({1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38})
_TRAINING_CAMERAS = frozenset({2, 3})
_ACTIONS = 60
_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})")
_WHAT = "the skeletons or videos of NTU RGB+D"


def read_ntu(root: Path, *, protocol: Protocol = "cross_subject") -> SampleSet:
    """Every recording of the first sixty actions of which there is a skeleton or a video.

    Args:
        root: With ``nturgb+d_skeletons``, ``nturgb+d_rgb`` or both.
        protocol: Persons or cameras that train.

    Raises:
        SourceNotFoundError: Neither folder is there.
        SourceFormatError: A skeleton file is damaged.
    """
    first_existing(root, ("nturgb+d_skeletons", "nturgb+d_rgb"), _WHAT)
    skeletons = {path.stem: path for path in (root / "nturgb+d_skeletons").glob("*.skeleton")}
    videos = {path.stem.removesuffix("_rgb"): path for path in (root / "nturgb+d_rgb").glob("*_rgb.avi")}
    samples = []
    for name in sorted({*skeletons, *videos}):
        found = _NAME.fullmatch(name)
        if found is None or int(found[5]) > _ACTIONS:
            continue
        _, camera, person, _, action = (int(part) for part in found.groups())
        trains = person in _TRAINING_PERSONS if protocol == "cross_subject" else camera in _TRAINING_CAMERAS
        places = read_skeleton(skeletons[name]) if name in skeletons else None
        joints = None if places is None else places[..., 3:]
        samples.append(
            Sample(
                name,
                f"person{person}",
                Video(videos[name]) if name in videos else None,
                "train" if trains else "test",
                (action - 1,),
                joints=joints,
                visibility=None if joints is None else _visibility(joints),
                joints_3d=None if places is None else places[..., :3],
            )
        )
    return SampleSet("ntu", tuple(samples), tuple(f"A{number + 1:03d}" for number in range(_ACTIONS)), JOINTS)


def _visibility(joints: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(joints).all(-1), SEEN, UNKNOWN).astype(np.int8)


def read_skeleton(path: Path) -> np.ndarray | None:
    """A file's joints ``(T, P, 25, 5)`` float32: x, y, z in metres of the camera, x, y in pixels of the video.

    Returns:
        None where nobody was followed.

    Raises:
        SourceFormatError: The file is damaged.
    """
    numbers = iter(" ".join(read_lines(path, _WHAT)).split())
    frames: list[dict[str, np.ndarray]] = []
    try:
        for _ in range(int(next(numbers))):
            bodies: dict[str, np.ndarray] = {}
            for _ in range(int(next(numbers))):
                body = next(numbers)
                for _ in range(9):  # edges, states of the hands, lean, tracking state
                    next(numbers)
                rows = np.array([[float(next(numbers)) for _ in range(12)] for _ in range(int(next(numbers)))])
                bodies[body] = rows[:, [0, 1, 2, 5, 6]].astype(np.float32)
            frames.append(bodies)
        if next(numbers, None) is not None or any(rows.shape != (25, 5) for one in frames for rows in one.values()):
            raise ValueError("it has more in it than its counts say")
    except (StopIteration, ValueError, IndexError) as error:
        raise SourceFormatError(f"{path} is no whole skeleton file ({error}); copy it again") from error
    persons = sorted({body for one in frames for body in one}, key=lambda body: next(
        index for index, one in enumerate(frames) if body in one
    ))  # fmt: skip
    if not persons:
        return None
    places = np.full((len(frames), len(persons), len(JOINTS), 5), np.nan, np.float32)
    for time, one in enumerate(frames):
        for body, rows in one.items():
            places[time, persons.index(body)] = rows
    return places
