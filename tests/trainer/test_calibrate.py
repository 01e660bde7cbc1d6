"""Scores that mean what they say."""

import numpy as np
import pytest

from trainer.calibrate import (
    choose_threshold,
    expected_calibration_error,
    fit_confidence,
    fit_temperature,
    open_set_rates,
)
from trainer.data.action_sequences import LABELS, OTHER, JointSequence


def sequence(*allowed: str) -> JointSequence:
    return JointSequence("test", "validation", "s", np.zeros((8, 13, 3), np.float32), 30.0, allowed)


def probability(label: str, value: float) -> np.ndarray:
    rest = np.full(len(LABELS), (1 - value) / (len(LABELS) - 1))
    rest[LABELS.index(label)] = value
    return rest


def test_confidence_recovers_the_logistic_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    mass = rng.uniform(0.05, 1, (4000, 2))
    right = rng.random(mass.shape) < 1 / (1 + np.exp(-(2.5 * np.log(mass) + 2.0)))
    target = np.concatenate([np.zeros((4000, 2, 2)), np.ones((4000, 2, 1))], -1)
    predicted = np.where(right[..., None], 0.0, 50.0) + np.zeros((4000, 2, 2))
    fit = fit_confidence(mass, predicted, target, np.full(4000, 100.0))
    assert fit.slope == pytest.approx([2.5, 2.5], abs=0.3)
    assert fit.offset == pytest.approx([2.0, 2.0], abs=0.3)


def test_joints_with_few_labels_share_one_fit() -> None:
    rng = np.random.default_rng(1)
    mass = rng.uniform(0.05, 1, (400, 3))
    target = np.concatenate([np.zeros((400, 3, 2)), np.ones((400, 3, 1))], -1)
    target[:380, 1:, 2] = 0
    fit = fit_confidence(
        mass, rng.choice([0.0, 50.0], (400, 3, 1)) + np.zeros((400, 3, 2)), target, np.full(400, 100.0)
    )
    assert fit.slope[1] == fit.slope[2]
    assert fit.slope[0] != fit.slope[1]


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
