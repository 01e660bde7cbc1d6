"""Joint sequences of the Kinect data sets: UTKinect trains, NW-UCLA only measures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trainer.data.action_sequences import OTHER, JointSequence, seen_by_some_camera
from trainer.data.sets.packed_skeletons import read_skeletons, read_utkinect
from trainer.data.splits import Split

# The 20 Kinect joints: hip centre, spine, shoulder centre, head, left shoulder, elbow, wrist, hand, right shoulder ...,
# left hip, knee, ankle, foot, right hip ...; these are our thirteen (`COMMON_JOINTS`). Metres in right-handed axes, Y
# up, Z away from the camera.
_ROWS = [3, 4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18]
_HIP_CENTRE = 0
# Frames without a person were not stored; both sets say that about 15 a second are left.
_FRAME_RATE = 15.0
_UTKINECT_ACTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("walk", ("walk",)), ("sit_down", (OTHER,)), ("stand_up", (OTHER,)), ("pick_up", (OTHER,)),
    ("carry", (OTHER, "walk")),
    ("throw", (OTHER, "baseball_pitch")), ("push", (OTHER, "push", "punch")), ("pull", (OTHER,)), ("wave", ("wave",)),
    ("clap", ("clap",)),
)  # fmt: skip
_UTKINECT_VALIDATION = frozenset({8, 9})  # persons, of ten


def walks(joints_3d: np.ndarray) -> bool:
    """Whether the hips (of Kinect skeletons ``(T, 20, 3)`` in metres) travel more than a metre over the ground.

    People who carry a thing, drop it into a bin or pick it up walk there first: "walk" is not wrong then, whatever the
    set's one label.
    """
    return bool(np.linalg.norm(np.ptp(joints_3d[:, _HIP_CENTRE][:, [0, 2]], axis=0)) > 1.0)


def _allowed(actions: tuple[str, ...], joints_3d: np.ndarray) -> tuple[str, ...]:
    return (*actions, "walk") if "walk" not in actions and walks(joints_3d) else actions


def utkinect(root: Path, *, views: int = 6) -> Iterator[JointSequence]:
    """UTKinect-Action3D (Xia, Chen, Aggarwal, CVPRW 2012) seen by random cameras: everyday actions of which most are
    "other" to us.
    """
    for person, trial, action, joints in read_utkinect(root):
        name, actions = _UTKINECT_ACTIONS[action]
        split: Split = "validation" if person in _UTKINECT_VALIDATION else "train"
        for view in range(views):
            seen = seen_by_some_camera(joints[:, _ROWS], np.random.default_rng([person, trial, action, view]))
            yield JointSequence(
                "utkinect", split, f"{name}_{person}_{trial}#{view}", seen, _FRAME_RATE, _allowed(actions, joints)
            )


def nwucla(root: Path) -> Iterator[JointSequence]:
    """NW-UCLA (Wang et al., CVPR 2014) seen from its own three cameras: measured only, never trained on (CC BY-NC
    4.0).
    """
    for name, skeletons in read_skeletons(root / "nwucla.npz", "skeleton"):
        joints = skeletons.astype(np.float32)
        seen = np.stack([joints[..., 0], -joints[..., 1]], -1) / np.maximum(joints[..., 2:], 0.5)
        features = np.concatenate([seen, np.ones((*seen.shape[:2], 1), np.float32)], -1)[:, _ROWS]
        # a04 "walk around" is one of our classes; the others are none
        actions = (OTHER, "walk") if name.startswith("a04") else (OTHER,)
        yield JointSequence("nwucla", "test", name, features, _FRAME_RATE, _allowed(actions, joints))
