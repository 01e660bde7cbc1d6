"""Put a motion on an avatar: bone matrices, joints and contact with the floor.

A motion stores, for 19 bones, the global rotation from the common rest; the avatar rests otherwise (arms half down), so
its limbs are first turned to that rest. The hip path comes in leg lengths.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from edgeact.skeleton import BODY_21
from edgeact.types import Float32
from trainer.data.studio.avatar import Avatar
from trainer.data.studio.motion import HAND_LEADERS, REST_DIRECTIONS, Motion, rotation_between

# The bone at the far end of each limb bone: the direction of the limb.
_LIMB_ENDS = {
    "l_arm": "l_fore", "l_fore": "l_hand", "r_arm": "r_fore", "r_fore": "r_hand",
    "l_thigh": "l_calf", "l_calf": "l_foot", "r_thigh": "r_calf", "r_calf": "r_foot",
}  # fmt: skip
_CONTACT_POINTS = 500  # vertices that stand for the mesh when the floor is sought; every mesh has some 5,000


@dataclass(frozen=True, slots=True, eq=False)
class PosedMotion:
    """A motion on an avatar.

    Attributes:
        bones: ``(T, B, 4, 4)`` float64 bone to world, metres, lowest points on the floor.
        joints: ``(T, 21, 3)`` float32 world metres in the order of ``BODY_21``.
    """

    bones: np.ndarray
    joints: Float32

    def skinning(self, avatar: Avatar, frame: int) -> Float32:
        """Rest vertex to world ``(B, 4, 4)`` float32 for one frame."""
        return (self.bones[frame] @ np.linalg.inv(avatar.bind)).astype(np.float32)


def pose_avatar(motion: Motion, avatar: Avatar) -> PosedMotion:
    """Bone matrices and joints of every frame of ``motion`` on ``avatar``, from the world's origin, on the floor."""
    frames = len(motion.rotations)
    deltas = Rotation.from_quat(motion.rotations.reshape(-1, 4)).as_matrix().reshape(frames, -1, 3, 3)
    corrections = _rest_corrections(avatar)
    short_names = {index: name for name, index in avatar.driven.items()}
    bones = np.zeros((frames, len(avatar.bones), 4, 4))
    bones[..., 3, 3] = 1
    for index in avatar.order:
        parent = avatar.parents[index]
        if parent < 0:
            bones[:, index] = avatar.bind[index]
        else:
            bones[:, index] = bones[:, parent] @ (np.linalg.inv(avatar.bind[parent]) @ avatar.bind[index])
        name = short_names.get(index)
        if name is not None:
            bones[:, index, :3, :3] = (
                deltas[:, motion.bones.index(name)] @ corrections.get(name, np.eye(3)) @ avatar.bind[index, :3, :3]
            )

    hips = (bones[:, avatar.driven["l_thigh"], :3, 3] + bones[:, avatar.driven["r_thigh"], :3, 3]) / 2
    path = motion.hips * avatar.leg_length
    path = path - path[0] * [1, 0, 1]
    bones[:, :, :3, 3] += (path - hips)[:, None]
    bones[:, :, 1, 3] += _floor_shift(bones, avatar)[:, None]
    return PosedMotion(bones=bones, joints=joints_of(bones, avatar))


def joints_of(bones: np.ndarray, avatar: Avatar) -> Float32:
    """Joints ``(T, 21, 3)`` float32 of bone matrices ``(T, B, 4, 4)``; thorax and pelvis are exactly mid shoulders and
    mid hips.
    """
    carriers = bones[:, avatar.joint_bones]
    joints = np.einsum("tjab,jb->tja", carriers[..., :3, :3], avatar.joint_offsets) + carriers[..., :3, 3]
    for middle, sides in (("thorax", ("left_shoulder", "right_shoulder")), ("pelvis", ("left_hip", "right_hip"))):
        joints[:, BODY_21.index(middle)] = joints[:, [BODY_21.index(side) for side in sides]].mean(1)
    return joints.astype(np.float32)


def _rest_corrections(avatar: Avatar) -> dict[str, np.ndarray]:
    """Turns the avatar's limbs from its own rest to the common one of motions: a rotation ``(3, 3)`` for each limb
    bone.
    """
    corrections = {
        bone: rotation_between(avatar.rest(_LIMB_ENDS[bone]) - avatar.rest(bone), np.array(common, float))
        for bone, common in REST_DIRECTIONS.items()
    }
    return corrections | {hand: corrections[forearm] for hand, forearm in HAND_LEADERS.items()}


def _floor_shift(bones: np.ndarray, avatar: Avatar) -> np.ndarray:
    """How far each frame ``(T,)`` must rise for the body to touch the floor, and never to sink into it.

    One shift for the whole clip keeps jumps; what still sinks (a lying body is thicker than its source) is lifted
    smoothly.
    """
    step = max(1, len(avatar.vertices) // _CONTACT_POINTS)
    soles = np.argsort(avatar.vertices[:, 1])[:60:3]
    sample = np.unique(np.concatenate([np.arange(0, len(avatar.vertices), step), soles]))
    strongest = avatar.skin_bones[sample, avatar.skin_weights[sample].argmax(1)]
    rest = np.concatenate([avatar.vertices[sample], np.ones((len(sample), 1))], axis=1)
    local = np.einsum("vab,vb->va", np.linalg.inv(avatar.bind)[strongest], rest)
    heights = np.einsum("tvb,vb->tv", bones[:, strongest, 1], local)
    lowest = heights.min(1)
    shift = -float(np.percentile(lowest, 10))
    sunk = np.maximum(0.0, -(lowest + shift))
    return shift + np.maximum(gaussian_filter1d(sunk, sigma=2.0, mode="nearest"), sunk * 0.7)
