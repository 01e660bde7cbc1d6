"""One box a person, by score; who need not be found makes no box false."""

import numpy as np

from trainer.evaluate.wild.matching import budget_threshold, match_boxes

PEOPLE = np.array([[0, 0, 100, 200], [200, 0, 300, 200]], np.float32)
NOBODY = np.zeros((0, 4), np.float32)


def test_the_best_score_takes_a_person_and_a_second_box_on_them_is_false() -> None:
    boxes = np.array([[0, 0, 100, 200], [0, 0, 100, 150], [500, 0, 600, 200]], np.float32)
    match = match_boxes(boxes, np.array([0.5, 0.9, 0.3]), PEOPLE, unmeasured=NOBODY, crowds=NOBODY)
    assert match.scores.tolist() == [0.9, -1.0]
    assert match.ious.tolist() == [0.75, 0.0]
    assert match.false_scores.tolist() == [0.5, 0.3]


def test_half_an_overlap_is_found_and_less_is_not() -> None:
    boxes = np.array([[0, 0, 100, 100], [200, 0, 300, 99]], np.float32)
    match = match_boxes(boxes, np.array([0.9, 0.8]), PEOPLE, unmeasured=NOBODY, crowds=NOBODY)
    assert match.scores.tolist() == [0.9, -1.0]


def test_boxes_on_small_people_and_in_crowds_are_not_false() -> None:
    small, crowds = np.array([[400, 0, 420, 40]], np.float32), np.array([[600, 0, 900, 100]], np.float32)
    boxes = np.array([[400, 0, 420, 38], [620, 0, 640, 60], [590, 0, 605, 60]], np.float32)
    match = match_boxes(boxes, np.array([0.9, 0.8, 0.7]), PEOPLE, unmeasured=small, crowds=crowds)
    assert match.false_scores.tolist() == [0.7]  # two thirds of it lie outside the crowd


def test_no_boxes_and_no_people() -> None:
    assert match_boxes(NOBODY, np.zeros(0), PEOPLE, unmeasured=NOBODY, crowds=NOBODY).scores.tolist() == [-1, -1]
    match = match_boxes(PEOPLE, np.array([0.2, 0.4]), NOBODY, unmeasured=NOBODY, crowds=NOBODY)
    assert match.false_scores.tolist() == [0.4, 0.2]


def test_a_match_at_a_threshold_is_that_of_all_boxes_cut_there() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 100, (60, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(30, 60, (60, 2))], 1).astype(np.float32)
    people, scores = boxes[:12] + rng.normal(0, 4, (12, 4)).astype(np.float32), rng.random(60)
    whole = match_boxes(boxes, scores, people, unmeasured=NOBODY, crowds=NOBODY)
    sure = scores >= 0.6
    cut = match_boxes(boxes[sure], scores[sure], people, unmeasured=NOBODY, crowds=NOBODY)
    np.testing.assert_array_equal(np.where(whole.scores >= 0.6, whole.scores, -1), cut.scores)
    np.testing.assert_array_equal(whole.false_scores[whole.false_scores >= 0.6], cut.false_scores)


def test_the_worst_source_sets_the_threshold() -> None:
    photos = (np.array([0.9, 0.6, 0.4]), 20)  # two false boxes are allowed: the third one is too many
    empty = (np.array([0.7, 0.5, 0.3]), 10)  # one is allowed
    threshold = budget_threshold({"photos": photos, "empty": empty})
    assert 0.5 < threshold < 0.5 + 1e-6
    assert budget_threshold({"photos": photos}) < threshold
    assert budget_threshold({"photos": (np.zeros(0), 5)}) == 0.0
