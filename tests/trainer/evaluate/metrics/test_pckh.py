"""PCKh and its area, counted by hand."""

import math

import numpy as np
import pytest

from trainer.evaluate.metrics.pckh import (
    AUC_THRESHOLDS,
    area_under,
    head_lengths,
    normalised_distances,
    pck_curve,
    pckh,
)

JOINTS = ("upper_neck", "head_top", "left_wrist", "right_wrist", "pelvis")


def test_distances_are_in_six_tenths_of_the_heads_diagonal() -> None:
    length = head_lengths(np.array([[10.0, 10, 13, 14]]))  # a diagonal of 5
    assert length.tolist() == [3.0]
    found, wanted = np.zeros((1, 2, 2)), np.array([[[0.0, 1.5], [np.nan, np.nan]]])
    assert normalised_distances(found, wanted, length)[0, 0] == pytest.approx(0.5)
    assert math.isnan(normalised_distances(found, wanted, length)[0, 1])
    assert np.isnan(normalised_distances(found, wanted, np.zeros(1))).all()


def test_groups_and_mean_leave_out_what_nobody_labelled_and_the_pelvis() -> None:
    distances = np.array([[0.1, 0.5, 0.6, np.nan, 0.0], [0.51, 0.2, np.nan, 0.3, 0.0]])
    shares = pckh(distances, JOINTS)
    assert shares["head"] == pytest.approx(3 / 4)
    assert shares["wrist"] == pytest.approx(1 / 2)
    assert math.isnan(shares["knee"])
    assert shares["mean"] == pytest.approx(4 / 6)


def test_the_area_is_one_for_perfect_joints_and_half_for_even_errors() -> None:
    assert area_under(pck_curve(np.zeros((3, 5)))) == 1.0
    even = np.linspace(0, 0.5, 5001)[None]
    assert area_under(pck_curve(even)) == pytest.approx(0.5, abs=1e-3)
    assert pck_curve(np.array([[0.25]]))[AUC_THRESHOLDS.index(0.24) :][:2] == [0.0, 1.0]
