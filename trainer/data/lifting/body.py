"""Bodies of other proportions, and limbs that change places between motions or take a posture of their own.

Everything is a batch of clips: N clips, T frames, 21 joints (``BODY_21``), 20 bones, one for each joint but the pelvis.
"""

import numpy as np
import torch

from edgeact.skeleton import BODY_21
from trainer.inputs.body_tree import CHILDREN, HEIGHT, LENGTH_OF_BONE, LENGTHS

_ARMS = [[BODY_21.index(f"{side}_{part}") for part in ("elbow", "wrist")] for side in ("left", "right")]
_LEGS = [[BODY_21.index(f"{side}_{part}") for part in ("knee", "ankle")] for side in ("left", "right")]
_HEAD = [BODY_21.index(name) for name in ("upper_neck", "head_top", "nose", "left_eye", "right_eye", "left_ear",
                                          "right_ear")]  # fmt: skip
_SHOULDERS = [BODY_21.index("left_shoulder"), BODY_21.index("right_shoulder")]
_HIPS = [BODY_21.index("left_hip"), BODY_21.index("right_hip")]
ARM_BONES = [CHILDREN.index(joint) for side in _ARMS for joint in side]
LEG_BONES = [CHILDREN.index(joint) for side in _LEGS for joint in side]
# Limbs that are turned as a whole: both arms, both legs, the head, and everything above the pelvis.
TURNED = [
    *([CHILDREN.index(joint) for joint in side] for side in (*_ARMS, *_LEGS)),
    [CHILDREN.index(joint) for joint in _HEAD],
    [CHILDREN.index(joint) for joint in (*_HEAD, *_ARMS[0], *_ARMS[1], *_SHOULDERS, BODY_21.index("thorax"))],
]


def random_lengths(count: int, generator: torch.Generator) -> torch.Tensor:
    """Metres (N, 12) of `LENGTHS` of so many random people."""
    low, high = HEIGHT
    height = low + (high - low) * torch.rand(count, 1, generator=generator)
    share, spread = torch.tensor(list(LENGTHS.values())).T
    return height * (share + spread * torch.randn(count, len(LENGTHS), generator=generator).clamp(-2.5, 2.5))


def with_lengths(bones: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Bones (N, T, 20, 3) as long as a person's (N, 12); their changes over time (shrugs, Kinect's jitter) go, but for
    the head's parts, where they are the turn of a head that has no neck joint.
    """
    return bones / bones.norm(dim=-1, keepdim=True).clamp_min(1e-4) * lengths[:, LENGTH_OF_BONE][:, None, :, None]


def _frame(across: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
    """Axes (..., 3, 3), in columns, of a body part: to its left, along it, and forward."""
    along = torch.nn.functional.normalize(along, dim=-1)
    left = torch.nn.functional.normalize(across - (across * along).sum(-1, keepdim=True) * along, dim=-1)
    return torch.stack([left, along, torch.linalg.cross(left, along)], -1)


def swap_limbs(bones: torch.Tensor, other: torch.Tensor, *, arms: torch.Tensor, legs: torch.Tensor) -> torch.Tensor:
    """Move other people's arms or legs to these, as they hang on shoulders or hips: postures that no clip holds.

    Args:
        bones: (N, T, 20, 3).
        other: Bones (N, T, 20, 3) that limbs are taken of.
        arms: (N,) bool whose arms are taken.
        legs: (N,) bool whose legs are taken.
    """
    mixed = bones.clone()
    spine = CHILDREN.index(BODY_21.index("thorax"))
    for chosen, sides, limbs in ((arms, _SHOULDERS, ARM_BONES), (legs, _HIPS, LEG_BONES)):
        left, right = (CHILDREN.index(joint) for joint in sides)
        own = _frame(bones[..., left, :] - bones[..., right, :], bones[..., spine, :])
        theirs = _frame(other[..., left, :] - other[..., right, :], other[..., spine, :])
        moved = torch.einsum("ntij,ntkj,ntbk->ntbi", own, theirs, other[..., limbs, :])
        mixed[..., limbs, :] = torch.where(chosen[:, None, None, None], moved, bones[..., limbs, :])
    return mixed


def pose_limbs(
    bones: torch.Tensor, generator: torch.Generator, *, arms: torch.Tensor, legs: torch.Tensor
) -> torch.Tensor:
    """Give people arms or legs in any posture that joints allow, slowly changing: seated people, hands at heads.

    Mocap of ours shows people who walk, dance and play; it hardly shows them on chairs. Each limb hangs on the trunk:
    it is lifted forward, spread outward, and its elbow or knee bends by as much as it can.

    Args:
        bones: (N, T, 20, 3).
        generator: Where the randomness comes from.
        arms: (N,) bool whose arms are posed.
        legs: (N,) bool whose legs are posed.
    """
    posed = bones.clone()
    count, frames = bones.shape[:2]
    progress = torch.linspace(0, 1, frames)[None]
    spine = CHILDREN.index(BODY_21.index("thorax"))

    def angles(low: float, high: float, common: torch.Tensor | None = None) -> torch.Tensor:
        """Radians (N, T): anywhere between two angles in degrees, or near the other side's, and 15° of change."""
        start = low + (high - low) * torch.rand(count, generator=generator)
        if common is not None:
            start = torch.where(torch.rand(count, generator=generator) < 0.6, common + (start - common) * 0.15, start)
        change = 15 * torch.randn(count, generator=generator)
        return (start[:, None] + change[:, None] * progress).clamp(low, high).deg2rad()

    for chosen, sides, limbs, lift, spread, bend, twist, fold in (
        (arms, _SHOULDERS, _ARMS, (-40, 150), (-10, 80), (0, 145), (-100, 50), 1),
        (legs, _HIPS, _LEGS, (-15, 115), (-5, 35), (0, 130), (-30, 30), -1),
    ):
        left, right = (CHILDREN.index(joint) for joint in sides)
        axes = _frame(bones[..., left, :] - bones[..., right, :], bones[..., spine, :])
        across, along, forward = axes.unbind(-1)
        lift_low, lift_high = lift
        common = lift_low + (lift_high - lift_low) * torch.rand(count, generator=generator)
        for limb, outward in zip(limbs, (across, -across), strict=True):
            lifted, spreading = angles(*lift, common)[..., None], angles(*spread)[..., None]
            bent, turned = angles(*bend)[..., None], angles(*twist)[..., None]
            straight = lifted.sin() * forward - lifted.cos() * along
            ahead = lifted.cos() * forward + lifted.sin() * along
            upper = spreading.cos() * straight + spreading.sin() * outward
            side = spreading.cos() * outward - spreading.sin() * straight
            toward = turned.cos() * ahead + turned.sin() * side
            lower = bent.cos() * upper + fold * bent.sin() * toward
            for joint, direction in zip(limb, (upper, lower), strict=True):
                bone = CHILDREN.index(joint)
                length = bones[..., bone, :].norm(dim=-1, keepdim=True)
                posed[..., bone, :] = torch.where(chosen[:, None, None], direction * length, bones[..., bone, :])
    return posed


def rotation(axis_angle: torch.Tensor) -> torch.Tensor:
    """Rotation vectors (..., 3) in radians → matrices (..., 3, 3) (Rodrigues)."""
    angle = axis_angle.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    x, y, z = (axis_angle / angle).unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    angle = angle[..., None]
    return torch.eye(3).to(cross) + angle.sin() * cross + (1 - angle.cos()) * cross @ cross


def turn_limbs(bones: torch.Tensor, generator: torch.Generator, *, degrees: float = 12.0) -> torch.Tensor:
    """Turn each limb, the head and the trunk of a clip by a small random rotation; elbows and knees bend as before."""
    turned = bones.clone()
    for limb in TURNED:
        turn = rotation(torch.randn(len(bones), 3, generator=generator) * (np.radians(degrees) / 3**0.5))
        turned[..., limb, :] = torch.einsum("nij,ntbj->ntbi", turn, turned[..., limb, :])
    return turned
