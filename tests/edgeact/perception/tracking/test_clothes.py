"""Clothes say whether a pose or a detection is somebody else."""

import numpy as np

from edgeact.perception.tracking.clothes import is_somebody_else, wears_anothers
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32

RED, BLUE = np.array([[50, 60, 40]] * 2, np.float32), np.array([[40, 10, -50]] * 2, np.float32)  # CIE Lab
UNKNOWN = np.full((2, 3), np.nan, np.float32)
HERE, FAR = np.array([100, 100, 150, 250], np.float32), np.array([400, 100, 450, 250], np.float32)


def track(number: int | None, box: Float32, colours: Float32) -> TrackState:
    made = TrackState(box, 0.0)
    made.track_id, made.colours = number, colours
    return made


def test_what_wears_the_clothes_of_another_track_that_is_there_is_not_this_one() -> None:
    red, blue = track(1, HERE, RED), track(2, HERE + 10, BLUE)
    assert wears_anothers([red, blue], np.stack([HERE, HERE]), np.stack([RED, BLUE])).tolist() == [
        [False, True],
        [True, False],
    ]


def test_only_a_confirmed_track_that_is_near_can_claim_what_is_seen() -> None:
    red = track(1, HERE, RED)
    for other in (track(2, FAR, BLUE), track(None, HERE, BLUE)):
        assert not wears_anothers([red, other], HERE[None], BLUE[None])[0, 0]


def test_clothes_that_both_wear_or_that_are_unknown_say_nothing() -> None:
    twins = [track(1, HERE, RED), track(2, HERE + 10, RED + 2)]
    assert not wears_anothers(twins, HERE[None], RED[None]).any()
    assert not wears_anothers([track(1, HERE, RED), track(2, HERE, BLUE)], HERE[None], UNKNOWN[None]).any()
    assert not wears_anothers([track(1, HERE, UNKNOWN), track(2, HERE, BLUE)], HERE[None], BLUE[None])[0].any()


def test_nobody_is_followed_or_seen() -> None:
    assert wears_anothers([], HERE[None], RED[None]).shape == (0, 1)
    assert wears_anothers([track(1, HERE, RED)], HERE[None][:0], RED[None][:0]).shape == (1, 0)


def test_quite_other_clothes_are_somebody_elses() -> None:
    red = track(1, HERE, RED)
    for worn, expected in ((BLUE, True), (RED + 5, False), (UNKNOWN, False)):
        assert is_somebody_else([red], [0], HERE[None], worn[None]) == [expected]


def test_a_pose_that_was_carried_on_may_be_of_another_track_that_is_there() -> None:
    """The two tracks that were carried are asked for at once, the third touches the first."""
    like_red = RED + np.array([30, 0, 0], np.float32)
    tracks = [track(1, HERE, like_red), track(2, FAR, BLUE), track(3, HERE + 5, RED)]
    boxes, colours = np.stack([HERE, FAR]), np.stack([RED, BLUE])
    assert is_somebody_else(tracks, [0, 1], boxes, colours) == [True, False]
    tracks[2].track_id = None  # who is not confirmed has no clothes to lose
    assert is_somebody_else(tracks, [0, 1], boxes, colours) == [False, False]
    assert is_somebody_else(tracks, [], boxes[:0], colours[:0]) == []
