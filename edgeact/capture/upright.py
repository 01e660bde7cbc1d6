"""How a stored picture has to be turned to stand upright: by the display matrix of its container, and by what a person
asks for.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edgeact.errors import UsageError
from edgeact.types import UInt8

TURNS = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class Orientation:
    """Upright picture = stored picture, transposed if ``transpose``, then mirrored left-right and top-bottom as
    said.
    """

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Upright width and height of a stored picture of this width and height."""
        return (height, width) if self.transpose else (width, height)

    def turned(self, degrees: int) -> "Orientation":
        """This orientation, and after it a turn to the right by 0, 90, 180 or 270 degrees."""
        orientation = self
        for _ in range(degrees // 90):  # a quarter turn to the right is a transposition, then a mirror left-right
            orientation = Orientation(
                transpose=not orientation.transpose, mirror_x=not orientation.mirror_y, mirror_y=orientation.mirror_x
            )
        return orientation

    def apply(self, image: UInt8) -> UInt8:
        """The upright picture of a stored one, ``(H, W, 3)`` uint8; the array itself where nothing has to be turned."""
        if self.transpose:
            image = cv2.transpose(image).astype(np.uint8, copy=False)
        if self.mirror_x or self.mirror_y:
            # OpenCV's code: 1 mirrors left-right, 0 top-bottom, -1 both.
            code = -1 if self.mirror_x and self.mirror_y else int(self.mirror_x)
            image = cv2.flip(image, code).astype(np.uint8, copy=False)
        return image


UPRIGHT = Orientation()


def read_orientation(display_matrix: bytes | None) -> Orientation:
    """The orientation that a display matrix asks for, to the nearest quarter turn.

    Args:
        display_matrix: 9 int32 as in ISO 14496-12 (a b u c d v x y w; x' = ax + cy, y' = bx + dy with y down), or None.
    """
    if display_matrix is None or len(display_matrix) < 36:
        return UPRIGHT
    a, b, _, c, d = (int(value) for value in np.frombuffer(display_matrix, np.int32, count=5))
    if abs(a) >= abs(b):
        return Orientation(mirror_x=a < 0, mirror_y=d < 0)
    return Orientation(transpose=True, mirror_x=c < 0, mirror_y=b < 0)


def check_turn(degrees: int) -> None:
    """Refuse turns that are no quarter turns.

    Raises:
        UsageError: ``degrees`` is none of `TURNS`.
    """
    if degrees not in TURNS:
        raise UsageError(f"turn is {degrees}, but must be 90, 180 or 270 degrees to the right, or 0 for none")
