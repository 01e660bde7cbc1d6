"""Average precision, counted by hand."""

import math

import numpy as np
import pytest

from trainer.evaluate.metrics.average_precision import average_precision, mean_average_precision


def test_precision_is_averaged_over_the_right_samples() -> None:
    """Right at places 1 and 3 of 4: (1/1 + 2/3) / 2."""
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.1]), np.array([1, 0, 1, 0], bool)) == pytest.approx(5 / 6)
    assert math.isnan(average_precision(np.array([0.9]), np.array([False])))


def test_ties_are_one_place_whatever_their_order() -> None:
    for right in ([1, 0], [0, 1]):
        assert average_precision(np.array([0.5, 0.5]), np.array(right, bool)) == 0.5


def test_the_mean_is_over_the_actions_that_occur() -> None:
    probability = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])
    assert mean_average_precision(probability, np.array([0, 1, 1])) == pytest.approx((1 + 1) / 2)


def test_several_actions_of_a_sample_and_those_that_nobody_judged() -> None:
    """The first action: right at places 1 and 2 of the two that were judged; the second: right at place 2 of 3."""
    probability = np.array([[0.9, 0.9], [0.8, 0.5], [0.7, 0.1]])
    labels = np.array([[1, 0], [-1, 1], [1, 0]])
    assert mean_average_precision(probability, labels) == pytest.approx((1 + 1 / 2) / 2)
    assert math.isnan(mean_average_precision(probability, np.zeros((3, 2), int)))
