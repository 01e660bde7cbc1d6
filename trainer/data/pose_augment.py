"""From stored patches to training crops: turn, scale, shift, mirror, recolour, blur, hide."""

from dataclasses import dataclass

import cv2
import numpy as np

from edgeact.skeleton import BODY_21
from trainer.data.appearance import erase, lower_resolution, recolour
from trainer.data.pose_patches import PATCH_CENTRE, PATCH_HEIGHT, PATCH_WIDTH
from trainer.models.edge_pose import INPUT_HEIGHT, INPUT_WIDTH

# Pixels of the network's crop for one of a patch, of which it sees the middle three quarters.
VIEW = INPUT_HEIGHT * 4 / 3 / PATCH_HEIGHT
MIRROR = list(BODY_21.mirror)
UPPER_BODY = [index for index, name in enumerate(BODY_21.joints) if "knee" not in name and "ankle" not in name]


@dataclass(frozen=True, slots=True)
class PoseAugmentation:
    """Strengths. Rotation and scale are a little milder than paper E's (±40°, 0.7–1.3), which a network this small does
    not fit.

    The rest serves CCTV: small, blurred, cut-off people.
    """

    rotation_degrees: float = 32.0
    scale: tuple[float, float] = (0.75, 1.3)
    shift: float = 0.06
    upper_body: float = 0.1
    low_resolution: float = 0.2
    erase: float = 0.2


# For the end of a training: strong changes teach what does not matter, but it is upright, whole people that the network
# will see most.
MILD = PoseAugmentation(
    rotation_degrees=16.0, scale=(0.88, 1.22), shift=0.04, upper_body=0.03, low_resolution=0.08, erase=0.05
)


def centre_crop(patch: np.ndarray, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The network's own view of a patch: crop (160, 128, 3) uint8 and joints (21, 3) in its pixels."""
    height, width = round(INPUT_HEIGHT / VIEW), round(INPUT_WIDTH / VIEW)
    top, left = (PATCH_HEIGHT - height) // 2, (PATCH_WIDTH - width) // 2
    crop = cv2.resize(
        patch[top : top + height, left : left + width], (INPUT_WIDTH, INPUT_HEIGHT), interpolation=cv2.INTER_LINEAR
    )
    return crop, np.concatenate([to_crop(joints[:, :2]), joints[:, 2:]], 1).astype(np.float32)


def to_crop(points: np.ndarray) -> np.ndarray:
    """Points (N, 2) x, y in patch pixels in the pixels of the network's own view."""
    return (points - PATCH_CENTRE) * VIEW + ((INPUT_WIDTH - 1) / 2, (INPUT_HEIGHT - 1) / 2)


def augment(
    patch: np.ndarray, joints: np.ndarray, rng: np.random.Generator, strength: PoseAugmentation
) -> tuple[np.ndarray, np.ndarray]:
    """A random view of a patch.

    Args:
        patch: ``(240, 192, 3)`` uint8 RGB.
        joints: ``(21, 3)`` x, y (patch pixels), weight.
        rng: Where the randomness comes from.
        strength: How much.

    Returns:
        Crop ``(160, 128, 3)`` uint8 RGB and joints ``(21, 3)`` in its pixels; joints outside of it have weight 0.
    """
    centre = np.array(PATCH_CENTRE)
    scale = VIEW * float(np.exp(rng.uniform(*np.log(strength.scale))))
    upper = joints[UPPER_BODY]
    upper = upper[upper[:, 2] > 0]
    if rng.random() < strength.upper_body and len(upper) >= 6:
        low, high = upper[:, :2].min(0), upper[:, :2].max(0)
        centre = (low + high) / 2
        scale *= min(
            INPUT_HEIGHT / 1.4 / VIEW / max(high[1] - low[1], 20),
            INPUT_WIDTH / 1.4 / VIEW / max(high[0] - low[0], 20),
            2.2,
        )
    angle = float(
        np.clip(
            rng.normal(0, strength.rotation_degrees / 2),
            -1.5 * strength.rotation_degrees,
            1.5 * strength.rotation_degrees,
        )
    )
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), angle, scale)
    shift = rng.uniform(-strength.shift, strength.shift, 2) * (INPUT_WIDTH, INPUT_HEIGHT)
    matrix[:, 2] += np.array([(INPUT_WIDTH - 1) / 2, (INPUT_HEIGHT - 1) / 2]) - centre + shift
    mirrored = rng.random() < 0.5
    if mirrored:
        matrix[0] = -matrix[0]
        matrix[0, 2] += INPUT_WIDTH - 1
    crop = cv2.warpAffine(patch, matrix, (INPUT_WIDTH, INPUT_HEIGHT), flags=cv2.INTER_LINEAR)
    moved = joints.copy()
    moved[:, :2] = joints[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    if mirrored:
        moved = moved[MIRROR]
    inside = (moved[:, :2] >= 0).all(1) & (moved[:, 0] <= INPUT_WIDTH - 1) & (moved[:, 1] <= INPUT_HEIGHT - 1)
    moved[:, 2] *= inside
    if rng.random() < strength.low_resolution:
        crop = lower_resolution(crop, rng)
    crop = recolour(crop, rng)
    if rng.random() < strength.erase:
        crop = erase(crop, rng)
    return crop, moved.astype(np.float32)
