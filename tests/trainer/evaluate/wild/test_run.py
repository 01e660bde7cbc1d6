"""The yardstick from one end to the other."""

import json
import math
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeact.atomic import write_text
from edgeact.errors import OutputError, SourceNotFoundError
from trainer.cli import app
from trainer.evaluate.wild.report import as_json
from trainer.evaluate.wild.summary import summarise
from trainer.evaluate.wild.turns import time_in_turns


def test_graphs_take_turns() -> None:
    calls: list[str] = []
    times = time_in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3, warm_up=1)
    assert calls == ["a", "b", *["a", "b"] * 3]
    assert set(times) == {"a", "b"}


def test_missing_networks_are_named_before_anything_is_made(tmp_path: Path) -> None:
    arguments = ["wild", "--data", str(tmp_path), "--teachers", str(tmp_path), "--out", str(tmp_path / "out")]
    with pytest.raises(SourceNotFoundError, match="rtmdet_nano_person"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "out").exists()


def test_what_was_not_measured_is_null(tmp_path: Path) -> None:
    assert json.loads(as_json({"a": {"b": math.nan}, "c": 1.0})) == {"a": {"b": None}, "c": 1.0}
    with pytest.raises(OutputError):
        write_text(tmp_path / "none" / "a.md", "text")


@pytest.mark.data
def test_the_command_writes_tables_and_sheets(
    tmp_path: Path, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Fewer draws and rounds: what they are good for is tested by itself.
    monkeypatch.setattr("trainer.evaluate.wild.statistics.RESAMPLES", 50)
    quick = partial(time_in_turns, warm_up=1)
    monkeypatch.setattr("trainer.evaluate.wild.run.time_in_turns", lambda calls, rounds: quick(calls, rounds=3))
    folders = ["--data", str(shared_folder / "data"), "--teachers", str(shared_folder / "teachers")]
    result = CliRunner().invoke(app, ["wild", *folders, "--limit", "3", "--out", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0
    figures = json.loads((tmp_path / "wild.json").read_text())
    assert figures["pictures"]["coco_mini"] == 3
    assert list(figures["detectors"]) == ["edgeact", "RTMDet-nano 320", "RTMDet-nano 416", "YOLOX-nano 416"]
    # A peer that finds hardly anybody, or a pose network that is right hardly anywhere, is decoded wrongly.
    for peer in ("RTMDet-nano 416", "YOLOX-nano 416"):
        assert figures["detectors"][peer]["found_at_own"]["coco"]["value"] > 0.6
    for network in ("edgeact", "TinyPose", "TinyPose + flip"):
        assert figures["poses"][network]["pck_0.2"]["all"]["value"] > 0.6
    for whole in figures["whole"].values():
        assert whole["found"]["value"] > 0.6
        assert whole["joints_right"]["value"] > 0.4
    assert figures["detector_times"]["RTMDet-nano 320"] > 0
    text = (tmp_path / "wild.md").read_text()
    assert "### Detectors" in text
    assert "### Joint confidence" in text
    assert "### The whole pipeline" in text
    assert (tmp_path / "worst_poses.png").stat().st_size > 10_000
    assert not list(tmp_path.glob(".*"))
    # The card's summary has the same figures, and says what was not timed.
    summary = summarise(figures)
    assert summary["people"]["coco"] == figures["detectors"]["edgeact"]["found_at_budget"]["coco"]["count"]
    assert summary["detectors"]["RTMDet-nano 320"]["time"] == 1.0
    assert summary["poses"]["TinyPose + flip"]["time"] is None
    right = figures["poses"]["TinyPose"]["pck_0.2"]["all"]["value"]
    assert summary["poses"]["TinyPose"]["pck_0.2"] == pytest.approx(right, abs=1e-4)
    assert all(summary["poses"][name]["auroc"] is not None for name in figures["poses"])
