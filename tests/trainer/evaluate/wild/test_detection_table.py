"""Detectors' figures of surveys that were made by hand."""

import numpy as np
import pytest

from tests.trainer.evaluate.wild.surveys import NOBODY, survey
from trainer.evaluate.wild.detection_table import detection_figures
from trainer.evaluate.wild.detectors import COMPACT_PEER, OURS, TestedDetector


def detector(name: str, threshold: float) -> TestedDetector:
    return TestedDetector(name, threshold, lambda image: (NOBODY, np.zeros(0)), lambda image: lambda: None)


def test_detectors_are_counted_at_their_own_threshold_and_within_the_budget_of_false_boxes() -> None:
    surveys = [
        survey("coco_mini", [0.9, 0.3], [0.9, 0.9], groups=({"seated"}, set()), false_boxes=(0.35,), complete=True),
        survey("street_people", [0.6, -1.0], [0.9, 0.2]),
    ]
    empty = [survey("backgrounds", [], [], false_boxes=(0.55, 0.1), complete=True)]
    figures = detection_figures(surveys, empty, [detector(OURS, 0.25), detector(COMPACT_PEER, 0.5)])
    ours, peer = figures[OURS], figures[COMPACT_PEER]
    assert ours["found_at_own"]["all"]["value"] == pytest.approx(3 / 4)
    assert ours["found_at_own"]["seated"]["value"] == 1.0
    assert ours["found_at_own"]["coco"]["value"] == 1.0
    assert ours["false_boxes_labelled"]["value"] == 1.0
    assert ours["false_boxes_empty"]["value"] == 1.0
    assert ours["mean_iou"]["value"] == pytest.approx(0.8)
    # One picture of a kind allows no false box: the threshold lies above .55.
    assert 0.55 < ours["budget_threshold"] < 0.5501
    assert ours["found_at_budget"]["all"]["value"] == pytest.approx(2 / 4)
    assert ours["worst_source_at_budget"] == {"source": "coco_mini", "value": 0.5}
    assert ours["minus_peer_at_budget"][COMPACT_PEER]["value"] == pytest.approx(-0.5)  # COCO: one of two, the peer both
    assert ours["agreement_at_own"]["street_people"]["value"] == 0.5
    assert "agreement_at_own" not in peer  # a peer is no judge of itself
    assert peer["budget_threshold"] == 0.0
    assert peer["found_at_budget"]["all"]["value"] == 1.0
    assert peer["found_at_own"]["all"]["value"] == pytest.approx(3 / 4)
