"""From pictures to what the person detector trains on: scaled, moved, tilted, mirrored, recoloured."""

from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from trainer.data.appearance import Scale, erase, lower_resolution, recolour
from trainer.recipe_fields import Ratio, Record

LETTERBOX_GREY = 114  # what the runtime fills a letterboxed frame with


class DetectorAugmentation(Record):
    """How strongly the pictures of the person detector's training are changed at random.

    Attributes:
        tilt_degrees: Largest turn.
        scale: Lowest and highest, of the picture that fills the canvas.
        shift: Largest, of the canvas's sides; people are cut off at the edge then.
        low_resolution: Share that is shrunk and enlarged again.
        erase: Share of which a rectangle is covered.
    """

    tilt_degrees: Annotated[float, Field(ge=0, le=180)]
    scale: Scale
    shift: Ratio
    low_resolution: Ratio
    erase: Ratio


USUAL = DetectorAugmentation(tilt_degrees=12.0, scale=(0.45, 1.7), shift=0.3, low_resolution=0.2, erase=0.1)


def augment_scene(
    rgb: np.ndarray,
    boxes: np.ndarray,
    rng: np.random.Generator,
    *,
    width: int,
    height: int,
    strength: DetectorAugmentation = USUAL,
) -> np.ndarray:
    """A random view of a picture.

    Args:
        rgb: ``(H, W, 3)`` uint8 RGB.
        boxes: ``(N, 4)`` x_min, y_min, x_max, y_max of people in its pixels; a close view is one of them.
        rng: Where the randomness comes from.
        width: Of the canvas in pixels.
        height: Likewise.
        strength: How much.

    Returns:
        The canvas ``(height, width, 3)`` uint8 RGB.
    """
    whole = min(width / rgb.shape[1], height / rgb.shape[0])
    scale = whole * float(np.exp(rng.uniform(*np.log(strength.scale))))
    if scale < 0.5:  # a pixel of the canvas is then the mean of those of the picture
        rgb, boxes = cv2.resize(rgb, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA), boxes * 2 * scale
        whole, scale = whole / (2 * scale), 0.5
    centre = (rgb.shape[1] / 2, rgb.shape[0] / 2)
    if len(boxes) and scale > whole:
        box = boxes[rng.integers(len(boxes))]
        centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    tilt = float(rng.uniform(-strength.tilt_degrees, strength.tilt_degrees)) if rng.random() < 0.5 else 0.0
    matrix = cv2.getRotationMatrix2D(centre, tilt, scale)
    matrix[:, 2] += np.array([width, height]) / 2 - centre
    matrix[:, 2] += rng.uniform(-strength.shift, strength.shift, 2) * (width, height)
    if rng.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += width - 1
    grey = (LETTERBOX_GREY,) * 3
    canvas = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=grey)
    if rng.random() < strength.low_resolution:
        canvas = lower_resolution(canvas, rng, factor=(0.4, 0.8))
    canvas = recolour(canvas, rng, grey=0.1)
    return erase(canvas, rng) if rng.random() < strength.erase else canvas
