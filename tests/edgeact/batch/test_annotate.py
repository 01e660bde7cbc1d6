"""A batch of real (small) videos through the real pipeline with the toy world's bundle."""

import csv
import json
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions, BatchReport, InputResult, SilentListener
from edgeact.batch.progress import describe_result
from edgeact.batch.record import load_record
from edgeact.capture.base import SourceInfo
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.errors import OutputError, SourceNotFoundError, UsageError
from edgeact.types import Observation
from tests.toy_video import crowd, decoded_times, write_toy_video

NAMES = ("clip.mp4", "clip.events.csv", "clip.frames.jsonl", "clip.run.json")


@pytest.fixture
def options(tiny_bundle: Path) -> AnnotateOptions:
    return AnnotateOptions(bundle=tiny_bundle)


def states(report: BatchReport) -> list[str]:
    return [result.state for result in report.results]


def read_frames(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    header, *frames = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return header, frames


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Name → size and time of change."""
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_video_gives_a_video_data_and_events(tmp_path: Path, options: AnnotateOptions) -> None:
    times = [0.0, 0.04, 0.1, 0.14, *(0.2 + index / 25 for index in range(80))]  # variable frame rate
    source = write_toy_video(tmp_path / "clip.mp4", times=times)
    out = tmp_path / "out"
    report = annotate([str(source)], out, options)
    assert report.exit_code == 0
    assert sorted(contents(out)) == sorted(NAMES)
    (result,) = report.results
    assert [path.name for path in result.outputs] == list(NAMES[:3])

    header, frames = read_frames(out / "clip.frames.jsonl")
    assert header["labels"] == ["walk", "jump", "other"]
    assert [frame["index"] for frame in frames] == list(range(len(times)))
    assert [frame["time"] for frame in frames] == pytest.approx(times, abs=1e-4)
    assert decoded_times(out / "clip.mp4") == pytest.approx(times, abs=1e-3)
    assert sum(len(frame["persons"]) == 1 for frame in frames) > 0.9 * len(frames)

    events = list(csv.DictReader((out / "clip.events.csv").read_text(encoding="utf-8").splitlines()))
    assert {event["label"] for event in events} == {"walk"}
    assert result.summary is not None
    assert (result.summary.frames, result.summary.tracks, result.summary.most_persons) == (len(times), 1, 1)
    assert result.summary.action_seconds["walk"] > 1.0
    assert not result.summary.truncated


def test_a_finished_input_is_left_alone(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    out = tmp_path / "out"
    first = annotate([str(source)], out, options)
    before = contents(out)
    again = annotate([str(source)], out, options)
    assert states(again) == ["skipped"]
    assert again.exit_code == 0
    assert again.results[0].summary == first.results[0].summary
    assert contents(out) == before
    # How fast it is done does not decide what comes out.
    assert states(annotate([str(source)], out, replace(options, config=PipelineConfig(queue_frames=2)))) == ["skipped"]


@pytest.mark.parametrize("change", ["input", "bundle", "config", "every", "output", "overwrite", "state"])
def test_what_changed_is_done_again(tmp_path: Path, options: AnnotateOptions, change: str) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    out = tmp_path / "out"
    annotate([str(source)], out, options)
    if change == "input":
        os.utime(source, ns=(1, 1))
    elif change == "bundle":
        assert options.bundle is not None
        copy = shutil.copytree(options.bundle, tmp_path / "bundle")
        manifest = json.loads((copy / "manifest.json").read_text())
        (copy / "manifest.json").write_text(json.dumps({**manifest, "version": "2"}))
        options = replace(options, bundle=copy)
    elif change == "config":
        options = replace(options, config=PipelineConfig(detect_every=2))
    elif change == "every":
        options = replace(options, every=2)
    elif change == "output":
        (out / "clip.events.csv").unlink()
    elif change == "overwrite":
        options = replace(options, overwrite=True)
    else:
        record = json.loads((out / "clip.run.json").read_text())
        (out / "clip.run.json").write_text(json.dumps({**record, "state": "writing"}))
    assert states(annotate([str(source)], out, options)) == ["done"]
    assert states(annotate([str(source)], out, replace(options, overwrite=False))) == ["skipped"]


def test_without_video_only_the_data_are_written(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    out = tmp_path / "out"
    annotate([str(source)], out, options)
    annotate([str(source)], out, replace(options, video=False))
    # A video of other settings than the data's is not left beside them.
    assert sorted(contents(out)) == sorted(set(NAMES) - {"clip.mp4"})


def test_every_takes_each_nth_frame(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    annotate([str(source)], tmp_path / "out", replace(options, every=3))
    _, frames = read_frames(tmp_path / "out" / "clip.frames.jsonl")
    assert [frame["time"] for frame in frames] == pytest.approx([index / 25 for index in range(0, 25, 3)], abs=1e-4)
    assert decoded_times(tmp_path / "out" / "clip.mp4") == pytest.approx(
        [index / 25 for index in range(0, 25, 3)], abs=1e-3
    )


def test_a_turn_holds_for_data_and_video(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    out = tmp_path / "out"
    annotate([str(source)], out, options)
    before, _ = read_frames(out / "clip.frames.jsonl")
    turned = replace(options, turn=90)
    assert states(annotate([str(source)], out, turned)) == ["done"]  # another turn is another result
    assert states(annotate([str(source)], out, turned)) == ["skipped"]
    after, _ = read_frames(out / "clip.frames.jsonl")
    size = before["source"]["width"], before["source"]["height"]
    assert (after["source"]["height"], after["source"]["width"]) == size
    with open_source(out / "clip.mp4") as video:
        assert (video.info.height, video.info.width) == size
    with pytest.raises(UsageError, match="turn is 45"):
        annotate([str(source)], out, replace(options, turn=45))


def test_images_that_a_folder_of_videos_leaves_out_are_said(tmp_path: Path, options: AnnotateOptions) -> None:
    class Listener(SilentListener):
        lines: list[str] = []  # noqa: RUF012

        def inputs_left_out(self, line: str) -> None:
            self.lines.append(line)

    (tmp_path / "in").mkdir()
    write_toy_video(tmp_path / "in" / "clip.mp4")
    (tmp_path / "in" / "IMG_1.HEIC").write_bytes(b"x")
    listener = Listener()
    assert states(annotate([str(tmp_path / "in")], tmp_path / "out", options, listener=listener)) == ["done"]
    assert len(listener.lines) == 1
    assert "IMG_1.HEIC" in listener.lines[0]


def test_max_persons_limits_the_persons(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", boxes=crowd)
    report = annotate([str(source)], tmp_path / "out", replace(options, config=PipelineConfig(max_persons=3)))
    assert report.results[0].summary is not None
    assert report.results[0].summary.most_persons == 3


def test_inputs_of_the_same_stem_get_names_of_their_own(tmp_path: Path, options: AnnotateOptions) -> None:
    for name in ("clip.mp4", "clip.mkv", "other.mp4"):
        write_toy_video(tmp_path / name, seconds=0.2)
    out = tmp_path / "out"
    report = annotate([str(tmp_path), str(tmp_path / "other.mp4")], out, options)
    assert states(report) == ["done"] * 3  # other.mp4 is named twice and done once
    records = {path.name for path in out.glob("*.run.json")}
    assert records == {"clip.mp4.run.json", "clip.mkv.run.json", "other.run.json"}


def test_a_pattern_does_not_mean_what_was_written_before(tmp_path: Path, options: AnnotateOptions) -> None:
    write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    for state in ("done", "skipped"):
        report = annotate([str(tmp_path / "**" / "*.mp4")], tmp_path / "out", options)
        assert [(result.path.name, result.state) for result in report.results] == [("clip.mp4", state)]


def test_an_input_is_never_overwritten(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    before = source.read_bytes()
    for chosen in (options, replace(options, overwrite=True)):
        report = annotate([str(source)], tmp_path, chosen)
        assert isinstance(report.results[0].error, UsageError)
        assert "is an input and would be overwritten" in str(report.results[0].error)
    annotate([str(source)], tmp_path, replace(options, video=False))
    assert source.read_bytes() == before


def test_files_of_others_are_not_overwritten_unless_asked(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4")
    out = tmp_path / "out"
    out.mkdir()
    (out / "clip.mp4").write_bytes(b"somebody's holiday")
    report = annotate([str(source)], out, options)
    assert report.exit_code == UsageError.exit_code
    assert (out / "clip.mp4").read_bytes() == b"somebody's holiday"
    assert states(annotate([str(source)], out, replace(options, overwrite=True))) == ["done"]


def test_results_of_another_input_are_not_overwritten_unless_asked(tmp_path: Path, options: AnnotateOptions) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write_toy_video(tmp_path / folder / "clip.mp4", seconds=0.2 if folder == "x" else 0.4)
    out = tmp_path / "out"
    annotate([str(tmp_path / "x" / "clip.mp4")], out, options)
    before = contents(out)
    report = annotate([str(tmp_path / "y" / "clip.mp4")], out, options)
    assert "belongs to another input" in str(report.results[0].error)
    assert contents(out) == before
    # Named together, they get names of their own, and what is done stays done.
    assert states(annotate([str(tmp_path / "x"), str(tmp_path / "y")], out, options)) == ["skipped", "done"]


def test_a_batch_goes_on_after_a_bad_input(tmp_path: Path, options: AnnotateOptions) -> None:
    write_toy_video(tmp_path / "a.mp4", seconds=0.2)
    (tmp_path / "b.mp4").write_bytes(b"")
    write_toy_video(tmp_path / "c.mp4", seconds=0.2)
    report = annotate([str(tmp_path / "missing.mp4"), str(tmp_path / "[abc].mp4")], tmp_path / "out", options)
    assert states(report) == ["failed", "done", "failed", "done"]
    assert isinstance(report.results[0].error, SourceNotFoundError)
    assert report.exit_code == 3
    assert report.not_started == 0


def test_two_runs_do_not_share_a_folder(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)

    class Second(SilentListener):
        def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
            with pytest.raises(OutputError, match="in use by another run"):
                annotate([str(source)], tmp_path / "out", options)

    assert states(annotate([str(source)], tmp_path / "out", options, listener=Second())) == ["done"]


def test_a_moved_batch_is_still_done(tmp_path: Path, options: AnnotateOptions) -> None:
    (tmp_path / "old").mkdir()
    write_toy_video(tmp_path / "old" / "clip.mp4", seconds=0.2)
    annotate([str(tmp_path / "old")], tmp_path / "old" / "out", options)
    (tmp_path / "old").rename(tmp_path / "new")
    assert states(annotate([str(tmp_path / "new")], tmp_path / "new" / "out", options)) == ["skipped"]


class StopAfter(SilentListener):
    """Sets the stop after some frames of the batch."""

    def __init__(self, frames: int) -> None:
        self.stop = threading.Event()
        self.ended: list[InputResult] = []
        self.started: list[tuple[Path, SourceInfo, int]] = []
        self._left = frames

    def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
        self.started.append((path, info, every))

    def frame_done(self, result: Observation) -> None:
        self._left -= 1
        if self._left == 0:
            self.stop.set()

    def input_ended(self, result: InputResult) -> None:
        self.ended.append(result)


def test_a_stop_leaves_playable_files_that_do_not_count_as_done(tmp_path: Path, options: AnnotateOptions) -> None:
    paths = [str(write_toy_video(tmp_path / name, seconds=4.0)) for name in ("clip.mp4", "later.mp4")]
    out = tmp_path / "out"
    listener = StopAfter(10)
    report = annotate(paths, out, options, listener=listener, stop=listener.stop)
    assert states(report) == ["interrupted"]
    assert (report.interrupted, report.not_started, report.exit_code) == (True, 1, 130)
    assert sorted(contents(out)) == sorted(NAMES)
    _, frames = read_frames(out / "clip.frames.jsonl")
    assert 10 <= len(frames) < 100
    assert len(decoded_times(out / "clip.mp4")) == len(frames)
    record = load_record(out / "clip.run.json")
    assert record is not None
    assert record.state == "interrupted"
    assert states(annotate(paths, out, options)) == ["done", "done"]


def test_a_stop_does_not_cost_the_results_of_the_whole_video(tmp_path: Path, options: AnnotateOptions) -> None:
    path = str(write_toy_video(tmp_path / "clip.mp4", seconds=4.0))
    out = tmp_path / "out"
    annotate([path], out, options)
    before = contents(out)
    listener = StopAfter(10)
    report = annotate([path], out, replace(options, overwrite=True), listener=listener, stop=listener.stop)
    assert states(report) == ["interrupted"]
    assert contents(out) == before
    assert "earlier run are kept" in describe_result(report.results[0])
    assert states(annotate([path], out, options)) == ["skipped"]


def test_what_edgeact_wrote_is_no_input(tmp_path: Path, options: AnnotateOptions) -> None:
    """Neither where the shell has expanded a pattern, nor from a folder that is not the one for the results."""
    write_toy_video(tmp_path / "clip.mkv", seconds=0.2)
    annotate([str(tmp_path / "clip.mkv")], tmp_path, options)
    everything = [str(path) for path in sorted(tmp_path.iterdir())]
    assert [(result.path.name, result.state) for result in annotate(everything, tmp_path, options).results] == [
        ("clip.mkv", "skipped")
    ]
    written = [str(tmp_path / name) for name in NAMES]
    report = annotate(written, tmp_path / "elsewhere", options)
    assert report.exit_code == SourceNotFoundError.exit_code
    assert "only files that edgeact wrote itself" in str(report.results[0].error)


def test_a_folder_of_images_does_not_take_the_results(tmp_path: Path, options: AnnotateOptions) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((24, 32, 3), np.uint8))
    report = annotate([str(tmp_path)], tmp_path, options)
    assert isinstance(report.results[0].error, UsageError)
    assert states(annotate([str(tmp_path)], tmp_path / "out", options)) == ["done"]


def test_a_name_that_is_no_utf8_costs_its_file_only(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    odd = os.fsencode(tmp_path) + b"/odd\xff.mp4"
    shutil.copyfile(source, odd)
    report = annotate([os.fsdecode(odd), str(source)], tmp_path / "out", options)
    assert states(report) == ["failed", "done"]
    assert "is no UTF-8" in str(report.results[0].error)


def test_a_name_of_the_greatest_length_is_done(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / f"{'n' * 251}.mp4", seconds=0.2)
    assert states(annotate([str(source)], tmp_path / "out", options)) == ["done"]


def test_what_is_in_the_way_of_one_output_does_not_stop_the_others(tmp_path: Path, options: AnnotateOptions) -> None:
    paths = [str(write_toy_video(tmp_path / name, seconds=0.2)) for name in ("clip.mp4", "later.mp4")]
    (tmp_path / "out" / "clip.mp4").mkdir(parents=True)
    report = annotate(paths, tmp_path / "out", replace(options, overwrite=True))
    assert states(report) == ["failed", "done"]
    assert isinstance(report.results[0].error, OutputError)


def test_a_listener_is_told_of_everything(tmp_path: Path, options: AnnotateOptions) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    listener = StopAfter(-1)
    report = annotate([str(source), str(tmp_path / "missing.mp4")], tmp_path / "out", options, listener=listener)
    assert [(path, info.width, info.height, every) for path, info, every in listener.started] == [(source, 320, 240, 1)]
    assert sorted(listener.ended, key=lambda result: result.path) == sorted(
        report.results, key=lambda result: result.path
    )
