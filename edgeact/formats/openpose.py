"""Poses as OpenPose writes them with ``--write_json``: a folder with one file a frame, joints in the order of BODY_25.

Where OpenPose has a neck and a middle of the hips, our thorax and pelvis are written; it has no head top. A joint that
there is not is three zeros, as OpenPose has it, and so are all of the feet.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.atomic import PartialFolder
from edgeact.errors import UsageError
from edgeact.results.records import FrameRecord, Results
from edgeact.skeleton import Skeleton
from edgeact.types import Person

VERSION = 1.3
# OpenPose's BODY_25 by our names; None for what we do not know.
BODY_25 = (
    "nose", "thorax", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear", None, None, None, None, None, None,
)  # fmt: skip
_EMPTY = (
    "face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d",
    "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d",
)  # fmt: skip


def write_openpose(results: Results, path: Path) -> None:
    """Write a folder with ``STEM_000000000000_keypoints.json`` for each frame; nothing is left where that fails.

    Args:
        results: What to write.
        path: The final name of the folder, which must not be there.

    Raises:
        UsageError: The result has no poses, or numbers of frames begin anew.
        SourceFormatError: The file of the frames was cut off or damaged.
        OutputError: It cannot be written, or the folder is there.
    """
    skeleton = results.header.skeleton
    if skeleton is None:
        raise UsageError(f"{results.path} has no poses, which OpenPose's files are; use --to csv or --to parquet")
    stem = Path(results.header.source.name).stem or "frame"
    folder = PartialFolder(path)
    last = -1
    try:
        for frame in results.frames:
            if frame.index <= last:
                raise UsageError(
                    f"{results.path} has frame {frame.index} after {last}, which would be one file; use --to csv"
                )
            last = frame.index
            folder.write(f"{stem}_{frame.index:012d}_keypoints.json", json.dumps(_content(frame, skeleton)))
        folder.close()
    finally:
        folder.abort()


def _content(frame: FrameRecord, skeleton: Skeleton) -> dict[str, Any]:
    return {"version": VERSION, "people": [_person(person, skeleton) for person in frame.persons]}


def _person(person: Person, skeleton: Skeleton) -> dict[str, Any]:
    pose = person.pose
    flat = _in_order(np.column_stack([pose.joints, pose.confidence]), skeleton, decimals=2)
    depth = (
        []
        if pose.joints_3d is None
        else _in_order(np.column_stack([pose.joints_3d, pose.confidence]), skeleton, decimals=4)
    )
    return {
        "person_id": [person.track_id],
        "pose_keypoints_2d": flat,
        **{name: [] for name in _EMPTY},
        "pose_keypoints_3d": depth,
    }


def _in_order(values: "np.ndarray[Any, np.dtype[np.float32]]", skeleton: Skeleton, *, decimals: int) -> list[float]:
    """The values of each joint of BODY_25, one after the other; zeros for what is not known."""
    ordered: list[float] = []
    for joint in BODY_25:
        row = values[skeleton.index(joint)] if joint in skeleton.joints else np.zeros(values.shape[1])
        known = bool(np.isfinite(row).all())
        ordered += [round(float(value), decimals) if known else 0.0 for value in row[:-1]]
        ordered.append(round(float(row[-1]), 4) if known else 0.0)
    return ordered
