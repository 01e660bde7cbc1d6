"""Sources through the real engine with the toy world's bundle."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.connection import LiveSettings
from edgeact.errors import OutputError, SourceConnectionError, SourceFormatError, SourceNotFoundError, UsageError
from edgeact.watching.run import watch
from edgeact.watching.watched import Watched, WatchOptions
from tests.servers.free_port import free_port
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import decoded_times, one_walker, write_toy_video

SECRET = "hunter2"  # noqa: S105 - of the test's own server
TIMES = [index / 25 for index in range(30)]


@pytest.fixture
def options(tiny_bundle: Path) -> WatchOptions:
    return WatchOptions(bundle=tiny_bundle, live=LiveSettings(timeout=20.0))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def walking() -> list[np.ndarray]:
    return [tiny_picture(320, 240, one_walker(index / 20)) for index in range(20)]


def test_a_file_gives_every_frame_and_ends(tmp_path: Path, options: WatchOptions) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", times=TIMES)
    report = watch([str(clip)], tmp_path / "out", options)
    assert report.exit_code == 0
    (source,) = report.sources
    assert (source.state, source.frames, source.dropped) == (SourceState.ENDED, len(TIMES), 0)
    assert [path.name for path in source.outputs] == ["clip.frames.jsonl", "clip.events.csv"]
    header, *frames = lines(tmp_path / "out" / "clip.frames.jsonl")
    assert [frame["time"] for frame in frames] == pytest.approx(TIMES, abs=0.001)
    assert header["source"]["width"] > 0
    assert source.persons == 1


def test_a_live_source_beside_a_file_and_one_that_fails(tmp_path: Path, options: WatchOptions) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", times=TIMES)
    shown: list[list[tuple[str, int]]] = []
    stop = threading.Event()

    def tick(sources: Sequence[Watched]) -> None:
        shown.append([(source.state.value, source.frames) for source in sources])
        if sources[0].frames >= 10 and sources[1].report is not None:
            stop.set()

    with HttpStreams(tmp_path, walking(), user="viewer", password=SECRET) as streams:
        names = [streams.address("/mjpeg"), str(clip), "missing.mp4", streams.address("/404"), 98]
        report = watch(names, tmp_path / "out", options, tick=tick, stop=stop)
    live, file, missing, unknown, camera = report.sources
    assert report.interrupted
    assert report.exit_code == 3
    assert (live.state, file.state) == (SourceState.ENDED, SourceState.ENDED)
    assert file.frames == len(TIMES)
    assert isinstance(missing.error, SourceNotFoundError)
    assert "the server has no such stream" in str(unknown.error)
    assert str(camera.error).startswith("/dev/video98: there is no such camera")
    assert {state for (state, _), *_ in shown} >= {"running"}
    frames = next(path for path in live.outputs if path.name.endswith("mjpeg.frames.jsonl"))
    header, *seen = lines(frames)
    assert len(seen) >= 10
    assert (header["source"]["width"], header["source"]["height"], header["source"]["live"]) == (320, 240, True)
    assert {len(frame["persons"]) for frame in seen} >= {1}
    assert not list((tmp_path / "out").glob("video98*"))
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()]
    assert not [text for text in [*written, json.dumps(report.as_record()), repr(live.name)] if SECRET in text]


def test_the_drawn_video_of_a_live_source_has_its_times(tmp_path: Path, tiny_bundle: Path) -> None:
    def pictures() -> Iterator[tuple[float, np.ndarray]]:
        for index, picture in enumerate(walking()):
            time.sleep(0.02)
            yield index / 10, picture

    options = WatchOptions(bundle=tiny_bundle, kind="live", video=True)
    report = watch([pictures()], tmp_path / "out", options)
    (source,) = report.sources
    assert report.exit_code == 0
    assert [path.name for path in source.outputs] == ["iterable.frames.jsonl", "iterable.events.csv", "iterable.mp4"]
    written = decoded_times(tmp_path / "out" / "iterable.mp4")
    assert 1 < len(written) <= 20
    _, *frames = lines(tmp_path / "out" / "iterable.frames.jsonl")
    assert written[-1] - written[0] == pytest.approx(frames[-1]["time"] - frames[0]["time"], abs=0.05)


def test_what_came_before_a_failure_is_kept(tmp_path: Path, options: WatchOptions) -> None:
    written: list[int] = []

    def breaking() -> Iterator[Any]:
        while not written or written[-1] < 3:  # what waits between the stages when a source fails is lost
            time.sleep(0.02)
            yield walking()[0]
        yield "rubbish"

    report = watch([breaking()], tmp_path / "out", options, tick=lambda sources: written.append(sources[0].frames))
    (source,) = report.sources
    assert isinstance(source.error, SourceFormatError)
    assert source.state is SourceState.FAILED
    assert report.exit_code == SourceFormatError.exit_code
    _, *frames = lines(tmp_path / "out" / "iterable.frames.jsonl")
    assert len(frames) >= 3


def test_files_that_are_there_are_not_written_over(tmp_path: Path, options: WatchOptions) -> None:
    (tmp_path / "iterable.events.csv").write_text("of an earlier day")
    report = watch([walking()[:2]], tmp_path, options)
    assert isinstance(report.sources[0].error, OutputError)
    assert (tmp_path / "iterable.events.csv").read_text() == "of an earlier day"
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["iterable.events.csv"]


def test_the_time_ends_a_watch(options: WatchOptions, tiny_bundle: Path) -> None:
    def endless() -> Iterator[np.ndarray]:
        while True:
            time.sleep(0.01)
            yield walking()[0]

    report = watch([endless()], None, WatchOptions(bundle=tiny_bundle, kind="live", seconds=1.0))
    assert report.exit_code == 0
    assert not report.interrupted
    assert report.seconds < 15.0
    assert report.sources[0].frames > 0
    assert report.sources[0].first_result is not None


def test_a_source_that_was_waited_for_in_vain_has_failed(options: WatchOptions, tmp_path: Path) -> None:
    port = free_port()
    options = replace(options, seconds=1.0)
    report = watch([f"rtsp://viewer:{SECRET}@127.0.0.1:{port}/stream"], tmp_path, options)
    assert "the connection is refused" in str(report.sources[0].error)
    assert report.exit_code == SourceConnectionError.exit_code
    assert not list(tmp_path.glob("127*"))


def test_nothing_to_watch_is_an_error(options: WatchOptions) -> None:
    with pytest.raises(UsageError, match="nothing to watch"):
        watch([], None, options)
