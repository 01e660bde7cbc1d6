import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.reload import accepted, changed_cameras
from edgeact.daemon.run import run_daemon
from edgeact.watching.watched import Watched
from tests.edgeact.daemon.test_run import configuration
from tests.results import bundle_without_graphs
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture

CAMERAS = {"gate": {"url": "rtsp://192.0.2.7/a"}, "yard": {"url": "rtsp://192.0.2.7/b"}}


def changed(folder: Path, cameras: dict[str, object], **more: object) -> DaemonConfig:
    return configuration(folder, Path("compact"), cameras, **more)


def test_only_cameras_that_a_change_concerns_begin_anew(tmp_path: Path) -> None:
    old = changed(tmp_path, CAMERAS)
    assert changed_cameras(old, changed(tmp_path, dict(CAMERAS))) == []
    assert changed_cameras(old, changed(tmp_path, {**CAMERAS, "hall": {"url": "x"}})) == ["hall"]
    assert changed_cameras(old, changed(tmp_path, {"gate": CAMERAS["gate"]})) == ["yard"]
    assert changed_cameras(old, changed(tmp_path, {**CAMERAS, "yard": {"url": "y"}})) == ["yard"]
    off = {**CAMERAS, "gate": {**CAMERAS["gate"], "enabled": False}}
    assert changed_cameras(old, changed(tmp_path, off)) == ["gate"]
    rules = {"down": {"when": {"posture": "lying"}, "cameras": ["gate"]}}
    assert changed_cameras(old, changed(tmp_path, CAMERAS, rules=rules)) == ["gate"]
    quiet = {"down": {**rules["down"], "then": []}}
    assert changed_cameras(changed(tmp_path, CAMERAS, rules=rules), changed(tmp_path, CAMERAS, rules=quiet)) == ["gate"]


def test_what_needs_a_new_start_stays_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old, plan = changed(tmp_path, CAMERAS), bundle_without_graphs().plan
    new = changed(tmp_path, {"gate": {"url": "x"}}, pipeline={"max_persons": 3}, timezone="Europe/Berlin")
    with caplog.at_level(logging.WARNING):
        taken = accepted(old, new, plan)
    assert "under pipeline needs a new start" in caplog.text
    assert (taken.pipeline, taken.timezone, set(taken.cameras)) == (old.pipeline, "Europe/Berlin", {"gate"})


def test_a_rule_that_the_bundle_does_not_know_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old = changed(tmp_path, CAMERAS)
    new = changed(tmp_path, CAMERAS, rules={"dances": {"when": {"action": "dance"}}})
    assert accepted(old, new, bundle_without_graphs().plan) is old
    assert "the old configuration stays" in caplog.text


def test_cameras_come_and_go_while_another_goes_on(tmp_path: Path, tiny_bundle: Path) -> None:
    with HttpStreams(tmp_path, [tiny_picture(64, 48, ())]) as streams:
        url = streams.address("/mjpeg")
        old = configuration(tmp_path, tiny_bundle, {"stays": {"url": url}, "goes": {"url": url}}, jsonl=None)
        new = configuration(tmp_path, tiny_bundle, {"stays": {"url": url}, "comes": {"url": url}}, jsonl=None)
        stop, seen = threading.Event(), dict[str, Watched]()
        given: list[DaemonConfig] = []

        def tick(cameras: Sequence[Watched]) -> None:
            seen.update({camera.name: camera for camera in cameras})
            if time.monotonic() > until:
                stop.set()
            if given and seen.get("comes", seen["goes"]).frames >= 3 and "comes" in seen:
                stop.set()

        def reload() -> DaemonConfig | None:
            if given or min(seen[name].frames for name in ("stays", "goes")) < 3:
                return None
            given.append(new)
            return new

        until = time.monotonic() + 60.0
        run_daemon(old, stop=stop, tick=tick, reload=reload)
    assert seen["comes"].frames >= 3
    assert seen["stays"].report is not None
    assert seen["stays"].report.frames == seen["stays"].frames  # one run from the beginning to the end
    assert seen["goes"].run is None
