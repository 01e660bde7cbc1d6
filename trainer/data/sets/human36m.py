"""Human3.6M (Ionescu et al., TPAMI 2014): ``Sn/MyPoseFeatures/D3_Positions_mono/ACTION.CAMERA.cdf`` with its 2D twin in
``D2_Positions``, and ``Sn/Videos/ACTION.CAMERA.mp4``.

3D joints are those of the camera, in metres; of the 32 rows of a file seventeen are joints of their own.
"""

import re
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError, SourceNotFoundError
from trainer.data.sample import SEEN, Sample, SampleSet, Video
from trainer.data.splits import Split

JOINTS = (
    "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "spine", "thorax",
    "nose", "head_top", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip
_ROWS = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
_SPLITS: dict[str, Split] = {"S9": "test", "S11": "test"} | dict.fromkeys(("S1", "S5", "S6", "S7", "S8"), "train")
_MILLIMETRES = 1000.0


def read_human36m(root: Path) -> SampleSet:
    """Every recording of the seven people whose joints are published; a number behind an action is a repetition.

    Raises:
        SourceNotFoundError: No folder of a person has 3D joints.
        SourceFormatError: A file is damaged.
    """
    files = sorted(root.glob("S*/MyPoseFeatures/D3_Positions_mono/*.cdf"))
    if not files:
        raise SourceNotFoundError(
            f"{root} has no Sn/MyPoseFeatures/D3_Positions_mono/*.cdf; give the folder that Human3.6M was unpacked into"
        )
    actions = tuple(sorted({_action(file) for file in files}))
    samples = []
    for file in files:
        person, video = file.parts[-4], file.parents[2] / "Videos" / f"{file.stem}.mp4"
        flat = file.parents[1] / "D2_Positions" / file.name
        joints = _read_cdf(flat, 2)[:, None] if flat.is_file() else None
        samples.append(
            Sample(
                f"{person}/{file.stem}",
                person,
                Video(video) if video.is_file() else None,
                _SPLITS.get(person),
                (actions.index(_action(file)),),
                joints=joints,
                visibility=None if joints is None else np.full(joints.shape[:3], SEEN, np.int8),
                joints_3d=_read_cdf(file, 3)[:, None] / _MILLIMETRES,
            )
        )
    return SampleSet("human36m", tuple(samples), actions, JOINTS)


def _action(file: Path) -> str:
    return re.sub(r" \d+$", "", file.stem.rpartition(".")[0])


def _read_cdf(file: Path, dimensions: int) -> np.ndarray:
    """``(T, 17, dimensions)`` float32 of the variable ``Pose``."""
    import cdflib

    try:
        pose = np.asarray(cdflib.CDF(file).varget("Pose"), np.float32)
        return pose.reshape(-1, 32, dimensions)[:, _ROWS]
    except (OSError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise SourceFormatError(f"{file} cannot be read as CDF ({error}); copy the data set again") from error
