"""Sets of skeletons, packed: UTD-MHAD, MSR Action3D, NW-UCLA, Human3.6M and HumanEva (``.npz``), and UTKinect
(``.mat``).

They come as the files' own numbers and not as samples: trainings and claims make metres of them in ways that differ in
the last bit, and what they learned depends on it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trainer.data.sets.files import read_arrays
from trainer.data.sets.matlab import read_matlab

_WHAT = "the skeletons of a data set"


def read_skeletons(path: Path, key: str) -> list[tuple[str, np.ndarray]]:
    """Every clip of an ``.npz`` file: its name, and its joints ``(T, J, D)`` in the file's unit and type.

    Args:
        path: The file; it has ``name``, ``length`` and the joints of all clips, one after the other.
        key: What the joints are called, such as ``xyz_mm``.

    Raises:
        SourceNotFoundError, SourceFormatError: It is missing or damaged.
    """
    names, lengths, skeletons = read_arrays(path, _WHAT, "name", "length", key)
    clips = np.split(skeletons, np.cumsum(lengths)[:-1])
    return [(str(name), clip) for name, clip in zip(names, clips, strict=True)]


def read_utkinect(root: Path) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Every clip of UTKinect-Action3D (Xia, Chen, Aggarwal, CVPRW 2012): person, trial and action, from 0, and joints
    ``(T, 20, 3)`` float32 in metres. Clips of less than two frames are left out.

    Raises:
        SourceNotFoundError, SourceFormatError: ``UTKinect.mat`` is missing or damaged.
    """
    content = read_matlab(root / "UTKinect.mat", _WHAT)
    skeletons, lengths = content["complete_skeleton"].astype(np.float32), content["action_length"]
    for person, trial, action in np.ndindex(lengths.shape):
        joints = skeletons[person, trial, action, : lengths[person, trial, action]]
        if len(joints) >= 2:
            yield person, trial, action, joints
