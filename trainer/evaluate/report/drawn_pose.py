"""Draw skeletons into report pictures, in one colour for labels and one for predictions."""

from collections.abc import Sequence

import cv2
import numpy as np

TRUTH, OURS = (60, 220, 60), (255, 110, 40)  # R, G, B: green is the human's, orange ours


def draw_bones(
    picture: np.ndarray,
    joints: np.ndarray,
    known: np.ndarray,
    bones: Sequence[tuple[int, int]],
    colour: tuple[int, int, int],
) -> None:
    """Draw the bones between known joints, in place.

    Args:
        picture: ``(H, W, 3)`` uint8 RGB.
        joints: ``(J, 2)`` x, y in pixels of the picture; anything where not known.
        known: ``(J,)`` bool.
        bones: Pairs of joints.
        colour: R, G, B.
    """
    points = np.where(known[:, None], joints, 0).round().astype(int).tolist()
    for first, second in bones:
        if known[first] and known[second]:
            cv2.line(picture, points[first], points[second], colour, 2, cv2.LINE_AA)
