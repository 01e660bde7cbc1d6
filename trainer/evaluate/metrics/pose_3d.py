"""Errors and steadiness of 3D joints."""

import numpy as np

from edgeact.skeleton import BODY_21
from edgeact.types import Float32

_LIMB_NAMES = (
    ("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"),
)  # fmt: skip
# The eight bones of arms and legs, as pairs of joints of BODY_21.
LIMB_BONES = [
    (BODY_21.index(f"{side}_{upper}"), BODY_21.index(f"{side}_{lower}"))
    for side in ("left", "right")
    for upper, lower in _LIMB_NAMES
]
# A depth flip is seen between moments this far apart or closer: limbs of walking people turn by 15° in that time.
FLIP_SECONDS = 0.1
# Sine of the 20° that a bone must point towards the camera before and away from it afterwards, or the other way round.
FLIP_SLOPE = 0.34


def joint_distances(found: Float32, wanted: Float32) -> Float32:
    """Distance of each joint ``(N, J)`` in the unit of both, ``(N, J, 3)`` relative to the same root."""
    return np.asarray(np.linalg.norm(found - wanted, axis=-1), np.float32)


def aligned_distances(found: Float32, wanted: Float32) -> Float32:
    """As `joint_distances`, after the best rotation, scale and shift of each pose (Procrustes): P-MPJPE's terms."""
    centre, target = found.mean(1, keepdims=True), wanted.mean(1, keepdims=True)
    a, b = (found - centre).astype(np.float64), (wanted - target).astype(np.float64)
    u, s, vt = np.linalg.svd(np.einsum("nji,njk->nik", a, b))
    sign = np.ones_like(s)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))  # no mirroring
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(1) / np.maximum((a**2).sum((1, 2)), 1e-12)
    return joint_distances(np.asarray(scale[:, None, None] * (a @ rotation), np.float32), b.astype(np.float32))


def mpjpe(found: Float32, wanted: Float32, *, root: int) -> float:
    """Mean distance of joints ``(N, J, 3)`` when both poses have their root joint at the origin (protocol 1)."""
    return float(joint_distances(found - found[:, [root]], wanted - wanted[:, [root]]).mean())


def p_mpjpe(found: Float32, wanted: Float32) -> float:
    """Mean distance of joints ``(N, J, 3)`` after the best rotation, scale and shift of each pose (protocol 2)."""
    return float(aligned_distances(found, wanted).mean())


def bone_variation(joints: Float32) -> float:
    """How much the limb bones of one person's track ``(T, 21, 3)`` change in length: standard deviation over mean,
    averaged over the eight bones. 0 for a rigid body, and for a constant answer as well: read it beside an error.
    """
    lengths = np.stack([np.linalg.norm(joints[:, b] - joints[:, a], axis=-1) for a, b in LIMB_BONES])
    return float((lengths.std(1) / np.maximum(lengths.mean(1), 1e-6)).mean())


def depth_flips(joints: Float32, times: np.ndarray) -> int:
    """How often a limb bone of a track that points towards the camera suddenly points away from it, or the other way
    round: by at least 20° before and after, within `FLIP_SECONDS`.

    Args:
        joints: ``(T, 21, 3)`` z away from the camera.
        times: ``(T,)`` seconds, increasing; at 10 frames a second or more.
    """
    flips = 0
    for a, b in LIMB_BONES:
        bone = joints[:, b] - joints[:, a]
        slope = bone[:, 2] / np.maximum(np.linalg.norm(bone, axis=-1), 1e-6)
        sloped = np.flatnonzero(np.abs(slope) >= FLIP_SLOPE)
        before, after = sloped[:-1], sloped[1:]
        turned = np.sign(slope[before]) != np.sign(slope[after])
        flips += int((turned & (times[after] - times[before] <= FLIP_SECONDS + 1e-6)).sum())
    return flips
