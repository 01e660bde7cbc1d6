import logging
from pathlib import Path
from typing import Any

import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.live import LiveSource
from edgeact.config import PipelineConfig
from edgeact.daemon.balance import LOOK_SECONDS, Balance
from edgeact.daemon.camera import Camera
from edgeact.daemon.config import CameraConfig
from edgeact.daemon.shedding import Load
from tests.edgeact.capture.scripted_connection import Script, ScriptedConnection, pictures
from tests.edgeact.daemon.test_run import configuration
from tests.servers.patience import wait_until


class BusySession:
    """A session whose detecting thread has worked for so long."""

    def __init__(self) -> None:
        self.busy = 0.0

    def busy_seconds(self) -> dict[str, float]:
        return {"detect": self.busy, "track": 0.0, "act": 0.0}


def test_cameras_that_get_too_little_give_up_steps_and_say_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configuration(
        tmp_path,
        tmp_path,
        {"gate": {"url": "rtsp://192.0.2.7/a", "priority": 3}, "yard": {"url": "rtsp://192.0.2.7/b"}},
    )
    cameras = [Camera(name, one, config.pipeline, lambda source, media: []) for name, one in config.cameras.items()]
    monkeypatch.setattr(Camera, "load", lambda self, now: Load(10.0, 3.0))
    session: Any = BusySession()
    balance = Balance(session, cameras, config)
    with caplog.at_level(logging.WARNING):
        for look in range(4):
            session.busy = 0.95 * look * LOOK_SECONDS
            balance.advance(1000.0 + look * LOOK_SECONDS)
            balance.advance(1000.5 + look * LOOK_SECONDS)  # too early to look again
    gate, yard = cameras
    assert (gate.given_up, yard.given_up) == ((), ("attention",))
    assert "yard: there is not time for everything; given up is attention" in caplog.text


def test_what_is_given_up_reaches_the_pace_and_the_rate() -> None:
    camera = Camera("gate", CameraConfig(url="rtsp://192.0.2.7/a", fps=8), PipelineConfig(), lambda source, media: [])  # type: ignore[arg-type]
    camera.give_up(("attention", "clip", "detector", "frames"))
    assert (camera._pace.explains, camera._pace.clip_factor, camera._pace.detect_factor) == (False, 2.0, 2.0)
    assert camera._rate() == 4.0
    camera.give_up(())
    assert (camera._pace.explains, camera._pace.clip_factor, camera._pace.detect_factor) == (True, 1.0, 1.0)
    assert camera._rate() == 8.0


def test_a_load_compares_what_comes_with_what_is_perceived() -> None:
    script = Script(ScriptedConnection(pictures(20), pause=0.001))
    camera = Camera("gate", CameraConfig(url="rtsp://192.0.2.7/a"), PipelineConfig(), lambda source, media: [])  # type: ignore[arg-type]
    assert camera.load(0.0) is None
    with LiveSource(script.open, name="camera", timeout=30.0) as source:
        camera.watched.source = source
        wait_until(lambda: source.status.frames == 20)
        assert source.state is SourceState.RUNNING
        assert camera.load(1.0) is None  # the first look
        camera.watched.frames = 12
        assert camera.load(5.0) == Load(0.0, 3.0)  # no more came
        camera._counted = (5.0, 0, 0)
        assert camera.load(9.0) == Load(5.0, 3.0)
