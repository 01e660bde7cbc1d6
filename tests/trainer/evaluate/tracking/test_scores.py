"""Scores of tracking on cases that are worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from trainer.data.known_people import KnownClip, KnownPerson
from trainer.evaluate.tracking.scores import GIVEN_FRAMES, compare_frame, score_tracking

LEFT, RIGHT = np.array([0, 0, 10, 20], np.float32), np.array([100, 0, 110, 20], np.float32)


def person(identity: int, box: np.ndarray, visible: float = 1.0) -> KnownPerson:
    return KnownPerson(identity, box, box, visible)


def clip(*frames: tuple[KnownPerson, ...] | None, name: str = "clip") -> KnownClip:
    return KnownClip(name, "group", 0, Path("clip.mp4"), frames)


TWO = (person(1, LEFT), person(2, RIGHT))


def test_whoever_keeps_all_numbers_has_full_marks() -> None:
    score = score_tracking([(clip(*[TWO] * 4), [[(7, LEFT), (9, RIGHT)]] * 4)])
    assert (score.hota, score.idf1, score.recall, score.precision) == (1.0, 1.0, 1.0, 1.0)
    assert (score.frames, score.people, score.numbers, score.shared, score.switches) == (4, 2, 2, 0, 0)


def test_numbers_that_change_places_are_two_switches_and_two_shared_numbers() -> None:
    """Half of the time numbers 7 and 9 are on one person each, then on the other: HOTA's association is 1/3 for each
    pair (N / (N + N + N)), of an identity only half can bear its best number.
    """
    before, after = [(7, LEFT), (9, RIGHT)], [(9, LEFT), (7, RIGHT)]
    frames = 2 * GIVEN_FRAMES
    score = score_tracking([(clip(*[TWO] * frames), [before] * GIVEN_FRAMES + [after] * GIVEN_FRAMES)])
    assert (score.switches, score.shared, score.numbers) == (2, 2, 2)
    assert score.idf1 == pytest.approx(0.5)
    assert score.deta == 1.0
    assert score.assa == pytest.approx(1 / 3)
    assert score.hota == pytest.approx(math.sqrt(1 / 3))


def test_a_number_that_is_lost_for_a_new_one_is_a_switch_and_not_shared() -> None:
    alone = (person(1, LEFT),)
    score = score_tracking([(clip(*[alone] * 10), [[(1, LEFT)]] * 6 + [[(2, LEFT)]] * 4)])
    assert (score.switches, score.shared, score.numbers) == (1, 0, 2)
    assert score.idf1 == pytest.approx(0.6)
    assert score.assa == pytest.approx((6 * 6 / 10 + 4 * 4 / 10) / 10)  # of each number TPA / (TPA + FNA + FPA)


def test_a_missed_and_a_false_box_cost_recall_and_precision() -> None:
    nowhere = np.array([50, 0, 60, 20], np.float32)
    score = score_tracking([(clip(TWO, TWO), [[(1, LEFT), (2, RIGHT)], [(1, LEFT), (2, nowhere)]])])
    assert (score.recall, score.precision) == (0.75, 0.75)
    assert score.deta == pytest.approx(3 / 5)  # three found, one missed, one false, at every overlap


def test_whoever_is_mostly_hidden_counts_neither_way() -> None:
    hidden = (person(1, LEFT), person(2, RIGHT, visible=0.1))
    with_it = score_tracking([(clip(hidden), [[(1, LEFT), (2, RIGHT)]])])
    without = score_tracking([(clip(hidden), [[(1, LEFT)]])])
    assert with_it == without
    assert (without.people, without.recall, without.precision) == (1, 1.0, 1.0)


def test_a_box_on_somebody_who_counts_stays_though_a_hidden_person_is_there_too() -> None:
    counted, numbers, overlap = compare_frame((person(1, LEFT), person(2, LEFT, visible=0.1)), [(5, LEFT), (6, LEFT)])
    assert ([one.identity for one in counted], numbers) == ([1], [5])
    assert overlap.tolist() == [[1.0]]


def test_frames_in_which_somebody_is_unknown_are_not_scored() -> None:
    score = score_tracking([(clip(TWO, None, TWO), [[(1, LEFT), (2, RIGHT)], [(3, LEFT)], [(1, LEFT), (2, RIGHT)]])])
    assert (score.frames, score.numbers, score.hota) == (2, 2, 1.0)


def test_the_same_number_in_two_clips_is_two_numbers() -> None:
    alone = (person(1, LEFT),)
    score = score_tracking([(clip(*[alone] * 6), [[(1, LEFT)]] * 6), (clip(*[alone] * 6), [[(1, LEFT)]] * 6)])
    assert (score.people, score.numbers, score.shared, score.switches, score.idf1) == (2, 2, 0, 0, 1.0)


def test_reports_that_miss_a_frame_are_refused() -> None:
    with pytest.raises(ValueError, match="clip has 2 frames, of which 1 were reported"):
        score_tracking([(clip(TWO, TWO), [[]])])
