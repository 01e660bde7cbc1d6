"""A whole daemon at a broker: what it says while it runs, and a switch that is thrown from outside."""

import json
import logging
import sys
import threading
import time
from pathlib import Path

import pytest

from edgeact.daemon import camera as camera_module
from edgeact.daemon.check import check_daemon
from edgeact.daemon.config import MqttConfig
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.open_mqtt import open_mqtt, probe_mqtt
from edgeact.daemon.run import run_daemon
from edgeact.errors import MissingExtraError
from tests.edgeact.daemon.test_read_config import SECRET, SMALLEST, faults, read
from tests.edgeact.daemon.test_run import configuration, stopper
from tests.servers.free_port import free_port
from tests.servers.http_streams import HttpStreams
from tests.servers.mosquitto import Listener, Mosquitto
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker, write_toy_video


@pytest.mark.mqtt
def test_a_daemon_tells_its_events_and_rests_when_it_is_told_to(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(camera_module, "REST_SECONDS", 0.4)
    pictures = [tiny_picture(320, 240, one_walker(index / 20)) for index in range(20)]
    steps: list[str] = []
    resting = [0]
    with (
        Mosquitto(tmp_path, user="edge", password=SECRET) as broker,
        Listener(broker.port, user="edge", password=SECRET) as listener,
        HttpStreams(tmp_path, pictures) as streams,
        caplog.at_level(logging.WARNING),
    ):

        def state() -> dict[str, object]:
            return dict(json.loads(listener.last("edgeact/walk/state") or "{}"))

        def is_done(seen: dict[str, object]) -> bool:
            walk = seen["walk"]
            if not steps and listener.last("edgeact/walk/rule/seen") == "ON" and state().get("state") == "running":
                listener.say("edgeact/walk/set/detection", "OFF")
                steps.append("off")
            elif steps == ["off"] and (state()["detection"], state()["persons"]) == ("OFF", 0):
                if listener.last("edgeact/walk/rule/seen") != "OFF":
                    return False
                resting[0] = walk.frames  # type: ignore[attr-defined]
                listener.say("edgeact/walk/set/recording", "ON")
                steps.append("rests")
            elif steps == ["off", "rests"] and listener.last("edgeact/walk/answer") is not None:
                if json.loads(listener.last("edgeact/walk/answer") or "{}")["switch"] != "recording":
                    return False
                assert walk.frames == resting[0]  # type: ignore[attr-defined]
                listener.say("edgeact/walk/set/detection", "ON")
                steps.append("on")
            return len(steps) == 3 and listener.last("edgeact/walk/rule/seen") == "ON"

        stop = threading.Event()
        config = configuration(
            tmp_path,
            tiny_bundle,
            {"walk": {"url": streams.address("/mjpeg")}},
            rules={"seen": {"when": {"persons_at_least": 1}}},
            events={"actions": False},
            mqtt={"port": broker.port, "user": "edge", "password": SECRET},
        )
        run_daemon(config, stop=stop, tick=stopper(stop, is_done))
        until = time.monotonic() + 10.0
        while listener.last("edgeact/availability") != "offline" and time.monotonic() < until:
            time.sleep(0.01)
        assert listener.last("edgeact/availability") == "offline"
        assert steps == ["off", "rests", "on"]
        assert [json.loads(answer) for answer in listener.all_of("edgeact/walk/answer")] == [
            {"switch": "detection", "value": "OFF", "done": True, "why": None},
            {
                "switch": "recording",
                "value": "ON",
                "done": False,
                "why": "not configured: the file has no section [record]",
            },
            {"switch": "detection", "value": "ON", "done": True, "why": None},
        ]
        told = [json.loads(content) for content in listener.all_of("edgeact/walk/events")]
        phases = {one["id"]: [other["phase"] for other in told if other["id"] == one["id"]] for one in told}
        assert {(kept[0], kept[-1]) for kept in phases.values()} == {("new", "end")}
        assert len(phases) >= 2
        assert SECRET not in str(listener.heard) + caplog.text
    store = EventStore(tmp_path / "state" / "events.db")
    assert {record.id for record in store.newest(100)} == set(phases)
    assert store.count_waiting("mqtt") == 0
    store.close()


@pytest.mark.mqtt
def test_a_daemon_hides_people_and_records_when_it_is_told_to(tmp_path: Path, tiny_bundle: Path) -> None:
    pictures = [tiny_picture(64, 48, ())]
    steps: list[str] = []
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener, HttpStreams(tmp_path, pictures) as streams:

        def is_done(_: object) -> bool:
            state = json.loads(listener.last("edgeact/hall/state") or "{}")
            answers = [json.loads(answer)["why"] for answer in listener.all_of("edgeact/hall/answer")]
            if (
                not steps
                and state.get("state") == "running"
                and (state["privacy"], state["recording"]) == ("none", "OFF")
            ):
                for switch, value in (("privacy", "skeleton"), ("recording", "ON"), ("privacy", "nothing")):
                    listener.say(f"edgeact/hall/set/{switch}", value)
                steps.append("privacy")
            elif (
                steps == ["privacy"]
                and (state["state"], state["privacy"]) == ("running", "skeleton")
                and len(answers) == 3
            ):
                assert state["recording"] == "OFF"  # it was too soon for that
                assert answers == [
                    None,
                    "it was switched a moment ago; wait for 5 s",
                    "the value is none of none, heads, persons, skeleton",
                ]
                steps.append("told")
            return len(steps) == 2

        stop = threading.Event()
        config = configuration(
            tmp_path,
            tiny_bundle,
            {"hall": {"url": streams.address("/mjpeg")}},
            record={"mode": "off"},
            mqtt={"port": broker.port},
        )
        run_daemon(config, stop=stop, tick=stopper(stop, is_done))
        assert steps == ["privacy", "told"]
        told = len(listener.all_of("edgeact/hall/state"))  # what is switched holds after a new start

        def is_hidden(_: object) -> bool:
            states = [json.loads(content) for content in listener.all_of("edgeact/hall/state")[told:]]
            return any((one["state"], one["privacy"]) == ("running", "skeleton") for one in states)

        again = threading.Event()
        run_daemon(config, stop=again, tick=stopper(again, is_hidden))


@pytest.mark.mqtt
def test_a_check_asks_the_broker(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = {"file": {"url": str(write_toy_video(tmp_path / "clip.mp4", seconds=0.2))}}
    with Mosquitto(tmp_path) as broker:
        config = configuration(tmp_path, tiny_bundle, clip, mqtt={"port": broker.port})
        found = {one.name: one for one in check_daemon(config)}["mqtt"]
        assert (found.state, found.found) == ("ok", f"127.0.0.1:{broker.port} lets us in")
    found = {one.name: one for one in check_daemon(config)}["mqtt"]
    assert (found.state, found.remedy) == ("fail", "check host and port, and whether the broker runs")
    assert found.found.endswith("the connection is refused")


def test_faults_of_the_section_are_told(tmp_path: Path) -> None:
    assert "name or address of a broker" in faults(tmp_path, SMALLEST + '[mqtt]\nhost = "a..b"\n')["mqtt.host"]
    assert "name or address" in faults(tmp_path, SMALLEST + '[mqtt]\nhost = "mqtt://a"\n')["mqtt.host"]
    assert "set user, or control = false" in faults(tmp_path, SMALLEST + '[mqtt]\nhost = "h"\n')["mqtt.control"]
    assert "Set user" in faults(tmp_path, SMALLEST + f'[mqtt]\npassword = "{SECRET}"\n')["mqtt.password"]
    for topic in ("a/#", "+", "/a", "", "a b", "é"):
        assert "mqtt.topic" in faults(tmp_path, SMALLEST + f'[mqtt]\ntopic = "{topic}"\n')
    (tmp_path / "ca.pem").write_text("", encoding="utf-8")
    (tmp_path / "word").write_text(SECRET, encoding="utf-8")
    text = (
        '[mqtt]\nhost = "h"\nuser = "edge"\npassword = "${file:word}"\ntls_ca = "ca.pem"\n[events]\nthen = ["mqtt"]\n'
    )
    config = read(tmp_path, SMALLEST + text)
    assert config.mqtt is not None
    assert (config.mqtt.port_used, config.mqtt.tls_ca) == (8883, tmp_path / "ca.pem")
    assert config.outputs == ("mqtt",)
    assert SECRET not in repr(config)
    plain = MqttConfig.model_validate({"host": "h", "user": "edge", "password": SECRET})
    assert (plain.port_used, plain.shows_password, plain.client) == (1883, True, "edgeact")
    assert MqttConfig(topic="house/edge").client == "edgeact-house-edge"


def test_without_the_extra_the_line_that_installs_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("paho.mqtt.client", "paho.mqtt", "paho"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("mqtt", "mqtt_connection"):
        monkeypatch.delitem(sys.modules, f"edgeact.daemon.{name}", raising=False)
    settings = MqttConfig(port=free_port())
    config = configuration(tmp_path, tmp_path, {"gate": {"url": "x"}})
    folder = MediaFolder(config.state)
    for attempt in (lambda: probe_mqtt(settings), lambda: open_mqtt(settings, config, folder)):
        with pytest.raises(MissingExtraError, match=r"pip install \"edgeact\[daemon\]\""):
            attempt()
