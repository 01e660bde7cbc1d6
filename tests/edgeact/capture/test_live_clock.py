import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.capture.live_clock import LiveClock


def times(*pairs: tuple[float | None, float], **options: float) -> list[float]:
    clock = LiveClock(**options)
    return [clock.place(stamp, arrived) for stamp, arrived in pairs]


def test_steps_are_those_of_the_timestamps() -> None:
    assert times((500.0, 10.0), (500.1, 10.15), (500.2, 10.16)) == pytest.approx([0.0, 0.1, 0.2])


def test_a_burst_at_the_start_keeps_its_distances() -> None:
    assert times(*[(n / 10, 10.0 + n / 1000) for n in range(20)]) == pytest.approx([n / 10 for n in range(20)])


@pytest.mark.parametrize("stamp", [None, 3.0, 5000.0, 0.0])
def test_a_timestamp_that_is_missing_or_leaps_is_the_time_of_arrival(stamp: float | None) -> None:
    assert times((5.0, 10.0), (stamp, 10.2), (None, 10.5))[1:] == pytest.approx([0.2, 0.5])


def test_a_recording_may_pause_for_longer_than_reading_takes() -> None:
    assert times((0.0, 10.0), (60.0, 10.1), largest_lead=math.inf) == [0.0, 60.0]


def test_an_epoch_goes_on_where_the_one_before_ended() -> None:
    clock = LiveClock()
    assert clock.place(100.0, 10.0) == 0.0
    clock.start_epoch()
    assert clock.place(3.0, 25.0) == 15.0
    assert clock.place(3.1, 25.2) == pytest.approx(15.1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | st.floats(-1e6, 1e6), st.floats(0.0, 1e3)), max_size=30))
def test_times_always_increase(steps: list[tuple[float | None, float]]) -> None:
    arrived = itertools.accumulate(passed for _, passed in steps)
    placed = times(*zip((stamp for stamp, _ in steps), arrived, strict=True))
    assert all(later > earlier for earlier, later in itertools.pairwise(placed))
