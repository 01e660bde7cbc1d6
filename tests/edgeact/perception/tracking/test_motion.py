"""Where a box is expected."""

import numpy as np
import pytest

from edgeact.perception.tracking.motion import BoxMotion


def moving() -> BoxMotion:
    """A box that has gone 100 pixels a second to the right for a second."""
    motion = BoxMotion(np.array([0, 0, 40, 100], np.float32), 0.0)
    for step in range(1, 26):
        motion.predict(step / 25)
        motion.update(np.array([4 * step, 0, 40 + 4 * step, 100], np.float32))
    return motion


def test_a_box_goes_on_for_a_while_and_comes_to_rest() -> None:
    motion = moving()
    places = [float(motion.predict(1.0 + seconds)[0]) for seconds in (0.1, 0.5, 5.0, 10.0)]
    assert places[0] == pytest.approx(110, abs=3)
    assert places[1] < 145
    assert places[3] - places[2] < 0.1


def test_a_box_at_rest_stays_but_is_less_and_less_sure() -> None:
    motion = moving()
    before, sure = motion.box, motion.uncertainty()
    motion.rest()
    assert np.allclose(motion.predict(1.5), before)
    assert motion.uncertainty() > sure
    assert not motion.velocity.any()
