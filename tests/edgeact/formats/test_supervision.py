from pathlib import Path

import numpy as np
import supervision

import edgeact
from edgeact.types import Observation
from tests.results import person, result, write_results


def test_live_persons_and_those_of_a_result_are_the_same_for_supervision(tmp_path: Path) -> None:
    observation: Observation = result(1, persons=(person(7), person(8, action=False)))
    frames = write_results(tmp_path, [result(0), observation])
    (nobody, no_points), (read, points) = edgeact.load_results(frames).to_supervision()
    assert (len(nobody), len(no_points)) == (0, 0)
    assert len(nobody[nobody.data["action"] == "wave"]) == 0  # the same lines work in a frame without anybody
    assert len(supervision.Detections.merge([nobody, read])) == 2
    live, live_points = edgeact.to_supervision(observation.persons)
    np.testing.assert_allclose(read.xyxy, live.xyxy, atol=0.005)
    np.testing.assert_allclose(points.xy, live_points.xy, atol=0.005)
    assert points.xy.shape == (2, 21, 2)
    assert read.tracker_id.tolist() == [7, 8]
    assert read.data["action"].tolist() == ["wave", ""]
    assert read[read.data["action"] == "wave"].tracker_id.tolist() == [7]


def test_supervision_draws_them() -> None:
    detections, points = edgeact.to_supervision((person(7), person(8)))
    picture = np.zeros((48, 64, 3), np.uint8)
    drawn = supervision.BoxAnnotator().annotate(picture.copy(), detections)
    drawn = supervision.VertexAnnotator(radius=1).annotate(drawn, points)
    drawn = supervision.LabelAnnotator().annotate(drawn, detections, labels=detections.data["action"].tolist())
    assert np.count_nonzero(drawn) > np.count_nonzero(picture)
    assert supervision.Detections.merge([detections, detections]).tracker_id.tolist() == [7, 8, 7, 8]
