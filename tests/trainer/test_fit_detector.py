"""Targets and loss of the detector."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.fit_detector import detector_loss, giou, targets
from trainer.models.edge_detector import STRIDE

BOX = np.array([[40.0, 40.0, 80.0, 120.0]], np.float32)
NOBODY = np.zeros((0, 4), np.float32)


def test_the_heat_peaks_at_the_cell_of_the_centre() -> None:
    heat, owner, counts = targets(BOX, NOBODY, 24, 40)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert heat[row, column] == 1.0
    assert abs((column + 0.5) * STRIDE - 60) <= STRIDE / 2
    assert abs((row + 0.5) * STRIDE - 80) <= STRIDE / 2
    assert owner[row, column].tolist() == BOX[0].tolist()
    assert counts.all()


def test_where_nobody_is_sure_nothing_counts() -> None:
    heat, _, counts = targets(NOBODY, BOX, 24, 40)
    assert not heat.any()
    assert counts[10, 7] == 0
    assert counts[0, 0] == 1


boxes = st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(1, 50), st.floats(1, 50)).map(
    lambda v: (v[0], v[1], v[0] + v[2], v[1] + v[3])
)


@given(boxes, boxes)
def test_giou_is_symmetric_and_bounded(first: tuple[float, ...], second: tuple[float, ...]) -> None:
    a, b = torch.tensor([first]), torch.tensor([second])
    assert float(giou(a, b)) == pytest.approx(float(giou(b, a)), abs=1e-5)
    assert -1.0 <= float(giou(a, b)) <= 1.0 + 1e-5
    assert float(giou(a, a)) == pytest.approx(1.0, abs=1e-5)


def test_the_right_answer_costs_less_than_a_shifted_one() -> None:
    heat, owner, counts = (torch.from_numpy(value)[None] for value in targets(BOX, NOBODY, 24, 40))

    def loss(shift: int) -> float:
        centre = torch.full((1, 1, 24, 40), -6.0)
        row, column = divmod(int(heat.argmax()), 40)
        centre[0, 0, row, column + shift] = 6.0
        x = (torch.arange(40) + 0.5) * STRIDE - 0.5
        y = ((torch.arange(24) + 0.5) * STRIDE - 0.5)[:, None]
        left, top, right, bottom = (float(value) for value in BOX[0])
        sides = [
            (x - left).expand(24, 40),
            (y - top).expand(24, 40),
            (right - x).expand(24, 40),
            (bottom - y).expand(24, 40),
        ]
        return float(detector_loss(centre, torch.stack(sides)[None], heat, owner, counts))

    assert loss(0) < 0.05
    assert loss(3) > 1.0
