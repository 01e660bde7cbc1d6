"""The measures of a detector graph on pictures of the toy world."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.bundle import load_bundle
from edgeact.geometry import letterbox_matrix
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from trainer.data.detector_scenes import LabelledPicture, read_pictures
from trainer.measure.detector import _average_precision, choose_detection_score, detect, evaluate_detector
from trainer.measure.graphs import open_named

PERSONS = [(40.0, 40.0, 80.0, 160.0), (200.0, 60.0, 240.0, 180.0)]


def write_pictures(root: Path) -> Path:
    """A picture whose persons are all labelled, one with an unlabelled person, one with a person who is not there."""
    (root / "images").mkdir(parents=True)
    rows = []
    for source, drawn, labelled in (
        ("whole", PERSONS, PERSONS),
        ("false", PERSONS, PERSONS[:1]),
        ("missed", PERSONS[:1], PERSONS),
    ):
        cv2.imwrite(str(root / f"images/{source}.png"), tiny_picture(320, 240, drawn))
        rows.append({"file": f"{source}.png", "set": source, "split": "test", "boxes": labelled, "ignore": []})
    (root / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


def test_boxes_come_back_in_the_pictures_own_pixels(tmp_path: Path) -> None:
    pictures = read_pictures(write_pictures(tmp_path / "pictures"), "test")
    backend = open_named(load_bundle(build_tiny_bundle(tmp_path / "tiny")), "detector")
    boxes, scores, size = detect(backend, pictures[0], iou=0.6)
    backend.close()
    assert size == (320, 240)
    boxes = boxes[scores >= 0.5]
    assert boxes[np.argsort(boxes[:, 0])] == pytest.approx(np.array(PERSONS, np.float32), abs=4)


def test_each_set_is_measured_by_itself(tmp_path: Path) -> None:
    scores = evaluate_detector(load_bundle(build_tiny_bundle(tmp_path / "tiny")), write_pictures(tmp_path / "pictures"))
    assert sorted(scores) == ["false", "missed", "whole"]
    assert scores["whole"]["persons"] == 2
    assert scores["whole"]["ap_50"] == pytest.approx(1.0)
    assert (scores["whole"]["recall_at_threshold"], scores["whole"]["false_boxes_per_image"]) == (1.0, 0.0)
    assert scores["false"]["false_boxes_per_image"] == 1.0
    assert scores["missed"]["recall_at_threshold"] == 0.5


def test_a_detector_that_finds_nobody_has_precision_zero() -> None:
    truth: dict = {
        "images": [{"id": 0, "width": 9, "height": 9}],
        "annotations": [],
        "categories": [{"id": 1, "name": "person"}],
    }
    assert _average_precision(truth, []) == (0.0, 0.0)


class Scripted:
    """A backend that always finds both persons with middling scores, and two who are not there with lower ones."""

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        matrix = letterbox_matrix(320, 240, width=416, height=256)
        boxes = np.array([*PERSONS, (100, 10, 120, 60), (280, 100, 300, 200)], np.float32).reshape(-1, 2, 2)
        inside = (boxes * np.diag(matrix[:, :2]) + matrix[:, 2]).reshape(1, -1, 4).astype(np.float32)
        return {"boxes": inside, "scores": np.array([[0.55, 0.45, 0.36, 0.3]], np.float32)}


def test_the_score_is_the_lowest_with_the_best_balance(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), tiny_picture(320, 240, PERSONS))
    picture = LabelledPicture(tmp_path / "a.png", "set", "validation", tuple(PERSONS), ())
    assert choose_detection_score(Scripted(), [picture], iou=0.6) == 0.375  # steps of .025; the first over .36
