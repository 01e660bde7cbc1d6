"""COCO's average precision of poses, on cases whose outcome is plain."""

import numpy as np
import pytest

from edgeact.geometry import JOINT_SIGMAS
from edgeact.skeleton import COCO_17
from trainer.evaluate.metrics.oks import CocoPose, keypoint_precision


def person(picture: int, *, shift: float = 0.0, score: float = 1.0, **more: object) -> CocoPose:
    places = np.stack([np.arange(17) * 10.0 + shift, np.arange(17) * 8.0, np.full(17, 2.0)], -1)
    return CocoPose(picture, places, area=10000.0, score=score, box=(0, 0, 170, 140), **more)


def test_perfect_people_have_precision_one_and_nobody_found_has_none() -> None:
    true = [person(1), person(2)]
    assert keypoint_precision(true, [person(1), person(2)])["AP"] == pytest.approx(1.0)
    assert keypoint_precision(true, [])["AP"] == 0.0
    half = keypoint_precision(true, [person(1)])
    # Half of the people: precision 1 at the 51 of 101 recalls up to .5.
    assert half["AP"] == pytest.approx(51 / 101)
    assert half["AR"] == pytest.approx(0.5)


def test_a_shift_passes_exactly_the_thresholds_below_its_similarity() -> None:
    sigmas = np.array([JOINT_SIGMAS[name] for name in COCO_17.joints])
    shift = 8.0
    similarity = float(np.exp(-(shift**2) / (2 * 10000.0 * (2 * sigmas) ** 2)).mean())
    passed = sum(similarity >= threshold for threshold in np.arange(0.5, 1.0, 0.05))
    assert 0 < passed < 10
    assert keypoint_precision([person(1)], [person(1, shift=shift)])["AP"] == pytest.approx(passed / 10)


def test_a_surer_wrong_one_halves_the_precision_and_a_crowd_forgives() -> None:
    wrong = person(1, shift=500.0, score=2.0)
    assert keypoint_precision([person(1)], [person(1), wrong])["AP50"] == pytest.approx(0.5)
    crowd = CocoPose(1, np.zeros((17, 3)), area=1e6, box=(450, -50, 900, 300), crowd=True)
    assert keypoint_precision([person(1), crowd], [person(1), wrong])["AP50"] == pytest.approx(1.0)
