"""Motion clips: reading them, their joints on a default avatar, and how a camera sees those joints.

A clip is npz with ``q`` (T,19,4) xyzw global rotations from rest, ``hip`` (T,3) mid hips in leg lengths, ``rest``
(19,3) directions of the bones at rest, ``bones`` names and ``fps``; ``manifest.csv`` beside the clips names label,
source and licence of each.
"""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from edgeact.types import Float32

DEFAULT_AVATAR = "Male_Adult_04"

# Sources rest in different poses (arms out, arms down, legs astride). All are brought to this one when they are read:
# arms out to the sides, legs straight down, facing +Z. Bones that are not listed rest as they stand in a straight body.
REST_DIRECTIONS = {
    "l_arm": (1, 0, 0), "l_fore": (1, 0, 0), "r_arm": (-1, 0, 0), "r_fore": (-1, 0, 0),
    "l_thigh": (0, -1, 0), "l_calf": (0, -1, 0), "r_thigh": (0, -1, 0), "r_calf": (0, -1, 0),
}  # fmt: skip
# Hands turn with the forearm's correction: sources do not tell how their hands rest.
HAND_LEADERS = {"l_hand": "l_fore", "r_hand": "r_fore"}


@dataclass(frozen=True, slots=True)
class MotionEntry:
    """A row of the manifest: the file's name, what is done, from which source, on which terms."""

    file: str
    label: str
    source: str
    clip: str
    licence: str

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return Path(self.file).stem


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moves, free of any body.

    Attributes:
        name: Name of the clip.
        label: The action.
        rotations: ``(T, 19, 4)`` float64 xyzw: global rotation of each bone from the common rest (`REST_DIRECTIONS`).
        hips: ``(T, 3)`` float64 middle of the hips in leg lengths, Y up.
        bones: Names of the 19 bones.
        frame_rate: Frames per second.
        later_labels: In a motion of several clips, the first frame and the action of each further clip.
    """

    name: str
    label: str
    rotations: np.ndarray
    hips: np.ndarray
    bones: tuple[str, ...]
    frame_rate: float
    later_labels: tuple[tuple[int, str], ...] = ()

    def label_at(self, frame: int) -> str:
        """The action at a frame."""
        return next((label for first, label in reversed(self.later_labels) if frame >= first), self.label)


@dataclass(frozen=True, slots=True, eq=False)
class MotionClip:
    """Joints of a motion on the default avatar.

    Attributes:
        name: Name of the clip.
        label: The action, as in the manifest.
        source: Where it was recorded or made.
        licence: Terms of the source.
        joints_3d: ``(T, 21, 3)`` float32 metres in the order of ``BODY_21``: Y up, floor at 0, first mid hips above the
            origin.
        fps: Frames per second.
    """

    name: str
    label: str
    source: str
    licence: str
    joints_3d: Float32
    fps: float


def read_manifest(studio: Path) -> list[MotionEntry]:
    """Every motion of the studio folder.

    Raises:
        FileNotFoundError: ``studio/motion/manifest.csv`` does not exist.
    """
    with (studio / "motion" / "manifest.csv").open(newline="") as file:
        return [
            MotionEntry(
                file=row["file"], label=row["label"], source=row["source"], clip=row["clip"], licence=row["license"]
            )
            for row in csv.DictReader(file)
        ]


def load_motion(path: Path, *, label: str) -> Motion:
    """Read one clip and bring it to the common rest.

    Raises:
        FileNotFoundError: ``path`` does not exist.
    """
    with np.load(path) as file:
        rotations = file["q"].astype(np.float64)
        hips, rest = file["hip"].astype(np.float64), file["rest"].astype(np.float64)
        bones, frame_rate = tuple(str(name) for name in file["bones"]), float(file["fps"])
    corrections = {
        bone: rotation_between(np.array(common, float), rest[bones.index(bone)])
        for bone, common in REST_DIRECTIONS.items()
    }
    corrections.update({hand: corrections[forearm] for hand, forearm in HAND_LEADERS.items()})
    for bone, correction in corrections.items():
        index = bones.index(bone)
        rotations[:, index] = (Rotation.from_quat(rotations[:, index]) * Rotation.from_matrix(correction)).as_quat()
    return Motion(path.stem, label, rotations, hips, bones, frame_rate)


def thin(motion: Motion, frames: np.ndarray) -> Motion:
    """The motion with only the given frames ``(n,)`` int, ascending."""
    return replace(motion, rotations=motion.rotations[frames], hips=motion.hips[frames])


def rotation_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The smallest rotation ``(3, 3)`` that turns direction ``first`` to ``second``, two vectors ``(3,)`` that are not
    opposite.
    """
    first, second = first / np.linalg.norm(first), second / np.linalg.norm(second)
    axis, cosine = np.cross(first, second), float(first @ second)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def joint_sequences(root: Path) -> list[MotionClip]:
    """Joints of every motion on the default avatar, without rendering.

    Args:
        root: The studio folder, which holds ``motion`` and ``avatars``.

    Raises:
        FileNotFoundError: The folder lacks the manifest, a clip or the default avatar.
    """
    from trainer.data.studio.avatar import load_avatar  # here, because retargeting imports this module
    from trainer.data.studio.retarget import pose_avatar

    avatar = load_avatar(root / "avatars" / f"{DEFAULT_AVATAR}.npz")
    clips = []
    for entry in read_manifest(root):
        motion = load_motion(root / "motion" / entry.file, label=entry.label)
        joints = pose_avatar(motion, avatar).joints
        clips.append(MotionClip(entry.name, entry.label, entry.source, entry.licence, joints, motion.frame_rate))
    return clips


def project(
    joints_3d: Float32,
    *,
    yaw: float,
    pitch: float,
    distance: float,
    focal: float,
    roll: float = 0.0,
    size: tuple[int, int] = (640, 480),
) -> Float32:
    """Joints in the picture of a still camera that looks at the middle of the motion.

    Args:
        joints_3d: ``(T, J, 3)`` metres, Y up.
        yaw: Radians by which the camera has gone around the person, from facing the person's front towards the person's
            left.
        pitch: Radians by which the camera looks down; it stands that much higher than the person's middle.
        distance: Metres from the camera to the middle of the motion.
        focal: Focal length in pixels.
        roll: Radians by which the camera is turned about its axis; positive turns the picture counter-clockwise.
        size: Width and height of the picture.

    Returns:
        ``(T, J, 2)`` float32 x, y in pixels; joints that lie behind the camera are NaN.
    """
    centre = (joints_3d.reshape(-1, 3).min(0) + joints_3d.reshape(-1, 3).max(0)) / 2
    # Camera axes are x right, y down, z forward: the world is turned so that the camera's place comes to +Z, tipped,
    # then flipped.
    turn = Rotation.from_euler("y", -yaw).as_matrix()
    tip = Rotation.from_euler("x", pitch).as_matrix()
    turn_picture = Rotation.from_euler("z", -roll).as_matrix()
    to_camera = turn_picture @ np.diag([1.0, -1.0, -1.0]) @ tip @ turn
    seen = (joints_3d - centre) @ to_camera.T + [0.0, 0.0, distance]
    depth = np.where(seen[..., 2:] > 0.05, seen[..., 2:], np.nan)
    middle = (np.array(size) - 1) / 2
    return (seen[..., :2] / depth * focal + middle).astype(np.float32)
