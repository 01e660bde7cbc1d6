"""Intervals over pictures, areas under curves, and the worst source."""

import numpy as np
import pytest

from trainer.evaluate.calibrate import expected_calibration_error
from trainer.evaluate.wild.statistics import area_under_curve, difference, resampled, share, worst


def test_a_share_is_of_sums_and_its_interval_is_of_pictures() -> None:
    # One crowd of 100, all found; ten portraits, none found. By person 91 %, and yet the crowd may well not be drawn.
    hits, totals = [100] + [0] * 10, [100] + [1] * 10
    estimate = share(hits, totals)
    assert estimate.value == pytest.approx(100 / 110)
    assert estimate.count == 110
    assert estimate.low == 0.0
    assert estimate == share(hits, totals)  # the same draws each time


def test_the_interval_is_as_wide_as_the_binomial_where_pictures_are_single_people() -> None:
    estimate = share([1] * 80 + [0] * 20, [1] * 100)
    assert estimate.low == pytest.approx(0.8 - 1.96 * 0.04, abs=0.02)
    assert estimate.high == pytest.approx(0.8 + 1.96 * 0.04, abs=0.02)


def test_nothing_measured_is_not_zero() -> None:
    assert np.isnan(share([], []).value)
    assert np.isnan(share([0, 0], [0, 0]).value)
    assert np.isnan(resampled([(np.zeros(0), np.zeros(0, bool))], area_under_curve).value)


def test_a_difference_of_pairs_has_no_spread_where_pairs_agree() -> None:
    hits = np.array([1, 0, 1, 1, 0, 1])
    estimate = difference(hits, hits, np.ones(6))
    assert (estimate.value, estimate.low, estimate.high) == (0.0, 0.0, 0.0)
    assert difference(hits, np.zeros(6), np.ones(6)).value == pytest.approx(4 / 6)


def test_area_under_the_curve_by_hand() -> None:
    # Pairs of right (.9, .4) and wrong (.5, .4): .9 wins twice, .4 loses once and ties once.
    assert area_under_curve(np.array([0.9, 0.4, 0.5, 0.4]), np.array([1, 1, 0, 0])) == pytest.approx(2.5 / 4)
    assert area_under_curve(np.array([0.1, 0.2]), np.array([0, 1])) == 1.0
    assert np.isnan(area_under_curve(np.array([0.1, 0.2]), np.array([1, 1])))


def test_resampling_draws_whole_pictures() -> None:
    parts = [(np.array([0.9, 0.8]), np.array([True, True])), (np.array([0.1, 0.2]), np.array([False, False]))]
    estimate = resampled(parts, area_under_curve)
    assert (estimate.value, estimate.low, estimate.high, estimate.count) == (1.0, 1.0, 1.0, 4)
    gap = resampled(parts, expected_calibration_error)
    assert gap.value == pytest.approx(0.15)


def test_the_worst_source_is_named_and_empty_ones_do_not_count() -> None:
    assert worst({"coco": 0.8, "street": 0.6, "gym": float("nan")}) == ("street", 0.6)
    with pytest.raises(ValueError, match="gym"):
        worst({"gym": float("nan")})
