"""Detectors at several sizes: what each sees, and what is said of its accuracy and time."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeact.bundle.load import load_bundle
from edgeact.engine.engine import Engine
from edgeact.engine.graph import Outputs
from edgeact.errors import UsageError
from edgeact.perception.detect import Detector
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.trainer.evaluate.wild.wild_sets import write_wild_sets
from trainer.cli import app
from trainer.data.wild_people import read_wild
from trainer.evaluate.detector_sizes import accuracy_and_time, detector_size_table, sized_detectors
from trainer.evaluate.wild.detectors import runtime_detector

PIXELS = (20480, 81920)


def test_each_size_is_a_detector_beside_the_bundles_own(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle", free_size=True, detection_pixels=[40960]))
    data = write_wild_sets(tmp_path / "data")
    with Engine(bundle) as engine:
        detectors = sized_detectors(engine, PIXELS)
        assert [detector.name for detector in detectors] == ["detector 20480", "detector 81920", "tiny: 40960"]
        pictures = read_wild(data, "validation")
        figures = accuracy_and_time(
            detectors, pictures, unit="tiny: 40960", rounds=1, progress=lambda items, title: items
        )
    assert figures["people"] == 1
    assert figures["complete"] == 2  # one shows somebody, one nobody
    own = figures["detectors"]["tiny: 40960"]
    assert own["time"] == 1.0
    assert own["found"]["value"] == own["found_coco"]["value"] == 1.0
    assert own["worst_set"] == {"source": "coco_mini", "value": 1.0}
    assert own["false_boxes"] == 0.0
    table = detector_size_table({"bundle": "tiny", **figures})
    assert table.columns[1] == "time ÷ tiny: 40960"
    assert [row[0] for row in table.rows] == [detector.name for detector in detectors]


def test_a_larger_budget_is_a_larger_picture_and_the_bundle_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle", free_size=True, detection_pixels=[40960]))
    seen: list[tuple[int, ...]] = []
    with Engine(bundle) as engine:
        graph = engine.graph(bundle.plan.detectors[0])
        run = graph.run

        def watched(array: np.ndarray) -> Outputs:
            seen.append(array.shape)
            return run(array)

        monkeypatch.setattr(graph, "run", watched)
        for detector in sized_detectors(engine, PIXELS):
            detector.find(tiny_picture(320, 240, [(100, 40, 124, 120)]))
        own = runtime_detector("own", Detector(engine), 0.5)
        own.find(tiny_picture(320, 240, []))
    assert [height * width for _, height, width, _ in seen] == [20480, 81920, 35840, 35840]


def test_a_detector_of_one_size_is_refused(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    with Engine(bundle) as engine, pytest.raises(UsageError, match="one size"):
        sized_detectors(engine)


@pytest.mark.data
def test_the_command_stands_beside_the_peers(
    tmp_path: Path, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.evaluate.wild.statistics.RESAMPLES", 50)
    monkeypatch.setattr("trainer.evaluate.detector_sizes._ROUNDS", 1)
    bundle = build_tiny_bundle(tmp_path / "bundle", free_size=True, detection_pixels=[40960])
    data = write_wild_sets(tmp_path / "data")
    folders = ["--data", str(data), "--teachers", str(shared_folder / "teachers"), "--bundle", str(bundle)]
    arguments = ["detector-sizes", *folders, "--pixels", "20480", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    figures = json.loads((tmp_path / "out/detector_sizes.json").read_text())
    peers = ["RTMDet-nano 320", "RTMDet-nano 416", "YOLOX-nano 416"]
    assert list(figures["detectors"]) == ["detector 20480", "tiny: 40960", *peers]
    assert figures["detectors"]["RTMDet-nano 320"]["time"] == 1.0
    assert "RTMDet-nano 416" in (tmp_path / "out/detector_sizes.md").read_text()
