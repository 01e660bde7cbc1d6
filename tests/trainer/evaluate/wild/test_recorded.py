"""Graphs are timed on what the runtime gives them, all detectors of a bundle, and the runtime is left as it was."""

import json
from pathlib import Path

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.engine.engine import Engine
from edgeact.perception.detect import Detector
from edgeact.perception.pose import PoseEstimator
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from trainer.evaluate.wild.recorded import detector_graph, pose_graph

PERSON = (90.0, 100.0, 180.0, 360.0)


def test_every_detector_and_the_pose_graph_run_again(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "two", free_size=True, detection_pixels=[256 * 448, 128 * 224])
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["graphs"].append(manifest["graphs"][0] | {"name": "second", "file": "second.onnx"})
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    (folder / "second.onnx").write_bytes((folder / "detector.onnx").read_bytes())
    picture = tiny_picture(448, 512, [PERSON])
    with Engine(load_bundle(folder)) as engine:
        detector, estimator = Detector(engine), PoseEstimator(engine)
        before = [detection.score for detection in detector.detect(picture)]
        looks = detector_graph(detector, picture)()
        assert isinstance(looks, list)
        assert len(looks) == len(detector.picture_sizes(448, 512)) == 4
        people = pose_graph(estimator, picture, PERSON)()
        assert isinstance(people, list)
        assert len(people) == 1
        assert [detection.score for detection in detector.detect(picture)] == before
