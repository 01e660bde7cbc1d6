"""Scores that mean what they say."""

import numpy as np
import pytest

from trainer.data.action_sequences import LABELS, OTHER, JointSequence
from trainer.evaluate.calibrate import (
    choose_threshold,
    expected_calibration_error,
    fit_confidence,
    fit_temperature,
    open_set_rates,
)


def sequence(*allowed: str) -> JointSequence:
    return JointSequence("test", "validation", "s", np.zeros((8, 13, 3), np.float32), 30.0, allowed)


def probability(label: str, value: float) -> np.ndarray:
    rest = np.full(len(LABELS), (1 - value) / (len(LABELS) - 1))
    rest[LABELS.index(label)] = value
    return rest


def labels(
    rise: np.ndarray, room: np.ndarray, rng: np.random.Generator, *, slopes: tuple[float, float], offset: np.ndarray
) -> np.ndarray:
    """Which joints are right, by a logistic of their evidence."""
    return rng.random(rise.shape) < 1 / (1 + np.exp(-(slopes[0] * rise + slopes[1] * room + offset)))


def evidence(people: int, joints: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random rises and distances to the border."""
    return rng.uniform(0, 1, (people, joints)), rng.uniform(-0.1, 0.5, (people, joints))


def test_confidence_recovers_the_logistic_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    rise, room = evidence(6000, 3, rng)
    offset = np.array([-2.0, -1.0, 0.0])
    right = labels(rise, room, rng, slopes=(4.0, 3.0), offset=offset)
    fit = fit_confidence(rise, room, right, np.ones_like(right), np.ones(6000))
    assert (fit.rise, fit.room) == pytest.approx((4.0, 3.0), abs=0.3)
    assert fit.offset == pytest.approx(offset, abs=0.25)


def test_joints_that_nobody_labelled_say_nothing() -> None:
    rng = np.random.default_rng(1)
    rise, room = evidence(500, 2, rng)
    right, valid = labels(rise, room, rng, slopes=(3.0, 1.0), offset=np.zeros(2)), rng.random((500, 2)) < 0.7
    fit, other = (fit_confidence(rise, room, truth, valid, np.ones(500)) for truth in (right, right ^ ~valid))
    assert fit.offset.tolist() == other.offset.tolist()


def test_a_joint_with_few_labels_takes_the_offset_of_all() -> None:
    rng = np.random.default_rng(2)
    rise, room = evidence(2000, 4, rng)
    right = labels(rise, room, rng, slopes=(1.0, 0.0), offset=np.full(4, 2.0))
    right[:, 3] = False  # always wrong
    valid = np.ones_like(right)
    known = fit_confidence(rise, room, right, valid, np.ones(2000)).offset
    valid[3:, 3] = False
    few = fit_confidence(rise, room, right, valid, np.ones(2000)).offset
    valid[:, 3] = False
    none = fit_confidence(rise, room, right, valid, np.ones(2000)).offset
    assert known[3] < known[:3].min() - 4  # many labels: its own
    assert abs(few[3] - few[:3].mean()) < 0.5  # three: nearly that of the others
    assert none[3] == pytest.approx(none[:3].mean(), abs=0.05)


def test_people_count_by_their_weight() -> None:
    rise, room = np.full((200, 2), 0.5), np.full((200, 2), 0.25)
    right = np.arange(200)[:, None] < 100  # of the first half every joint is right, of the second none
    everywhere = np.repeat(right, 2, 1)
    weight = np.where(np.arange(200) < 100, 3.0, 1.0)
    fit = fit_confidence(rise, room, everywhere, np.ones_like(everywhere), weight)
    found = 1 / (1 + np.exp(-(fit.rise * 0.5 + fit.room * 0.25 + fit.offset)))
    assert found == pytest.approx([0.75, 0.75], abs=0.01)


def test_calibration_error_of_a_known_case() -> None:
    confidence, right = np.array([0.95] * 10 + [0.55] * 10), np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    assert expected_calibration_error(confidence, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3000, len(LABELS)))
    labels = [rng.choice(len(LABELS), p=row) for row in np.exp(logits) / np.exp(logits).sum(1, keepdims=True)]
    assert fit_temperature(logits * 1.7, np.eye(len(LABELS), dtype=bool)[labels]) == pytest.approx(1.7, rel=0.08)


def test_open_set_rates_of_hand_made_clips() -> None:
    sequences = [
        sequence("walk"),
        sequence("walk"),
        sequence("walk"),
        sequence(OTHER),
        sequence(OTHER, "wave"),
        sequence(OTHER),
    ]
    found = np.stack(
        [
            probability("walk", 0.9),
            probability("walk", 0.5),  # under the threshold: called other
            probability("run", 0.9),  # wrong
            probability("punch", 0.8),  # other called known
            probability("wave", 0.8),  # allowed
            probability(OTHER, 0.9),
        ]
    )
    rates = open_set_rates(found, sequences, 0.6)
    assert rates.known_as_other == pytest.approx(1 / 3)
    assert rates.known_as_wrong == pytest.approx(1 / 3)
    assert rates.other_as_known == pytest.approx(1 / 3)


def test_the_threshold_is_the_lowest_that_keeps_other_honest() -> None:
    sequences = [sequence(OTHER)] * 20
    found = np.stack([probability("walk", 0.5 + 0.02 * i) for i in range(20)])
    threshold = choose_threshold(found, sequences, other_as_known=0.05)
    assert open_set_rates(found, sequences, threshold).other_as_known <= 0.05
    assert open_set_rates(found, sequences, round(threshold - 0.02, 2)).other_as_known > 0.05


def test_the_source_whose_others_are_hardest_to_tell_decides() -> None:
    easy = [JointSequence("easy", "validation", "", np.zeros((1, 13, 3), np.float32), 30.0, (OTHER,))] * 400
    hard = [sequence(OTHER)] * 20
    found = np.stack([probability("walk", 0.1)] * 400 + [probability("walk", 0.5 + 0.02 * i) for i in range(20)])
    alone = choose_threshold(found[400:], hard, other_as_known=0.05)
    assert choose_threshold(found, easy + hard, other_as_known=0.05) == alone > 0.8
