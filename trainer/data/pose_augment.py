"""From stored patches to training crops: turn, scale, shift, mirror, recolour, blur, hide."""

from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from edgeact.geometry import transform_points, warp
from edgeact.skeleton import BODY_21
from trainer.data.appearance import Scale, erase, lower_resolution, recolour
from trainer.data.pose_patches import NETWORK_PADDING, PATCH_CENTRE
from trainer.inputs.crop_size import InputSize
from trainer.recipe_fields import Ratio, Record

MIRROR = list(BODY_21.mirror)
UPPER_BODY = [index for index, name in enumerate(BODY_21.joints) if "knee" not in name and "ankle" not in name]


class PoseAugmentation(Record):
    """Strengths. Rotation and scale are a little milder than paper E's (±40°, 0.7–1.3), which a network this small does
    not fit.

    The rest serves what cameras see: small, blurred, cut-off, lying people.

    Attributes:
        rotation_degrees: Two standard deviations of the turn, which is at most three.
        scale: Lowest and highest.
        shift: Of the crop's sides.
        lying: Share of the persons who are turned by another 90° to either side.
        upper_body: Share of which only the upper body is seen.
        cut_off: Share whose box ends where a picture's edge might: the crop shows one side of the person.
        low_resolution: Share that is shrunk and enlarged again.
        erase: Share of which a rectangle is covered.
    """

    rotation_degrees: Annotated[float, Field(ge=0, le=120)]
    scale: Scale
    shift: Ratio
    lying: Ratio
    upper_body: Ratio
    cut_off: Ratio
    low_resolution: Ratio
    erase: Ratio


USUAL = PoseAugmentation(
    rotation_degrees=32.0,
    scale=(0.75, 1.3),
    shift=0.06,
    lying=0.12,
    upper_body=0.15,
    cut_off=0.08,
    low_resolution=0.25,
    erase=0.15,
)
# For the end of a training: strong changes teach what does not matter, but it is upright, whole people that the network
# will see most.
MILD = PoseAugmentation(
    rotation_degrees=16.0,
    scale=(0.88, 1.22),
    shift=0.04,
    lying=0.08,
    upper_body=0.08,
    cut_off=0.04,
    low_resolution=0.12,
    erase=0.05,
)


def view_scale(box: np.ndarray, size: InputSize) -> float:
    """Crop pixels for one pixel of a patch, of a network's own view of it.

    Args:
        box: ``(2,)`` width and height of the person's box in patch pixels.
        size: Of the network's crop.
    """
    return float(min(size.width / box[0], size.height / box[1]) / NETWORK_PADDING)


def view_matrix(box: np.ndarray, size: InputSize) -> np.ndarray:
    """Patch pixels → pixels of a network's own view, (2, 3) float32; see `view_scale`."""
    scale = view_scale(box, size)
    shift = np.array(size.centre) - scale * np.array(PATCH_CENTRE)
    return np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]], np.float32)


def centre_crop(
    patch: np.ndarray, joints: np.ndarray, box: np.ndarray, size: InputSize
) -> tuple[np.ndarray, np.ndarray]:
    """A network's own view of a patch.

    Args:
        patch: ``(320, 256, 3)`` uint8.
        joints: ``(J, 2)`` or more columns: x, y in patch pixels.
        box: See `view_scale`.
        size: See `view_scale`.

    Returns:
        Crop ``(height, width, 3)`` uint8 and the joints in its pixels, further columns as they are.
    """
    matrix = view_matrix(box, size)
    moved = np.concatenate([transform_points(joints[:, :2], matrix), joints[:, 2:]], 1).astype(np.float32)
    return warp(patch, matrix, width=size.width, height=size.height), moved


def augment(
    patch: np.ndarray,
    joints: np.ndarray,
    box: np.ndarray,
    rng: np.random.Generator,
    strength: PoseAugmentation,
    size: InputSize,
) -> tuple[np.ndarray, np.ndarray]:
    """A random view of a patch.

    Args:
        patch: ``(320, 256, 3)`` uint8 RGB.
        joints: ``(21, 4)`` x, y (patch pixels), weight, score.
        box: ``(2,)`` width and height of the person's box in patch pixels.
        rng: Where the randomness comes from.
        strength: How much.
        size: Of the crop.

    Returns:
        Crop ``(height, width, 3)`` uint8 RGB and joints ``(21, 4)`` in its pixels; joints outside of it have score 0.
    """
    centre = np.array(PATCH_CENTRE)
    scale = view_scale(box, size) * float(np.exp(rng.uniform(*np.log(strength.scale))))
    upper = joints[UPPER_BODY]
    upper = upper[(upper[:, 2] > 0) & (upper[:, 3] > 0.3)]
    if rng.random() < strength.upper_body and len(upper) >= 6:
        low, high = upper[:, :2].min(0), upper[:, :2].max(0)
        centre = (low + high) / 2
        extent = np.maximum(high - low, 20)
        fitted = min(size.height / 1.4 / extent[1], size.width / 1.4 / extent[0])
        scale *= min(max(fitted / view_scale(box, size), 1.0), 2.2)
    elif rng.random() < strength.cut_off:
        side = rng.integers(0, 2)  # of which half of the person is seen
        centre[side] += rng.choice([-0.25, 0.25]) * box[side]
        scale *= 1.25
    spread = strength.rotation_degrees
    angle = float(np.clip(rng.normal(0, spread / 2), -1.5 * spread, 1.5 * spread))
    if rng.random() < strength.lying:
        angle += float(rng.choice([-90, 90]))
        # The person's height has to fit the crop's width then.
        scale *= view_scale(box[::-1], size) / view_scale(box, size)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), angle, scale)
    shift = rng.uniform(-strength.shift, strength.shift, 2) * (size.width, size.height)
    matrix[:, 2] += np.array(size.centre) - centre + shift
    mirrored = rng.random() < 0.5
    if mirrored:
        matrix[0] = -matrix[0]
        matrix[0, 2] += size.width - 1
    crop = warp(patch, matrix.astype(np.float32), width=size.width, height=size.height)
    moved = joints.copy()
    moved[:, :2] = joints[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    if mirrored:
        moved = moved[MIRROR]
    inside = (moved[:, :2] >= 0).all(1) & (moved[:, 0] <= size.width - 1) & (moved[:, 1] <= size.height - 1)
    moved[:, 3] *= inside
    if rng.random() < strength.low_resolution:
        crop = lower_resolution(crop, rng)
    crop = recolour(crop, rng)
    if rng.random() < strength.erase:
        crop = erase(crop, rng)
    return crop, moved.astype(np.float32)
