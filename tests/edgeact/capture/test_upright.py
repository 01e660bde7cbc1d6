import struct

import numpy as np
import pytest

from edgeact.capture.upright import UPRIGHT, Orientation, check_turn, read_orientation
from edgeact.errors import UsageError
from tests.media import corner_picture

PICTURE = corner_picture(width=6, height=4)

# a, b, c, d of x' = ax + cy, y' = bx + dy (y down), and what numpy makes of it
MATRICES = {
    "as it is": ((1, 0, 0, 1), PICTURE),
    "90 clockwise": ((0, 1, -1, 0), np.rot90(PICTURE, -1)),
    "180": ((-1, 0, 0, -1), np.rot90(PICTURE, 2)),
    "270 clockwise": ((0, -1, 1, 0), np.rot90(PICTURE, 1)),
    "mirrored left-right": ((-1, 0, 0, 1), np.fliplr(PICTURE)),
    "mirrored top-bottom": ((1, 0, 0, -1), np.flipud(PICTURE)),
    "transposed": ((0, 1, 1, 0), PICTURE.transpose(1, 0, 2)),
    "transposed the other way": ((0, -1, -1, 0), np.rot90(PICTURE, 2).transpose(1, 0, 2)),
}


def matrix_bytes(a: float, b: float, c: float, d: float) -> bytes:
    return struct.pack("=9i", *(round(value * 65536) for value in (a, b, 0, c, d, 0, 0, 0)), 1 << 30)


@pytest.mark.parametrize("name", MATRICES)
def test_a_display_matrix_turns_pictures_as_it_says(name: str) -> None:
    matrix, expected = MATRICES[name]
    orientation = read_orientation(matrix_bytes(*matrix))
    turned = orientation.apply(PICTURE)
    np.testing.assert_array_equal(turned, expected)
    assert orientation.size(6, 4) == (turned.shape[1], turned.shape[0])


def test_an_angle_between_quarter_turns_goes_to_the_nearest() -> None:
    assert read_orientation(matrix_bytes(0.98, 0.17, -0.17, 0.98)) == UPRIGHT
    assert read_orientation(matrix_bytes(0.17, 0.98, -0.98, 0.17)) == Orientation(transpose=True, mirror_x=True)


@pytest.mark.parametrize("matrix", [None, b"", b"short"])
def test_no_matrix_means_upright(matrix: bytes | None) -> None:
    assert read_orientation(matrix) == UPRIGHT


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("name", MATRICES)
def test_a_turn_that_is_asked_for_comes_after_the_matrix(name: str, degrees: int) -> None:
    matrix, upright = MATRICES[name]
    turned = read_orientation(matrix_bytes(*matrix)).turned(degrees).apply(PICTURE)
    np.testing.assert_array_equal(turned, np.rot90(upright, -degrees // 90))


@pytest.mark.parametrize("degrees", [45, -90, 360])
def test_only_quarter_turns_are_taken(degrees: int) -> None:
    with pytest.raises(UsageError, match=f"turn is {degrees}"):
        check_turn(degrees)
