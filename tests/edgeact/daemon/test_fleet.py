from pathlib import Path

from edgeact.daemon.camera import Camera
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.fleet import Fleet
from edgeact.daemon.switches import Command
from edgeact.runtime.session import Session
from tests.edgeact.daemon.test_run import configuration
from tests.edgeact.runtime.test_session import Echo
from tests.results import bundle_without_graphs


def make_camera(name: str, config: DaemonConfig) -> Camera:
    return Camera(name, config.cameras[name], config.perceiving, lambda _source, _media: ())


def test_a_camera_that_begins_anew_keeps_its_place(tmp_path: Path) -> None:
    cameras = {name: {"url": f"rtsp://192.0.2.7/{name}"} for name in ("gate", "yard", "hall")}
    config = configuration(tmp_path, tmp_path, cameras, record={})
    with Session(Echo()) as session:
        fleet = Fleet(session, config, make_camera)
        before = fleet.cameras
        assert fleet.throw_switch(Command("gate", "recording", "OFF"), bundle_without_graphs().plan) is None
        assert fleet.cameras[0] is not before[0]
        assert fleet.cameras[1:] == before[1:]
        assert [camera.watched.name for camera in fleet.cameras] == ["gate", "yard", "hall"]
