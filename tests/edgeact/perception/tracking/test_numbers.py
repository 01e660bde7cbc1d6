"""Whoever comes back has the old number, whoever is new a new one."""

import numpy as np
import pytest

from edgeact.perception.tracking.limits import REMEMBERED_SECONDS
from edgeact.perception.tracking.numbers import Numbers
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32

RED, BLUE = np.array([[50, 60, 40]] * 2, np.float32), np.array([[40, 10, -50]] * 2, np.float32)  # CIE Lab
PLACE = np.array([100, 100, 150, 250], np.float32)


def track(colours: Float32, *, box: Float32 = PLACE, time: float = 0.0) -> TrackState:
    made = TrackState(box, time)
    made.colours = colours
    return made


def numbers_with_gone(*colours: Float32) -> Numbers:
    """Numbers 1, 2, … were given to people in these clothes, who are gone since second 0."""
    numbers, people = Numbers(), [track(one) for one in colours]
    for person in people:
        numbers.give(person, 0.0)
    for person in people:
        numbers.remember(person)
    return numbers


def given(numbers: Numbers, new: TrackState, time: float) -> int | None:
    numbers.give(new, time)
    return new.track_id


def test_somebody_who_comes_back_has_the_old_number_and_begins_anew() -> None:
    numbers = numbers_with_gone(RED, BLUE)
    back = track(RED + 3, time=4.0)
    assert given(numbers, back, 4.0) == 1
    assert not back.continues
    assert given(numbers, track(RED + 3, time=4.1), 4.1) == 3  # number 1 is here: this is somebody else


@pytest.mark.parametrize(
    ("new", "time"),
    [
        (track(BLUE, time=3.0), 3.0),  # other clothes
        (track(np.full((2, 3), np.nan, np.float32), time=3.0), 3.0),  # no clothes seen
        (track(RED, box=PLACE * 2, time=3.0), 3.0),  # twice as tall
        (track(RED, box=PLACE + np.float32([900, 0, 900, 0]), time=1.0), 1.0),  # six heights in a second
        (track(RED, time=REMEMBERED_SECONDS + 1), REMEMBERED_SECONDS + 1),  # long ago
    ],
)
def test_whoever_cannot_be_the_one_who_left_is_new(new: TrackState, time: float) -> None:
    assert given(numbers_with_gone(RED), new, time) == 2


def test_of_two_who_wear_nearly_the_same_nobody_is_recognised() -> None:
    assert given(numbers_with_gone(RED, RED + 2), track(RED, time=2.0), 2.0) == 3


def test_a_source_that_starts_anew_has_nobody_to_come_back_and_numbers_go_on() -> None:
    numbers = numbers_with_gone(RED)
    numbers.forget()
    assert given(numbers, track(RED, time=2.0), 2.0) == 2
