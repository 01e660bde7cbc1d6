from collections.abc import Sequence

import pytest

from edgeact.capture.losses import Announced, Losses

STEP = 0.04


def losses(
    times: Sequence[float],
    *,
    packets: int | None = None,
    count: int | None = None,
    seconds: float | None = None,
    codec: str = "h264",
    last_duration: float | None = None,
) -> Losses:
    """The losses of a video with pictures at these times, of which the container announced so much."""
    found = Losses(Announced(count, seconds, 0.0, STEP), codec=codec)
    for _ in range(len(times) if packets is None else packets):
        found.sent(size=500, hidden=False, corrupt=False)
    for time in times:
        duration = last_duration if time == times[-1] else None
        found.shown(time, duration=duration, interlaced=False, corrupt=False)
    return found


def even(count: int) -> list[float]:
    return [STEP * number for number in range(count)]


def test_a_whole_video_needs_no_word() -> None:
    found = losses(even(100), count=100, seconds=4.0)
    assert (found.broke_off, found.describe("a")) == (False, None)


def test_a_few_pictures_of_a_short_video_count() -> None:
    """Nine of fourteen pictures were lost within the old tolerance of half a second."""
    assert losses(even(5), count=14, seconds=14 * STEP).broke_off
    assert losses(even(5), seconds=14 * STEP).broke_off


def test_a_hole_is_no_early_end() -> None:
    times = [*even(40), *(STEP * number for number in range(71, 100))]
    found = losses(times, packets=100, count=100, seconds=4.0)
    assert not found.broke_off
    described = found.describe("a") or ""
    assert "a is damaged: pictures that are missing: 31" in described
    assert "times without a picture: 1 (1.28 s in all, about 31 pictures)" in described


def test_a_pause_among_even_pictures_is_named() -> None:
    described = losses([*even(40), *(4.0 + time for time in even(40))]).describe("a") or ""
    assert "a has no pictures for 2.44 s from 1.56 s on" in described


def test_uneven_times_are_no_pauses() -> None:
    assert losses([0.0, 0.1, 0.9, 1.0, 2.2, 2.3, 2.5, 4.0]).describe("a") is None


def test_a_last_picture_that_stays_makes_a_video_whole() -> None:
    assert not losses(even(30), seconds=8.0, last_duration=8.0 - 29 * STEP).broke_off
    assert losses(even(30), seconds=8.0).broke_off


@pytest.mark.parametrize(("codec", "missing"), [("h264", 10), ("vp9", 0)])
def test_packets_without_a_picture_of_their_own_are_no_loss(codec: str, missing: int) -> None:
    assert losses(even(50), packets=60, codec=codec).missing == missing


def test_seams_of_joined_recordings_are_no_damage() -> None:
    found = losses(even(50), seconds=1.0)
    found.sent(size=500, hidden=False, corrupt=True)
    found.shown(50 * STEP, duration=None, interlaced=False, corrupt=False)
    found.expect_seams(1)
    assert (found.broke_off, found.describe("a")) == (False, None)
