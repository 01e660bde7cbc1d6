"""Clips, recordings and snapshots of a daemon with the real engine."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av
import cv2
import pytest

from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.run import run_daemon
from edgeact.watching.watched import Watched
from tests.edgeact.daemon.test_run import configuration, stopper
from tests.edgeact.daemon.test_run_killed import COMMAND, lines
from tests.servers.http_streams import HttpStreams
from tests.servers.patience import wait_until
from tests.servers.rtsp import RtspServer, write_loop
from tests.tiny_bundle import tiny_picture
from tests.toy_video import decoded_times, nobody, one_walker, write_toy_video

RULES = {"seen": {"when": {"persons_at_least": 1}, "then": ["clip", "snapshot", "jsonl"]}}


def events_of(state: Path) -> list[EventRecord]:
    store = EventStore(state / "events.db")
    try:
        return list(reversed(store.newest(100)))
    finally:
        store.close()


def codec_of(path: Path) -> str:
    with av.open(str(path)) as container:
        return str(container.streams.video[0].codec_context.name)


def test_an_event_gets_a_copied_clip_that_begins_before_it_and_two_pictures(tmp_path: Path, tiny_bundle: Path) -> None:
    # Somebody appears after 1.6 seconds; as a stream the clip is read at its own pace.
    def later(time: float) -> Sequence[Sequence[float]]:
        return one_walker(time) if time > 1.6 else nobody(time)

    clip = write_toy_video(tmp_path / "a.mp4", seconds=4, rate=10, boxes=later, options={"g": "5"})
    config = configuration(
        tmp_path,
        tiny_bundle,
        {"gate": {"url": str(clip), "kind": "live"}},
        rules=RULES,
        record={"before_seconds": 9, "after_seconds": 1},
        snapshots={},
        events={"actions": False},
    )
    stop = threading.Event()
    run_daemon(config, stop=stop, tick=stopper(stop, lambda seen: seen["gate"].frames >= 36))
    state = tmp_path / "state"
    (event,) = events_of(state)
    assert event.clip == f"clips/{event.id}.mp4"
    assert event.snapshot == f"snapshots/{event.id}.jpg"
    first = json.loads((state / "events.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (first["phase"], first["clip"], first["snapshot"]) == ("new", event.clip, event.snapshot)
    with av.open(str(state / event.clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    is_empty = [int(picture.max()) < 150 for picture in pictures]
    assert is_empty.index(False) >= 10
    assert len(pictures) >= 25
    drawn, plain = (cv2.imread(str(state / "snapshots" / f"{event.id}{kind}.jpg")) for kind in ("", ".plain"))
    assert drawn.shape == plain.shape == (240, 320, 3)
    assert (cv2.absdiff(drawn, plain) > 60).any()
    assert (plain.max(2).astype(int) - plain.min(2) < 12).all()  # the toy world is grey, what is drawn is not


def test_a_rule_that_does_not_ask_for_media_gets_none(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "a.mp4", seconds=1.5, rate=10)
    rules = {"seen": {"when": {"persons_at_least": 1}, "then": ["jsonl"]}}
    cameras = {"gate": {"url": str(clip)}}
    config = configuration(tmp_path, tiny_bundle, cameras, rules=rules, record={}, snapshots={})
    run_daemon(config)
    (event,) = [event for event in events_of(tmp_path / "state") if event.rule == "seen"]
    assert (event.clip, event.snapshot) == (None, None)


def test_recordings_and_clips_play_after_kill_9(tmp_path: Path, tiny_bundle: Path) -> None:
    """One camera is copied (MJPEG), the other one encoded, because people are taken out of its pictures."""
    pictures = [tiny_picture(320, 240, one_walker(index / 10)) for index in range(20)]
    config, state = tmp_path / "config.toml", tmp_path / "state"
    with HttpStreams(tmp_path, pictures, rate=10) as streams:
        url = streams.address("/mjpeg")
        config.write_text(
            f'schema = 1\nstate = "state"\nbundle = "{tiny_bundle}"\n'
            f'[cameras.open]\nurl = "{url}"\n[cameras.hidden]\nurl = "{url}"\nprivacy = "persons"\n'
            '[rules.seen]\nwhen = { persons_at_least = 1 }\n[record]\nmode = "continuous"\nsegment_seconds = 5\n'
            "[jsonl]\nframes = true\n",
            encoding="utf-8",
        )
        process = subprocess.Popen([sys.executable, "-c", COMMAND, "run", str(config)], stderr=subprocess.DEVNULL)
        try:
            # Two seconds into the second part: what was not a second old is lost.
            wait_until(lambda: all(len(lines(state / f"{name}.frames.jsonl")) > 75 for name in ("open", "hidden")))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
    for name, suffix, codec in (("open", ".mkv", "mjpeg"), ("hidden", ".mp4", "h264")):
        parts = sorted((state / "recordings" / name).rglob("*"))
        parts = [path for path in parts if path.is_file()]
        assert {path.suffix for path in parts} == {suffix}
        assert {codec_of(path) for path in parts} == {codec}
        times = [decoded_times(path) for path in parts]
        assert sum(len(one) for one in times) >= 35
        assert all(later > earlier for one in times for earlier, later in pairwise(one))
        clips = {event.clip for event in events_of(state) if event.source == name and event.rule == "seen"}
        assert None not in clips
        for clip in clips:
            assert codec_of(state / str(clip)) == codec
            assert len(decoded_times(state / str(clip))) >= 20


@pytest.mark.parametrize("mode", ["off", "events"])
def test_a_camera_may_be_recorded_less_than_the_others(tmp_path: Path, tiny_bundle: Path, mode: str) -> None:
    clip = write_toy_video(tmp_path / "a.mp4", seconds=1.5, rate=10)
    cameras = {"gate": {"url": str(clip), "record": mode}}
    config = configuration(tmp_path, tiny_bundle, cameras, rules=RULES, record={"mode": "continuous"}, snapshots={})
    seen: list[Watched] = []
    run_daemon(config, tick=seen.extend)
    (event,) = [event for event in events_of(tmp_path / "state") if event.rule == "seen"]
    assert not (tmp_path / "state" / "recordings").exists()
    assert (event.clip is None) == (mode == "off")
    assert seen


@pytest.mark.rtsp
def test_packets_of_a_camera_are_copied_as_they_come_also_over_a_new_connection(
    tmp_path: Path, tiny_bundle: Path
) -> None:
    pictures = [tiny_picture(320, 240, one_walker(index / 10)) for index in range(20)]
    loop = write_loop(tmp_path / "loop", pictures, rate=10)
    killed: list[int] = []
    with RtspServer(loop, rate=10) as server:
        config = configuration(
            tmp_path,
            tiny_bundle,
            {"gate": {"url": server.address, "timeout": 1}},
            rules=RULES,
            record={"mode": "continuous", "after_seconds": 0},
            snapshots={},
        )
        stop = threading.Event()

        def is_done(seen: dict[str, Watched]) -> bool:
            frames = seen["gate"].frames
            if frames >= 25 and not killed:
                server.kill()
                server.start()
                killed.append(frames)
            return bool(killed) and frames >= killed[0] + 25

        run_daemon(config, stop=stop, tick=stopper(stop, is_done))
    parts = [path for path in (tmp_path / "state" / "recordings" / "gate").rglob("*") if path.is_file()]
    assert {path.suffix for path in parts} == {".mp4"}
    times = [decoded_times(path) for path in sorted(parts)]
    assert sum(len(one) for one in times) >= 45
    assert all(later > earlier for one in times for earlier, later in pairwise(one))
    clips = {event.clip for event in events_of(tmp_path / "state") if event.rule == "seen"}
    assert clips
    assert all(codec_of(tmp_path / "state" / str(clip)) == "h264" for clip in clips)
