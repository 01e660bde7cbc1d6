"""A bundle that judges scenes and follows nobody, through the whole of ``annotate``."""

import csv
import json
from pathlib import Path

import pytest

from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions
from edgeact.config import PipelineConfig
from edgeact.errors import UsageError
from edgeact.results.load import load_results
from tests.tiny_readers import build_side_bundle
from tests.toy_video import write_toy_video


def test_a_video_gives_a_drawn_video_lines_and_events_of_its_scene(tmp_path: Path) -> None:
    bundle = build_side_bundle(tmp_path / "bundle", multi_label=True)
    source = write_toy_video(tmp_path / "clip.mp4", boxes=lambda _: [(10, 20, 150, 230)])
    config = PipelineConfig(attention="human_map", minimum_event_seconds=0.0)
    report = annotate([str(source)], tmp_path / "out", AnnotateOptions(bundle=bundle, config=config))
    (result,) = report.results
    assert [path.name for path in result.outputs] == ["clip.mp4", "clip.events.csv", "clip.frames.jsonl"]
    assert result.summary is not None
    assert result.summary.tracks == 0
    header, *frames = (json.loads(line) for line in (tmp_path / "out" / "clip.frames.jsonl").read_text().splitlines())
    assert header["skeleton"] is None
    assert len(frames) == 25
    assert all(frame["persons"] == [] and set(frame["scene"]) == {"side"} for frame in frames)
    assert [found["name"] for found in frames[-1]["attention"]] == ["human_map"]
    rows = list(csv.DictReader((tmp_path / "out" / "clip.events.csv").read_text().splitlines()))
    assert [(row["track"], row["label"]) for row in rows] == [("scene", "left")]
    assert set(result.summary.action_seconds) == {"left"}
    results = load_results(tmp_path / "out" / "clip.frames.jsonl")
    assert results.header.skeleton is None
    assert [frame.scene[0].labels for frame in results.frames] == [("left",)] * 25


def test_a_map_that_the_bundle_does_not_offer_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    bundle = build_side_bundle(tmp_path / "bundle")
    source = write_toy_video(tmp_path / "clip.mp4", times=[0.0, 0.04])
    options = AnnotateOptions(bundle=bundle, config=PipelineConfig(attention="3dcam"))
    with pytest.raises(UsageError, match="'3dcam'; this bundle offers sam, human_map"):
        annotate([str(source)], tmp_path / "out", options)
    assert not (tmp_path / "out").exists()
