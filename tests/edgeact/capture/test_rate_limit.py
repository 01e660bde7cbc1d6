from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.capture.base import SourceState
from edgeact.capture.rate_limit import RateLimited
from edgeact.types import Frame
from tests.media import numbered_picture
from tests.results import source_info

PICTURE = numbered_picture(0)


class Times:
    """A source of frames at given times."""

    info, state, epoch = source_info(), SourceState.RUNNING, 0

    def __init__(self, times: list[tuple[int, float]]) -> None:
        self._times, self.is_closed = times, False

    def frames(self) -> Iterator[Frame]:
        for index, (epoch, time) in enumerate(self._times):
            yield Frame(index=index, time=time, image=PICTURE, epoch=epoch)

    def close(self) -> None:
        self.is_closed = True


def taken(times: list[tuple[int, float]], rate: float) -> list[float]:
    return [frame.time for frame in RateLimited(Times(times), rate).frames()]


@pytest.mark.parametrize(("rate", "wanted"), [(25, 10), (30, 10), (30, 7), (12, 10), (15, 15)])
def test_the_rate_is_kept_on_average(rate: int, wanted: int) -> None:
    assert len(taken([(0, index / rate) for index in range(rate * 20)], wanted)) == pytest.approx(20 * wanted, abs=1)


def test_a_slower_source_is_given_whole() -> None:
    times = [(0, index / 4) for index in range(20)]
    assert taken(times, 10) == [time for _, time in times]


def test_a_new_epoch_begins_anew() -> None:
    assert taken([(0, 100.0), (0, 100.01), (1, 0.0), (1, 0.01)], 10) == [100.0, 0.0]


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=50), st.floats(0.5, 30.0))
def test_no_second_has_more_than_the_rate_and_one(gaps: list[float], rate: float) -> None:
    times, now = [], 0.0
    for gap in gaps:
        now += gap
        times.append((0, now))
    given_times = taken(times, rate)
    for start in given_times:
        assert len([time for time in given_times if start <= time < start + 1.0]) <= rate + 2


def test_closing_it_closes_the_source() -> None:
    source = Times([])
    limited = RateLimited(source, 10)
    limited.close()
    assert source.is_closed
    assert (limited.info, limited.state, limited.epoch) == (source.info, source.state, 0)


def test_a_source_that_rests_gives_no_frames_until_it_goes_on() -> None:
    limited = RateLimited(Times([(0, index / 10) for index in range(10)]), None)
    seen = []
    for frame in limited.frames():
        seen.append(frame.index)
        limited.rests = frame.index == 2
        if limited.rests:
            break
    assert seen == [0, 1, 2]
    assert list(limited.frames()) == []
    limited.rests = False
    assert len(list(limited.frames())) == 10
