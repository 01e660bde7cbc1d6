"""Rendered pictures of single people whose joints are known exactly, in 3D too.

`edgeact train claim pictures3d` leaves them, and beside them ``poses.npz`` with the arrays

- ``picture`` (N,) a file's name, and ``source`` (N,) the clip that it is of,
- ``measures`` (N,) bool, whether it measures,
- ``boxes`` (N, 4), ``joints`` (N, 21, 2) in pixels, and ``visible`` (N, 21) bool,
- ``joints_3d`` (N, 21, 3) metres in the camera's axes: x right, y down, z forward,
- ``focal`` (N,) the focal length in pixels.

Pictures are squares, and the optical axis goes through their middle.
"""

import zipfile
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.skeleton import BODY_21
from trainer.data.sample import Picture, Sample, SampleSet, one_person, seen_where

POSES_FILE = "poses.npz"
SIDE = 256  # of the pictures, in pixels
_ENDS = {
    "picture": (), "source": (), "measures": (), "boxes": (4,), "joints": (21, 2), "visible": (21,),
    "joints_3d": (21, 3), "focal": (),
}  # fmt: skip


def read_studio_poses(root: Path) -> SampleSet:
    """All pictures; those that measure (``test``) show other motions, people and places than the others.

    Raises:
        SourceNotFoundError: Nothing was rendered there.
        SourceFormatError: ``poses.npz`` is damaged.
    """
    found = _read(root)
    samples = [
        Sample(
            str(name),
            str(found["source"][row]),
            Picture(root / str(name)),
            "test" if found["measures"][row] else "train",
            boxes=one_person(found["boxes"][row]),
            joints=one_person(found["joints"][row]),
            visibility=seen_where(found["visible"][row][None, None]),
            joints_3d=one_person(found["joints_3d"][row]),
        )
        for row, name in enumerate(found["picture"])
    ]
    return SampleSet("studio_poses", tuple(samples), joints=BODY_21.joints)


def read_focal_lengths(root: Path) -> dict[str, float]:
    """The focal length in pixels of each picture, by the name of its sample; raises what `read_studio_poses` raises."""
    found = _read(root)
    return {str(name): float(focal) for name, focal in zip(found["picture"], found["focal"], strict=True)}


def _read(root: Path) -> dict[str, np.ndarray]:
    path = root / POSES_FILE
    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; `edgeact train claim pictures3d` renders the pictures")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in _ENDS}
        shapes = {name: array.shape for name, array in found.items()}
        if any(shape != (len(found["picture"]), *_ENDS[name]) for name, shape in shapes.items()):
            raise ValueError(f"its arrays do not fit each other: {shapes}")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SourceFormatError(f"{path} cannot be read ({error}); remove it and render again") from error
    return found
