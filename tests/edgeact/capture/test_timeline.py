import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.capture.timeline import Timeline

STEP = 0.04


def place(*stamps: float | None) -> list[float]:
    timeline = Timeline(step=STEP)
    return [timeline.place(stamp) for stamp in stamps]


def test_increasing_timestamps_pass_unchanged_however_uneven() -> None:
    timeline = Timeline(step=STEP)
    assert [timeline.place(stamp) for stamp in (-0.02, 0.0, 0.001, 5.0, 3600.0)] == [-0.02, 0.0, 0.001, 5.0, 3600.0]
    assert timeline.repaired == 0


def test_missing_timestamps_are_spaced_by_the_usual_step() -> None:
    assert place(None, None, 1.0, None) == pytest.approx([0.0, 0.04, 1.0, 1.04])


def test_a_repeated_timestamp_leaves_the_next_frame_its_own_time() -> None:
    assert place(0.0, 0.04, 0.04, 0.08) == pytest.approx([0.0, 0.04, 0.041, 0.08])


def test_small_disorder_is_pressed_together_and_ends() -> None:
    assert place(0.0, 0.12, 0.04, 0.08, 0.16) == pytest.approx([0.0, 0.12, 0.121, 0.122, 0.16])


def test_a_clock_that_starts_anew_keeps_the_distances_of_its_frames() -> None:
    timeline = Timeline(step=STEP)
    times = [timeline.place(stamp) for stamp in (95_443.0, 95_443.1, 0.0, 0.5, 0.6)]
    assert times == pytest.approx([95_443.0, 95_443.1, 95_443.14, 95_443.64, 95_443.74])
    assert timeline.repaired == 3


@given(st.lists(st.none() | st.floats(-1e9, 1e9, allow_nan=False)))
def test_times_strictly_increase_whatever_comes(stamps: list[float | None]) -> None:
    times = place(*stamps)
    assert len(times) == len(stamps)
    assert all(later > earlier for earlier, later in itertools.pairwise(times))


@given(st.lists(st.floats(0, 1e5, allow_nan=False), unique=True))
def test_good_timestamps_are_never_touched(stamps: list[float]) -> None:
    assert place(*sorted(stamps)) == sorted(stamps)
