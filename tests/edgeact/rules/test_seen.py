from dataclasses import replace

import numpy as np
import pytest

from edgeact.rules.seen import look
from edgeact.skeleton import BODY_21
from tests.results import person, result


def test_an_observation_is_seen_in_relative_coordinates() -> None:
    observation = result(25, persons=(person(7), replace(person(8, action=False), box=np.float32([60, 0, 90, 99]))))
    seen = look(observation, skeleton=BODY_21, confidence=0.3)
    first, second = seen.persons
    assert (seen.time, first.track, second.track) == (1.0, 7, 8)
    assert first.point == pytest.approx(((1.25 + 30.123456) / 2 / 64, 40 / 48))
    assert second.point == (1.0, 1.0)  # never outside the picture
    assert first.actions == pytest.approx({"wave": 0.6})
    assert second.actions == {}
    assert first.posture is not None
