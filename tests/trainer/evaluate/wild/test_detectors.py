"""The peers' pictures and outputs, as they were published."""

import numpy as np
import pytest

from trainer.evaluate.wild.detectors import decode_yolox
from trainer.precomputed.teachers import letterbox_square


def test_yolox_boxes_come_from_cells_and_logarithms() -> None:
    rows = np.zeros((3549, 85), np.float32)
    first_of_16 = 52 * 52  # rows of stride 8 come first
    row = first_of_16 + 26 * 3 + 5  # cell x 5, y 3
    rows[row, :6] = (0.5, 0.25, np.log(2), np.log(4), 0.8, 0.5)
    boxes, scores = decode_yolox(rows, 416)
    # centre (5.5·16, 3.25·16) = (88, 52), size (32, 64)
    np.testing.assert_allclose(boxes[row], [72, 20, 104, 84], atol=1e-4)
    assert scores[row] == pytest.approx(0.4)
    assert scores.sum() == pytest.approx(0.4)


def test_a_wide_picture_stands_at_the_top_left_of_a_grey_square() -> None:
    square, ratio = letterbox_square(np.full((50, 100, 3), 7, np.uint8), 32)
    assert ratio == pytest.approx(0.32)
    assert square.shape == (32, 32, 3)
    assert (square[:16] == 7).all()
    assert (square[16:] == 114).all()
