"""The daemon with the real engine and the toy world's bundle."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgeact.batch.lock import own_folder
from edgeact.capture.base import SourceState
from edgeact.daemon import run as run_module
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.run import run_daemon
from edgeact.errors import BackendError, OutputError, PipelineError
from edgeact.perception.stages import Stages
from edgeact.sinks.jsonl import read_frames
from edgeact.watching.watched import Watched
from tests.servers.free_port import free_port
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video


def configuration(folder: Path, bundle: Path, cameras: dict[str, object], **more: object) -> DaemonConfig:
    return DaemonConfig.model_validate(
        {
            "schema": 1,
            "state": folder / "state",
            "bundle": bundle,
            "cameras": cameras,
            "jsonl": {"frames": True},
            **more,
        }
    )


def stopper(stop: threading.Event, is_done: Callable[[dict[str, Watched]], bool], *, seconds: float = 30.0):
    """A tick that stops the daemon when a test has seen what it waits for."""
    until = time.monotonic() + seconds

    def tick(cameras: Sequence[Watched]) -> None:
        if is_done({camera.name: camera for camera in cameras}) or time.monotonic() > until:
            stop.set()

    return tick


def test_recordings_are_perceived_and_leave_frames_and_events(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=2.4, rate=15)
    cameras = {"walk": {"url": str(clip)}, "missing": {"url": "no such.mp4"}, "off": {"url": "x", "enabled": False}}
    stop = threading.Event()
    run_daemon(
        configuration(tmp_path, tiny_bundle, cameras),
        stop=stop,
        tick=stopper(stop, lambda seen: seen["walk"].state is SourceState.ENDED and seen["walk"].report is not None),
    )
    state = tmp_path / "state"
    assert len(list(read_frames(state / "walk.frames.jsonl"))) == 36
    events = [json.loads(line) for line in (state / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(event["label"], event["phase"]) for event in events if event["phase"] != "update"] == [
        ("walk", "new"),
        ("walk", "end"),
    ]
    assert len({event["id"] for event in events}) == 1
    store = EventStore(state / "events.db")
    assert [(record.source, record.phase) for record in store.newest(5)] == [("walk", "end")]
    assert store.count_waiting("jsonl") == 0
    store.close()


def test_rules_of_the_file_are_told_of_a_recording(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=2.0, rate=10)
    camera = {
        "url": str(clip),
        "zones": {"all": [[0, 0], [1, 0], [1, 1], [0, 1]]},
        "lines": {"near": [[0.25, 1], [0.25, 0]]},  # the walker's feet go from 0.16 to 0.4 of the width
    }
    rules = {
        "passes": {"when": {"cross": "near"}},
        "stays": {"when": {"dwell": "all", "for_seconds": 1}, "then": []},
        "elsewhere": {"when": {"posture": "lying"}},
    }
    config = configuration(tmp_path, tiny_bundle, {"walk": camera}, rules=rules, events={"actions": False})
    run_daemon(config)
    store = EventStore(tmp_path / "state" / "events.db")
    records = {record.rule: record for record in store.newest(10)}
    store.close()
    assert set(records) == {"passes", "stays"}
    assert (records["passes"].kind, records["passes"].label, records["passes"].zone) == ("cross", "forward", "near")
    stays = records["stays"]
    assert (stays.phase, stays.track) == ("end", records["passes"].track)
    assert stays.end is not None
    assert 1.0 <= (stays.end - stays.start).total_seconds() <= 2.0
    lines = (tmp_path / "state" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["rule"] for line in lines} == {"passes"}


def test_a_camera_that_is_not_there_at_the_start_is_found_when_it_comes(tmp_path: Path, tiny_bundle: Path) -> None:
    pictures = [tiny_picture(320, 240, one_walker(index / 20)) for index in range(20)]
    closed = free_port()
    reasons: list[str] = []
    with HttpStreams(tmp_path, pictures) as streams:
        cameras = {
            "up": {"url": streams.address("/mjpeg"), "fps": 5},
            "down": {"url": f"http://127.0.0.1:{closed}/mjpeg"},
            "wrong": {"url": streams.address("/404")},
        }
        stop = threading.Event()

        def is_done(seen: dict[str, Watched]) -> bool:
            reasons.append(f"{seen['down'].why}/{seen['wrong'].why}")
            return seen["up"].frames >= 5 and reasons[-1].count("None") == 0

        run_daemon(configuration(tmp_path, tiny_bundle, cameras), stop=stop, tick=stopper(stop, is_done))
    assert "the connection is refused/the server has no such stream" in reasons
    frames = list(read_frames(tmp_path / "state" / "up.frames.jsonl"))
    times = [frame["time"] for frame in frames]
    assert (times[-1] - times[0]) / (len(times) - 1) > 0.15  # five a second of twenty


def test_a_graph_that_fails_now_and_then_costs_a_restart_of_the_camera(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect, calls = Stages.detect, [0]

    def failing(self, batch):
        calls[0] += 1
        return [BackendError("the device is busy; wait")] if calls[0] == 3 else detect(self, batch)

    monkeypatch.setattr(Stages, "detect", failing)
    pictures = [tiny_picture(320, 240, one_walker(index / 20)) for index in range(20)]
    errors: set[str] = set()
    with HttpStreams(tmp_path, pictures) as streams:
        stop = threading.Event()

        def is_done(seen: dict[str, Watched]) -> bool:
            errors.add(str(seen["up"].error))
            return seen["up"].frames >= 10

        config = configuration(tmp_path, tiny_bundle, {"up": {"url": streams.address("/mjpeg")}})
        run_daemon(config, stop=stop, tick=stopper(stop, is_done))
    assert errors == {"None", "the device is busy; wait"}


def test_graphs_that_fail_always_end_the_process(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "MOST_FAILURES", 1)
    detect, calls = Stages.detect, [0]

    def failing(self, batch):
        calls[0] += 1  # the first call is that of the grey picture at the start
        return detect(self, batch) if calls[0] == 1 else [BackendError("the device is gone")] * len(batch)

    monkeypatch.setattr(Stages, "detect", failing)
    pictures = [tiny_picture(320, 240, one_walker(0.0))]
    with HttpStreams(tmp_path, pictures) as streams, pytest.raises(PipelineError, match="the device is gone"):
        run_daemon(configuration(tmp_path, tiny_bundle, {"up": {"url": streams.address("/mjpeg")}}))


def test_a_device_that_is_gone_is_seen_before_the_first_camera(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stages, "detect", lambda self, batch: [BackendError("the device is gone")] * len(batch))
    with pytest.raises(BackendError, match="the device is gone"):
        run_daemon(configuration(tmp_path, tiny_bundle, {"up": {"url": "rtsp://192.0.2.7/a"}}))


def test_two_daemons_do_not_share_a_folder_of_state(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    config = configuration(tmp_path, tiny_bundle, {"walk": {"url": str(clip)}})
    with own_folder(config.state), pytest.raises(OutputError, match="or name another folder as state"):
        run_daemon(config)
