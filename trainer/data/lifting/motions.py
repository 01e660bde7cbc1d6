"""3D motions of people from every set that may train what ships, as one long array of joints.

The studio's motion clips carry all joints; Kinect skeletons lack the face, and poses that a teacher saw in pictures
lack neck and head top: `Motions.known` says which joints a clip has. All are metres, Y up, right-handed axes, so that
only proper rotations lead from one to the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.skeleton import BODY_21, COCO_17, LIMB_JOINTS
from edgeact.types import Float32
from trainer.data.action_sequences import studio_split
from trainer.data.mixes import Mix
from trainer.data.sets.packed_skeletons import read_skeletons, read_utkinect
from trainer.data.splits import Split, split_by_hash
from trainer.data.studio.motion import joint_sequences

_JOINTS = len(BODY_21.joints)
THORAX, PELVIS = BODY_21.index("thorax"), BODY_21.index("pelvis")
_SHOULDERS = [BODY_21.index("left_shoulder"), BODY_21.index("right_shoulder")]
_HIPS = [BODY_21.index("left_hip"), BODY_21.index("right_hip")]
# The twelve limb joints (left, right shoulder, elbow, wrist, hip, knee, ankle) among the twenty of Kinect sets.
_UTD_LIMBS = [4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18]
_UTKINECT_LIMBS = [4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18]
_UTD_VALIDATION, _UTKINECT_VALIDATION = frozenset({2, 7}), frozenset({8, 9})  # persons


@dataclass(frozen=True, slots=True, eq=False)
class BodyClip:
    """One person over time.

    Attributes:
        source: Which set.
        split: ``train``, or ``validation`` and ``test``, which only choose and measure.
        label: What is done; clips of one source are drawn by label, so that rare postures are seen.
        joints: ``(T, 21, 3)`` float32 metres, Y up; unknown joints are 0.
        known: ``(21,)`` bool.
        frame_rate: Frames per second.
    """

    source: str
    split: Split
    label: str
    joints: Float32
    known: np.ndarray
    frame_rate: float


def studio(root: Path) -> Iterator[BodyClip]:
    """The studio's motion clips on its default avatar."""
    for clip in joint_sequences(root):
        known = np.ones(_JOINTS, bool)
        yield BodyClip("studio", studio_split(clip), clip.label, clip.joints_3d, known, clip.fps)


def utd_mhad(root: Path) -> Iterator[BodyClip]:
    """UTD-MHAD, 27 actions of eight people; two people validate."""
    for name, skeletons in read_skeletons(root / "utd_mhad.npz", "xyz_mm"):
        action, person, _ = (int(part[1:]) for part in name.split("_"))
        limbs = skeletons[:, _UTD_LIMBS].astype(np.float32) / 1000
        split: Split = "validation" if person in _UTD_VALIDATION else "train"
        yield _from_limbs("utd_mhad", split, f"a{action}", limbs, 30.0)


def utkinect(root: Path) -> Iterator[BodyClip]:
    """UTKinect-Action3D, ten everyday actions of ten people; two people validate."""
    for person, _, action, joints in read_utkinect(root):
        split: Split = "validation" if person in _UTKINECT_VALIDATION else "train"
        yield _from_limbs("utkinect", split, f"a{action}", joints[:, _UTKINECT_LIMBS], 15.0)


def teacher_poses(path: Path) -> Iterator[BodyClip]:
    """Poses that BlazePose saw in pictures (`trainer.precomputed.teacher_poses`), each a clip of one frame."""
    with np.load(path) as file:
        names, joints, seen = file["name"], file["joints"], file["seen"]
    rows = [BODY_21.index(name) for name in COCO_17.joints]
    for name, pose, visible in zip(names, joints, seen, strict=True):
        split = split_by_hash(str(name), validation=8, test=0)
        known = np.zeros(_JOINTS, bool)
        known[rows] = visible
        filled = np.zeros((1, _JOINTS, 3), np.float32)
        filled[0, rows] = pose
        yield BodyClip("teacher", split, str(name).split("/", 1)[0], *_with_middles(filled, known), 30.0)


def _from_limbs(source: str, split: Split, label: str, limbs: Float32, frame_rate: float) -> BodyClip:
    """A clip of the twelve limb joints ``(T, 12, 3)`` of a Kinect skeleton."""
    joints = np.zeros((len(limbs), _JOINTS, 3), np.float32)
    joints[:, LIMB_JOINTS] = _lowered_hips(limbs)
    known = np.zeros(_JOINTS, bool)
    known[list(LIMB_JOINTS)] = True
    return BodyClip(source, split, label, *_with_middles(joints, known), frame_rate)


def _lowered_hips(limbs: Float32) -> Float32:
    """The limb joints with hips where other sets have them.

    Kinect's hips lie at the waist and at the belly's surface: trunks of its standing people are 37 cm long (55 on the
    studio's), and knees lie 8 cm behind hips. Moved 10 cm down the trunk and 6 cm back, standing legs are straight.
    """
    shoulders, hips = limbs[:, 0:2], limbs[:, 6:8]
    up = shoulders.mean(1) - hips.mean(1)
    up = up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-3)
    forward = np.cross(hips[:, 0] - hips[:, 1], up)
    forward = forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-3)
    moved = limbs.copy()
    moved[:, 6:8] -= (0.10 * up + 0.06 * forward)[:, None]
    return moved


def _with_middles(joints: Float32, known: np.ndarray) -> tuple[Float32, np.ndarray]:
    """Thorax and pelvis as the middles of shoulders and hips, which is what they are in our skeleton."""
    joints, known = joints.copy(), known.copy()
    for middle, sides in ((THORAX, _SHOULDERS), (PELVIS, _HIPS)):
        joints[:, middle], known[middle] = joints[:, sides].mean(1), bool(known[sides].all())
    return joints, known


@dataclass(frozen=True, slots=True, eq=False)
class Motions:
    """Clips laid end to end, and how often each is drawn.

    Attributes:
        joints: ``(F, 21, 3)`` float32 metres, Y up.
        known: ``(C, 21)`` bool.
        first: ``(C,)`` int64 first frame of each clip.
        length: ``(C,)`` int64 frames.
        frame_rate: ``(C,)`` float32.
        share: ``(C,)`` float64, sum 1.
    """

    joints: Float32
    known: np.ndarray
    first: np.ndarray
    length: np.ndarray
    frame_rate: np.ndarray
    share: np.ndarray


def join_clips(clips: Iterable[BodyClip], mix: Mix) -> Motions:
    """Lay clips end to end.

    A source is drawn by its share in a mix; within it a label by the square root of its frames, a clip by its frames.
    Clips of sources that are not in the mix are left out.

    Raises:
        ValueError: There is no clip, or one that does not show both hips and both shoulders.
    """
    listed = [clip for clip in clips if clip.source in mix]
    if not listed:
        raise ValueError("no clips to learn 3D from")
    if not all(clip.known[[*_SHOULDERS, *_HIPS]].all() for clip in listed):
        raise ValueError("a clip without shoulders or hips has no torso to build a body on")
    frames = np.array([len(clip.joints) for clip in listed])
    kinds = np.array([f"{clip.source}/{clip.label}" for clip in listed])
    share = np.zeros(len(listed))
    for source in {clip.source for clip in listed}:
        of_source = np.array([clip.source == source for clip in listed])
        within = np.zeros(len(listed))
        for kind in set(kinds[of_source]):
            of_kind = (kinds == kind) & of_source
            within[of_kind] = frames[of_kind] / np.sqrt(frames[of_kind].sum())
        share += within / within.sum() * mix[source]
    return Motions(
        joints=np.concatenate([clip.joints for clip in listed]).astype(np.float32),
        known=np.stack([clip.known for clip in listed]),
        first=np.concatenate([[0], np.cumsum(frames)[:-1]]),
        length=frames,
        frame_rate=np.array([clip.frame_rate for clip in listed], np.float32),
        share=share / share.sum(),
    )
