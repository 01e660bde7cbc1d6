"""Human3.6M and HumanEva: they measure the lifter and train nothing that ships.

Both are read as views: joints in the picture and in metres along the camera's axes. Of a view the twelve limb joints
are compared. Pelvis and thorax go in as the middles of hips and shoulders; Human3.6M's own thorax lies at the neck's
base, its head below the head's top, and its face joint has no place in our skeleton, so that none of them is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edgeact.skeleton import BODY_21, LIMB_JOINTS
from edgeact.types import Float32
from trainer.data.sets.packed_skeletons import read_skeletons

Input = Literal["annotated", "hourglass"]
H36M_LIMBS = [11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3]
_HOURGLASS_LIMBS = [13, 12, 14, 11, 15, 10, 3, 2, 4, 1, 5, 0]  # MPII's order
_HUMANEVA_LIMBS = [2, 5, 3, 6, 4, 7, 8, 11, 9, 12, 10, 13]
H36M_FILE, HUMANEVA_FILE = "h36m_xyz10hz.npz", "humaneva15.npz"
_H36M_RATE = 10.0
_HUMANEVA_RATE = 60.0
H36M_TEST = ("S9", "S11")
_MIDDLES = ((BODY_21.index("thorax"), 5, 6), (BODY_21.index("pelvis"), 11, 12))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A sequence as one camera saw it.

    Attributes:
        name: Of the sequence and the camera.
        action: What is done, such as ``Walking``.
        times: ``(T,)`` seconds.
        poses: ``(T, 21, 3)`` float32 x, y in pixels, and 1 or, for joints that are not given, 0.
        joints: ``(T, 12, 3)`` float32 metres of the limb joints from the pelvis, along the camera's axes.
        sight: ``(T, 3)`` float32 unit direction of the line of sight to the pelvis.
    """

    name: str
    action: str
    times: np.ndarray
    poses: Float32
    joints: Float32
    sight: Float32


def poses_of_limbs(limbs: np.ndarray) -> Float32:
    """Limb joints in the picture ``(T, 12, 2)`` → poses ``(T, 21, 3)`` with pelvis and thorax; the rest is unseen."""
    poses = np.zeros((len(limbs), len(BODY_21.joints), 3), np.float32)
    poses[:, LIMB_JOINTS, :2] = limbs
    poses[:, LIMB_JOINTS, 2] = 1
    for middle, left, right in _MIDDLES:
        poses[:, middle] = (poses[:, left] + poses[:, right]) / 2
    return poses


def human36m(root: Path, source: Input, *, subjects: tuple[str, ...] = H36M_TEST) -> Iterator[View]:
    """Human3.6M at 10 Hz (Ionescu et al., TPAMI 2014), each sequence in its four cameras.

    Args:
        root: Folder of the set.
        source: ``annotated`` projects the joints; ``hourglass`` takes the Stacked Hourglass detections, of the views
            that have them.
        subjects: Whose sequences.
    """
    found = dict(read_skeletons(root / "h36m_sh2d.npz", "uv_quarter_px"))
    with np.load(root / "cameras.npz") as file:
        cameras = {name: file[name] for name in file.files}
    for name, world in read_skeletons(root / H36M_FILE, "xyz_mm"):
        subject, action = name.split("/", 1)
        if subject not in subjects:
            continue
        for row in np.flatnonzero(cameras["subject"] == subject):
            camera = str(cameras["camera"][row])
            seen = (world.astype(np.float64) - cameras["T"][row]) @ cameras["R"][row].T
            if source == "annotated":
                k, p = cameras["k"][row], cameras["p"][row]
                matrix = np.array([[cameras["f"][row][0], 0, cameras["c"][row][0]],
                                   [0, cameras["f"][row][1], cameras["c"][row][1]], [0, 0, 1]])  # fmt: skip
                flat, _ = cv2.projectPoints(
                    seen[:, H36M_LIMBS].reshape(-1, 3), np.zeros(3), np.zeros(3), matrix,
                    np.array([k[0], k[1], p[0], p[1], k[2]]),
                )  # fmt: skip
                limbs = flat.reshape(-1, 12, 2)
            else:
                detected = found.get(f"{name}/{camera}")
                if detected is None or len(detected) != len(world):
                    continue
                limbs = detected[:, _HOURGLASS_LIMBS].astype(np.float64) / 4
            yield _view(f"{name}/{camera}", action.split(" ")[0], _H36M_RATE, limbs, seen[:, H36M_LIMBS], seen[:, 0])


def humaneva(root: Path, *, part: str = "Validate") -> Iterator[View]:
    """HumanEva-I (Sigal et al., IJCV 2010) in its three colour cameras, whose places are found from the given joints in
    space and in the picture.
    """
    worlds, pictures = (dict(read_skeletons(root / HUMANEVA_FILE, key)) for key in ("xyz_mm", "uv_px"))
    matrices = _camera_matrices(worlds, pictures)
    for name, world in worlds.items():
        where, subject, action = name.split("/")
        if where != part:
            continue
        for camera in range(3):
            rotation, centre = matrices[subject][camera]
            seen = (world - centre) @ rotation.T
            limbs = pictures[name][:, camera, _HUMANEVA_LIMBS].astype(np.float64)
            hips = seen[:, _HUMANEVA_LIMBS[6:8]].mean(1)
            yield _view(
                f"{name}/C{camera + 1}", action.split(" ")[0], _HUMANEVA_RATE, limbs, seen[:, _HUMANEVA_LIMBS], hips
            )


def _view(name: str, action: str, rate: float, limbs: np.ndarray, seen: np.ndarray, pelvis: np.ndarray) -> View:
    sight = pelvis / np.linalg.norm(pelvis, axis=-1, keepdims=True)
    joints = ((seen - pelvis[:, None]) / 1000).astype(np.float32)
    times = np.arange(len(seen)) / rate
    return View(name, action, times, poses_of_limbs(limbs), joints, sight.astype(np.float32))


def _camera_matrices(
    worlds: dict[str, np.ndarray], pictures: dict[str, np.ndarray]
) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """For each person and camera the rotation ``(3, 3)`` from the world's axes to the camera's, and its place ``(3,)``
    in millimetres: the direct linear transformation over many poses.
    """
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for subject in sorted({name.split("/")[1] for name in worlds}):
        own = [name for name in worlds if name.split("/")[1] == subject]
        space = np.concatenate([worlds[name][::10] for name in own]).reshape(-1, 3).astype(np.float64)
        for camera in range(3):
            flat = np.concatenate([pictures[name][::10, camera] for name in own]).reshape(-1, 2).astype(np.float64)
            found.setdefault(subject, []).append(_place_of_camera(space, flat))
    return found


def _place_of_camera(space: np.ndarray, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle, spread = space.mean(0), space.std()
    points = np.concatenate([(space - middle) / spread, np.ones((len(space), 1))], 1)
    uv = flat / 500 - 0.5
    zero = np.zeros_like(points)
    rows = np.concatenate(
        [np.concatenate([points, zero, -uv[:, :1] * points], 1), np.concatenate([zero, points, -uv[:, 1:] * points], 1)]
    )
    projection = np.linalg.svd(rows.T @ rows)[2][-1].reshape(3, 4)
    if (points @ projection[2]).mean() < 0:  # people stand before the camera
        projection = -projection
    _, rotation, place, *_ = cv2.decomposeProjectionMatrix(projection)
    centre = (place[:3] / place[3]).ravel() * spread + middle
    return rotation, centre
