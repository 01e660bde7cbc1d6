"""The linear floor of actions from poses is measured on the rows that measure, and knows no place, size or side."""

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.claims.test_action_from_poses import waves_and_jumps
from trainer.claims.pose_floor import pose_floor


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_line_tells_two_actions_apart_wherever_and_however_large_somebody_is(dimensions: int) -> None:
    chosen = waves_and_jumps(dimensions)
    floor = pose_floor(chosen)
    assert floor > 0.8  # by chance: a half
    rng = np.random.default_rng(0)
    moved = []
    for sequence in chosen.sequences:
        other = sequence.copy()
        other[..., :-1] = 2 * other[..., :-1] + rng.uniform(-9, 9, dimensions)
        moved.append(other)
    assert pose_floor(replace(chosen, sequences=tuple(moved))) == floor


def test_only_the_rows_that_measure_are_counted() -> None:
    chosen = waves_and_jumps(2)
    wrong = chosen.labels.copy()
    wrong[chosen.measured] = 1 - wrong[chosen.measured]
    assert pose_floor(replace(chosen, labels=wrong)) == pytest.approx(1 - pose_floor(chosen))
