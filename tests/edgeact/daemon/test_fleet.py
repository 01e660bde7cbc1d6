import json
from pathlib import Path
from typing import Any

import pytest

from edgeact.bundle.load import load_bundle
from edgeact.daemon.camera import Camera
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.fleet import Fleet
from edgeact.daemon.kept_switches import KeptSwitches
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
        fleet = Fleet(session, config, make_camera, KeptSwitches(tmp_path / "switches.json"))
        before = fleet.cameras
        assert fleet.throw_switch(Command("gate", "recording", "OFF"), bundle_without_graphs().plan) is None
        assert fleet.cameras[0] is not before[0]
        assert fleet.cameras[1:] == before[1:]
        assert [camera.watched.name for camera in fleet.cameras] == ["gate", "yard", "hall"]


def test_switches_hold_over_a_reload_and_a_new_start_until_the_file_changes_them(
    tmp_path: Path, tiny_bundle: Path
) -> None:
    plan = load_bundle(tiny_bundle).plan

    def read(**changes: object) -> DaemonConfig:
        cameras: dict[str, dict[str, object]] = {name: {"url": f"rtsp://192.0.2.7/{name}"} for name in ("gate", "yard")}
        cameras["gate"].update(changes)
        return configuration(tmp_path, tmp_path, cameras, record={})

    def begin(session: Session[Any], config: DaemonConfig) -> Fleet:
        return Fleet(session, config, make_camera, KeptSwitches(tmp_path / "switches.json"))

    def standing(fleet: Fleet) -> tuple[str, str, bool]:
        return fleet.config.cameras["gate"].privacy, fleet.config.record_mode("gate"), fleet.cameras[0].detects

    with Session(Echo()) as session:
        fleet = begin(session, read())
        assert standing(fleet) == ("none", "events", True)
        for switch, value in (("detection", "OFF"), ("privacy", "persons")):
            assert fleet.throw_switch(Command("gate", switch, value), plan) is None
        fleet.change(read(fps=5), plan)  # something else
        assert standing(fleet) == ("persons", "events", False)
        assert fleet.throw_switch(Command("yard", "recording", "OFF"), plan) is None

        fleet = begin(session, read(fps=5))  # as after a new start
        assert standing(fleet) == ("persons", "events", False)
        assert fleet.config.record_mode("yard") == "off"
        assert fleet.throw_switch(Command("gate", "detection", "ON"), plan) is None

        fleet = begin(session, read(privacy="heads"))  # the file was changed while the daemon did not run
        assert standing(fleet) == ("heads", "events", True)
        fleet = begin(session, read())  # and what it had changed is not remembered for later
        assert standing(fleet) == ("none", "events", True)
        assert fleet.config.record_mode("yard") == "off"
        fleet.change(read(enabled=False), plan)
        assert [camera.watched.name for camera in fleet.cameras] == ["yard"]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"format": 2, "switches": []}',
        '{"format": 1, "switches": [{"camera": "gate", "switch": "privacy"}]}',
        '{"format": 1, "switches": [{"camera": "gate", "switch": "all", "value": "off", "file": "on"}]}',
        '{"format": 1, "switches": [{"camera": "gate", "switch": "detection", "value": "?", "file": "on"}]}',
    ],
)
def test_damaged_switches_are_set_aside_and_the_file_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    path = tmp_path / "switches.json"
    path.write_text(content, encoding="utf-8")
    assert KeptSwitches(path).detects("gate")
    assert "the file counts" in caplog.text
    assert (path.exists(), (tmp_path / "switches.json.damaged").read_text(encoding="utf-8")) == (False, content)


def test_switches_that_cannot_be_kept_hold_until_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = configuration(tmp_path, tmp_path, {"gate": {"url": "rtsp://192.0.2.7/gate"}})
    kept = KeptSwitches(tmp_path / "missing" / "switches.json")
    kept.keep(config, "gate", "detection", "off")
    assert not kept.detects("gate")
    assert "holds until the daemon ends" in caplog.text


def test_a_kept_switch_that_would_hide_less_than_the_file_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "switches.json"
    one = {"camera": "gate", "switch": "privacy", "value": "none", "file": "persons"}
    path.write_text(json.dumps({"format": 1, "switches": [one]}), encoding="utf-8")
    config = configuration(tmp_path, tmp_path, {"gate": {"url": "rtsp://192.0.2.7/gate", "privacy": "persons"}})
    assert KeptSwitches(path).applied(config).cameras["gate"].privacy == "persons"
