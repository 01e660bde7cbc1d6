"""Pose networks' figures of surveys that were made by hand."""

import numpy as np
import pytest

from tests.trainer.evaluate.wild.surveys import posed_person, survey
from trainer.evaluate.wild.detectors import OURS
from trainer.evaluate.wild.pose_table import people_counts, pose_figures
from trainer.evaluate.wild.poses import TINYPOSE, TINYPOSE_FLIP


def test_poses_are_right_within_a_share_of_the_torso() -> None:
    people = (
        posed_person({OURS: 15, TINYPOSE: 5, TINYPOSE_FLIP: 5}),
        posed_person({OURS: 25, TINYPOSE: 20, TINYPOSE_FLIP: 5}, group="lying"),
    )
    surveys = [survey("coco_mini", [], [], posed=people[:1]), survey("coco_more", [], [], posed=people[1:])]
    figures = pose_figures(surveys, [OURS, TINYPOSE, TINYPOSE_FLIP])
    assert people_counts(surveys)["all"] == 2
    assert figures[OURS]["pck_0.2"]["all"]["value"] == pytest.approx(0.5)
    assert figures[OURS]["pck_0.2"]["all"]["count"] == 22  # joints that somebody labelled
    assert figures[OURS]["pck_0.1"]["all"]["value"] == 0.0
    assert figures[OURS]["pck_0.2"]["lying"]["value"] == 0.0
    assert figures[TINYPOSE]["pck_0.2"]["all"]["value"] == 1.0
    assert figures[TINYPOSE]["pck_0.1"]["all"]["value"] == pytest.approx(0.5)
    assert figures[OURS]["minus_tinypose_pck_0.2"]["value"] == pytest.approx(-0.5)
    assert figures[OURS]["worst_source"] == {"source": "coco_more", "value": 0.0}


def test_confidence_is_measured_on_limb_joints_and_its_ends_on_all() -> None:
    scores = np.full(17, 0.7, np.float32)
    scores[0] = 0.95  # the nose is no limb joint
    low = np.full(17, 0.2, np.float32)
    people = tuple(
        posed_person({OURS: offset, TINYPOSE: 0}, {OURS: values, TINYPOSE: values})
        for offset, values in ((0, scores), (60, low))
    )
    confidence = pose_figures([survey("coco_mini", [], [], posed=people)], [OURS, TINYPOSE])[OURS]
    values = confidence["confidence"]
    assert values["auroc"]["value"] == 1.0
    assert values["calibration_error"]["value"] == pytest.approx((0.3 + 0.2) / 2, abs=1e-6)
    assert values["highest"] == pytest.approx(0.95)
    assert values["lowest"] == pytest.approx(0.2)
