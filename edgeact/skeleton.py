"""Which joints there are, how they connect, and how other skeletons come out of ours.

``BODY_21`` is COCO-17 followed by head top, upper neck, thorax and pelvis, so that COCO-17 and MPII-16 are both
subsets of it: no joint is computed from others, every one is predicted.
"""

from dataclasses import dataclass

import numpy as np

from edgeact.types import Float32


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Names of the joints in order, bones as index pairs, and for each joint its partner in a mirrored image."""

    name: str
    joints: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    mirror: tuple[int, ...]

    def index(self, joint: str) -> int:
        """Position of a joint by name; raises ValueError that lists the names when there is none."""
        if joint not in self.joints:
            raise ValueError(f"skeleton {self.name!r} has no joint {joint!r}; it has {', '.join(self.joints)}")
        return self.joints.index(joint)


def _mirror(joints: tuple[str, ...]) -> tuple[int, ...]:
    swap = {"left": "right", "right": "left"}

    def partner(joint: str) -> str:
        side, _, rest = joint.partition("_")
        return f"{swap[side]}_{rest}" if side in swap else joint

    return tuple(joints.index(partner(joint)) for joint in joints)


def _skeleton(name: str, joints: tuple[str, ...], bones: tuple[tuple[str, str], ...]) -> Skeleton:
    pairs = tuple((joints.index(first), joints.index(second)) for first, second in bones)
    return Skeleton(name=name, joints=joints, bones=pairs, mirror=_mirror(joints))


_COCO_JOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow",
    "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
_LIMB_BONES = (
    ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"), ("right_shoulder", "right_elbow"),
    ("right_elbow", "right_wrist"),
    ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
)  # fmt: skip
_SPINE_BONES = (
    ("head_top", "upper_neck"), ("upper_neck", "thorax"), ("thorax", "pelvis"), ("thorax", "left_shoulder"),
    ("thorax", "right_shoulder"), ("pelvis", "left_hip"), ("pelvis", "right_hip"),
)  # fmt: skip
_FACE_BONES = (("nose", "left_eye"), ("nose", "right_eye"), ("left_eye", "left_ear"), ("right_eye", "right_ear"))

BODY_21 = _skeleton(
    "body_21",
    (*_COCO_JOINTS, "head_top", "upper_neck", "thorax", "pelvis"),
    _LIMB_BONES + _SPINE_BONES + _FACE_BONES,
)
COCO_17 = _skeleton(
    "coco_17",
    _COCO_JOINTS,
    (
        *_LIMB_BONES,
        *_FACE_BONES,
        ("left_shoulder", "right_shoulder"),
        ("left_hip", "right_hip"),
        ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"),
    ),
)
MPII_16 = _skeleton(
    "mpii_16",
    (
        "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
        "upper_neck", "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
        "left_wrist",
    ),
    _LIMB_BONES + _SPINE_BONES,
)  # fmt: skip
# The joints of Microsoft's first Kinect, in its order: UTKinect, MSR Action3D, and the 20 of NTU RGB+D that paper E
# uses. Its hip centre and shoulder centre are our pelvis and thorax.
KINECT_20 = _skeleton(
    "kinect_20",
    (
        "pelvis", "spine", "thorax", "head", "left_shoulder", "left_elbow", "left_wrist", "left_hand", "right_shoulder",
        "right_elbow", "right_wrist", "right_hand", "left_hip", "left_knee", "left_ankle", "left_foot", "right_hip",
        "right_knee", "right_ankle", "right_foot",
    ),
    (
        *_LIMB_BONES,
        ("head", "thorax"), ("thorax", "spine"), ("spine", "pelvis"), ("thorax", "left_shoulder"),
        ("thorax", "right_shoulder"), ("pelvis", "left_hip"), ("pelvis", "right_hip"), ("left_wrist", "left_hand"),
        ("right_wrist", "right_hand"), ("left_ankle", "left_foot"), ("right_ankle", "right_foot"),
    ),
)  # fmt: skip

SKELETONS = {skeleton.name: skeleton for skeleton in (BODY_21, COCO_17, MPII_16, KINECT_20)}

# The twelve limb joints by which pose accuracy is reported: shoulders, elbows, wrists, hips, knees, ankles.
LIMB_JOINTS = tuple(range(5, 17))


def select_joints(values: Float32, source: Skeleton, target: Skeleton) -> Float32:
    """Take the joints of ``target`` out of values in the order of ``source``.

    Args:
        values: ``(..., J_source, C)``.
        source: The skeleton that ``values`` follows.
        target: A skeleton whose joints are all in ``source``.

    Returns:
        ``(..., J_target, C)``, a copy.

    Raises:
        ValueError: ``values`` has another number of joints, or ``target`` has a joint that ``source`` lacks.
    """
    if values.shape[-2] != len(source.joints):
        raise ValueError(
            f"values of shape {values.shape} do not hold the {len(source.joints)} joints of {source.name!r}"
        )
    return np.take(values, [source.index(joint) for joint in target.joints], axis=-2)
