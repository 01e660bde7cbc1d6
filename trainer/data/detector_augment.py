"""From pictures with boxes to what the person detector trains on: turned, scaled, moved, mirrored, recoloured."""

from dataclasses import dataclass

import cv2
import numpy as np

from trainer.data.appearance import erase, lower_resolution, recolour

LETTERBOX_GREY = 114  # what the runtime fills a letterboxed frame with


@dataclass(frozen=True, slots=True)
class DetectorAugmentation:
    """How strongly the pictures of the person detector's training are changed at random.

    Attributes:
        quarter: Share of the pictures that are turned by 90° to either side: upright people then lie.
        half: Share that is turned by 180°.
        tilt_degrees: Largest further turn.
        scale: Lowest and highest, of the picture that fills the canvas.
        shift: Largest, of the canvas's sides; people are cut off at the edge then.
        low_resolution: Share that is shrunk and enlarged again.
        erase: Share of which a rectangle is covered.
    """

    quarter: float = 0.4
    half: float = 0.04
    tilt_degrees: float = 12.0
    scale: tuple[float, float] = (0.45, 1.7)
    shift: float = 0.3
    low_resolution: float = 0.2
    erase: float = 0.1


def turned_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Boxes around the ellipses that fill boxes ``(N, 4)``, after a similarity ``(2, 3)``: ``(N, 4)``.

    A person does not reach into the corners of the box: the box of the turned corners would be too large, and that of
    the turned ellipse is right where the turn is a quarter and near it elsewhere.
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    half = np.sqrt(((boxes[:, None, 2:] - boxes[:, None, :2]) / 2 * matrix[None, :, :2]) ** 2 @ np.ones(2))
    return np.concatenate([centre - half, centre + half], 1)


def augment_scene(
    rgb: np.ndarray,
    boxes: np.ndarray,
    rng: np.random.Generator,
    *,
    width: int,
    height: int,
    strength: DetectorAugmentation | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A random view of a picture.

    Args:
        rgb: ``(H, W, 3)`` uint8 RGB.
        boxes: ``(N, 4)`` x_min, y_min, x_max, y_max in its pixels.
        rng: Where the randomness comes from.
        width: Of the canvas in pixels.
        height: Likewise.
        strength: How much; None is the usual strength.

    Returns:
        The canvas ``(height, width, 3)`` uint8 RGB, the boxes ``(N, 4)`` cut at its edge, and of each the share
        ``(N,)`` of its area that is left.
    """
    strength = strength or DetectorAugmentation()
    kind = rng.random()
    turn = 180.0 if kind > 1 - strength.half else float(rng.choice([-90, 90])) if kind < strength.quarter else 0.0
    high, wide = rgb.shape[1::-1] if abs(turn) == 90 else rgb.shape[:2]
    whole = min(width / wide, height / high)
    scale = whole * float(np.exp(rng.uniform(*np.log(strength.scale))))
    if scale < 0.5:  # a pixel of the canvas is then the mean of those of the picture
        rgb, boxes = cv2.resize(rgb, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA), boxes * 2 * scale
        whole, scale = whole / (2 * scale), 0.5
    centre = (rgb.shape[1] / 2, rgb.shape[0] / 2)
    if len(boxes) and scale > whole:  # a close view is one of somebody
        box = boxes[rng.integers(len(boxes))]
        centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    tilt = float(rng.uniform(-strength.tilt_degrees, strength.tilt_degrees)) if rng.random() < 0.5 else 0.0
    matrix = cv2.getRotationMatrix2D(centre, turn + tilt, scale)
    matrix[:, 2] += np.array([width, height]) / 2 - centre
    matrix[:, 2] += rng.uniform(-strength.shift, strength.shift, 2) * (width, height)
    if rng.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += width - 1
    grey = (LETTERBOX_GREY,) * 3
    canvas = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=grey)
    turned = turned_boxes(boxes.astype(np.float64), matrix)
    seen = np.clip(turned, 0, [width - 1, height - 1, width - 1, height - 1])
    left = (seen[:, 2:] - seen[:, :2]).prod(1) / np.maximum((turned[:, 2:] - turned[:, :2]).prod(1), 1e-6)
    if rng.random() < strength.low_resolution:
        canvas = lower_resolution(canvas, rng, factor=(0.4, 0.8))
    canvas = recolour(canvas, rng, grey=0.1)
    if rng.random() < strength.erase:
        canvas = erase(canvas, rng)
    return canvas, seen.astype(np.float32), left.astype(np.float32)
