import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.capture.clock import MediaClock

STEP = 0.04
PICTURES, SOUND = 0, 1


def decide(
    packets: Sequence[tuple[int, float | None]], *, step: float = STEP
) -> tuple[MediaClock, dict[int, list[float | None]]]:
    """The times of packets (stream and timestamp, in the order of the file), by stream."""
    clock = MediaClock()
    clock.add_stream(PICTURES, step=step)
    clock.add_stream(SOUND, step=step)
    for position, (stream, stamp) in enumerate(packets):
        coming = iter([later for other, later in packets[position + 1 :] if other == stream])
        clock.decide(stream, stamp, is_ordered=True, duration=None, following=coming)
    times: dict[int, list[float | None]] = {PICTURES: [], SOUND: []}
    for stream, stamp in packets:
        times[stream].append(clock.time(stream, len(times[stream]), stamp))
    return clock, times


def pictures(*stamps: float | None) -> tuple[MediaClock, list[float | None]]:
    clock, times = decide([(PICTURES, stamp) for stamp in stamps])
    return clock, times[PICTURES]


def even(count: int, *, start: float = 0.0) -> list[float]:
    return [start + STEP * number for number in range(count)]


@pytest.mark.parametrize("wild", [10_000.0, 3.0, -500.0, 1e9, 1e-3])
@pytest.mark.parametrize("position", [12, 29])
def test_one_wild_timestamp_costs_only_its_own_time(wild: float, position: int) -> None:
    stamps = even(60)
    stamps[position] = wild
    clock, times = pictures(*stamps)
    assert times == pytest.approx(even(60))
    assert (clock.wild, clock.restarts) == (1, [])


def test_two_wild_timestamps_in_a_row_are_repaired_too() -> None:
    stamps = even(40)
    stamps[20:22] = [7000.0, 7000.04]
    assert pictures(*stamps)[1] == pytest.approx(even(40))


def test_a_wild_first_timestamp_does_not_move_the_others() -> None:
    clock, times = pictures(9000.0, *even(20)[1:])
    assert times == pytest.approx(even(20))
    assert clock.wild == 1


def test_a_pause_is_kept() -> None:
    stamps = even(25) + even(25, start=26 * 3600)
    clock, times = pictures(*stamps)
    assert times == pytest.approx(stamps)
    assert (clock.wild, clock.restarts) == (0, [])


def test_a_clock_that_is_set_after_the_first_picture_goes_on_from_there() -> None:
    assert pictures(0.0, *even(20, start=1.7e9))[1] == pytest.approx(even(21), abs=1e-3)


def interleaved(length: int, *, start: float = 0.0, sound_first: bool = False) -> list[tuple[int, float | None]]:
    packets: list[tuple[int, float | None]] = []
    for stamp in even(length, start=start):
        pair = [(PICTURES, stamp), (SOUND, stamp)]
        packets += reversed(pair) if sound_first else pair
    return packets


@pytest.mark.parametrize("sound_first", [False, True])
@pytest.mark.parametrize("start", [0.0, 95_000.0])
def test_a_restart_moves_pictures_and_sound_alike(sound_first: bool, start: float) -> None:
    packets = interleaved(75, start=start) + interleaved(75, sound_first=sound_first)
    packets += interleaved(50, sound_first=sound_first)  # and once more
    clock, times = decide(packets)
    expected = even(200, start=start)
    assert times[PICTURES] == pytest.approx(expected)
    assert times[SOUND] == pytest.approx(expected)
    assert len(clock.restarts) == 2


def test_sound_that_comes_out_after_the_seam_belongs_before_it() -> None:
    """A demuxer gives a packet out when the next one of its stream begins."""
    packets = interleaved(50)
    last_sound = packets.pop()
    packets += [(PICTURES, 0.0), (PICTURES, STEP), last_sound, (SOUND, 0.0), (SOUND, STEP)]
    _, times = decide(packets)
    assert times[SOUND] == pytest.approx(even(52))
    assert times[PICTURES] == pytest.approx(even(52))


def test_a_second_recording_with_less_sound_keeps_its_distance() -> None:
    second = [packet for packet in interleaved(75) if packet[0] == PICTURES or (packet[1] or 0.0) >= 1.0]
    _, times = decide(interleaved(75) + second)
    assert times[SOUND][75] == pytest.approx(4.0)


def test_sound_of_which_nothing_is_known_counts_from_the_origin() -> None:
    clock = MediaClock()
    clock.origin = 100.0
    assert clock.time(5, 0, 101.5) == 1.5
    assert clock.time(5, 0, None) is None
    assert clock.is_decided(5, 0)


@given(st.lists(st.floats(0, 1e5, allow_nan=False), unique=True, min_size=1))
def test_timestamps_that_increase_are_never_touched(stamps: list[float]) -> None:
    stamps = sorted(stamps)
    assert pictures(*stamps)[1] == stamps


@given(st.lists(st.none() | st.floats(-1e9, 1e9, allow_nan=False)))
def test_whatever_comes_time_hardly_goes_back(stamps: list[float | None]) -> None:
    known = [time for time in pictures(*stamps)[1] if time is not None]
    assert all(later >= earlier - 0.25 - 1e-6 for earlier, later in itertools.pairwise(known))
