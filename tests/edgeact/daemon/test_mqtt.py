"""The daemon's side of MQTT against the real broker."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeact.capture.base import SourceState
from edgeact.daemon import mqtt as mqtt_module
from edgeact.daemon import mqtt_connection
from edgeact.daemon import outbox as outbox_module
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.mqtt import MqttOutput
from edgeact.daemon.outbox import Outbox
from edgeact.daemon.standing import CameraStanding
from edgeact.daemon.switches import Command
from edgeact.errors import OutputError
from tests.edgeact.daemon.test_event_store import RECORD
from tests.edgeact.daemon.test_run import configuration
from tests.servers.mosquitto import Listener, Mosquitto
from tests.servers.patience import wait_until

pytestmark = pytest.mark.mqtt

GATE = CameraStanding("gate", SourceState.RUNNING, None, 70, 2, 0, 0, 9.876, 1, ("walk",), 0.1234, (), True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_connection, "FIRST_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(outbox_module, "FIRST_RETRY_SECONDS", 0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as one:
        yield one


def daemon_config(folder: Path, broker: Mosquitto, **more: object) -> DaemonConfig:
    rules = {"down": {"when": {"posture": "lying"}}, "quiet": {"when": {"persons_at_least": 1}, "then": []}}
    cameras = {"gate": {"url": "rtsp://192.0.2.7/a"}}
    values: dict[str, Any] = {"rules": rules, "mqtt": {"port": broker.port}, **more}
    return configuration(folder, folder, values.pop("cameras", cameras), **values)


def opened(config: DaemonConfig) -> MqttOutput:
    assert config.mqtt is not None
    output = MqttOutput(config.mqtt, config, MediaFolder(config.state))
    output.start()
    return output


def test_a_daemon_says_that_it_is_there_how_cameras_stand_and_goodbye(tmp_path: Path, broker: Mosquitto) -> None:
    with Listener(broker.port) as listener:
        output = opened(daemon_config(tmp_path, broker))
        wait_until(lambda: listener.last("edgeact/availability") == "online")
        output.look([GATE], daemon_config(tmp_path, broker), 1.0)
        output.look(
            [replace(GATE, rate=5.0)], daemon_config(tmp_path, broker), 1.25
        )  # numbers alone are told every five seconds
        output.look([replace(GATE, state=SourceState.RECONNECTING, why="auth")], daemon_config(tmp_path, broker), 1.5)
        wait_until(lambda: len(listener.all_of("edgeact/gate/state")) == 2)
        first, last = (json.loads(content) for content in listener.all_of("edgeact/gate/state"))
        assert (first["state"], first["fps"], first["age"], first["labels"]) == ("running", 9.88, 0.123, ["walk"])
        assert (last["state"], last["why"], last["detection"]) == ("reconnecting", "auth", "ON")
        assert (last["recording"], last["privacy"]) == ("OFF", "none")
        output.look([replace(GATE, state=SourceState.RECONNECTING, why="auth")], daemon_config(tmp_path, broker), 6.6)
        wait_until(lambda: len(listener.all_of("edgeact/gate/state")) == 3)
        with Listener(broker.port) as late:  # who comes later finds what is retained
            wait_until(lambda: late.last("edgeact/gate/state") is not None)
            assert late.last("edgeact/availability") == "online"
        output.close()
        wait_until(lambda: listener.last("edgeact/availability") == "offline")


def test_the_broker_says_that_a_daemon_is_gone(tmp_path: Path, broker: Mosquitto) -> None:
    with Listener(broker.port) as listener:
        output = opened(daemon_config(tmp_path, broker))
        wait_until(lambda: listener.last("edgeact/availability") == "online")
        connection = output._connection._client.socket()
        connection.close()  # as when the process is killed
        wait_until(lambda: "offline" in listener.all_of("edgeact/availability"))
        wait_until(lambda: listener.last("edgeact/availability") == "online")  # it comes back by itself
        # A will that comes late, because the network was cut, is put right.
        listener.say("edgeact/availability", "offline")
        wait_until(lambda: listener.last("edgeact/availability") == "online")
        output.close()


def test_events_are_acknowledged_and_rules_are_on_while_one_is_open(tmp_path: Path, broker: Mosquitto) -> None:
    with Listener(broker.port) as listener:
        output = opened(daemon_config(tmp_path, broker))
        wait_until(lambda: listener.last("edgeact/gate/rule/down") == "OFF")
        assert listener.last("edgeact/gate/rule/quiet") is None  # its events do not go to MQTT
        for identity, phase in (("1", "new"), ("2", "new"), ("1", "end"), ("2", "update"), ("2", "end")):
            output.deliver({**RECORD.as_json(), "id": identity, "phase": phase})
        output.deliver({**RECORD.as_json(), "rule": None})
        wait_until(lambda: len(listener.all_of("edgeact/gate/events")) == 6)
        assert json.loads(listener.all_of("edgeact/gate/events")[0]) == {**RECORD.as_json(), "id": "1"}
        assert listener.all_of("edgeact/gate/rule/down") == ["OFF", "ON", "ON", "ON", "ON", "OFF"]
        output.close()


def test_a_broker_that_is_down_and_comes_back_gets_every_event_and_all_that_is_retained(
    tmp_path: Path, broker: Mosquitto
) -> None:
    store = EventStore(tmp_path / "events.db")
    output = opened(daemon_config(tmp_path, broker))
    with Listener(broker.port) as listener:

        def deliver(record: Mapping[str, Any]) -> None:
            if not listener.is_listening:  # it also has to come back, and would miss what was said before
                raise OutputError("the listener is not there; wait")
            output.deliver(record)

        outbox = Outbox(store, "mqtt", deliver)
        output.on_ready = outbox.hurry
        outbox.start()
        store.save(replace(RECORD, id="0"), ["mqtt"])
        wait_until(lambda: outbox.sent == 1)
        output.look([GATE], daemon_config(tmp_path, broker), 1.0)
        broker.kill()
        for number in range(1, 30):
            store.save(replace(RECORD, id=str(number)), ["mqtt"])
        with pytest.raises(OutputError, match=r"cannot|lost|refused"):
            output.deliver(RECORD.as_json())
        wait_until(lambda: outbox.error is not None)
        broker.start()
        took = wait_until(lambda: store.count_waiting("mqtt") == 0)
        assert took < 10.0
        wait_until(lambda: len({json.loads(one)["id"] for one in listener.all_of("edgeact/gate/events")}) == 30)
        output.look(
            [GATE], daemon_config(tmp_path, broker), 1.1
        )  # as before the break, but the broker has forgotten it
        wait_until(lambda: listener.last("edgeact/gate/state") is not None)
        assert listener.all_of("edgeact/availability").count("online") >= 2
    outbox.stop(5.0)
    output.close()
    store.close()


def test_a_broker_that_hangs_holds_nobody_up(tmp_path: Path, broker: Mosquitto) -> None:
    output = opened(daemon_config(tmp_path, broker))
    wait_until(lambda: output._connection.is_ready)
    broker.freeze()
    begun = time.monotonic()
    output.look([GATE], daemon_config(tmp_path, broker), 1.0)
    assert time.monotonic() - begun < 0.5
    with pytest.raises(OutputError, match="did not acknowledge in time"):
        output._connection.deliver("edgeact/gate/events", "{}", seconds=0.3)
    output.close()
    assert time.monotonic() - begun < 5.0
    broker.thaw()


def test_commands_come_in_and_what_is_odd_does_not(
    tmp_path: Path, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    with Listener(broker.port) as listener:
        listener.say("edgeact/gate/set/detection", "OFF", retain=True)
        output = opened(daemon_config(tmp_path, broker))
        wait_until(lambda: output._connection.is_ready)
        wait_until(lambda: "a retained command at edgeact/gate/set/detection is not taken" in caplog.text)
        listener.say("edgeact/gate/set/privacy", "x" * 300)
        listener.say("edgeact/../set/detection", b"\xff\x00")
        listener.say("edgeact/gate/set/detection", "ON")
        taken: list[Command] = []

        def has_both() -> bool:
            taken.extend(output.take_commands())
            return len(taken) == 2

        wait_until(has_both)
        assert taken == [Command("..", "detection", "�\x00"), Command("gate", "detection", "ON")]
        output.answer(taken[0], "there is no such camera")
        output.answer(taken[1], None)
        wait_until(lambda: listener.last("edgeact/gate/answer") is not None)
        assert json.loads(listener.all_of("edgeact/gate/answer")[0])["done"] is True
        assert not any(".." in topic for topic, _, _ in listener.heard if "/answer" in topic)
        for number in range(mqtt_module.MOST_COMMANDS + 5):
            listener.say("edgeact/gate/set/detection", str(number))
        wait_until(lambda: listener.last("edgeact/gate/set/detection") == str(mqtt_module.MOST_COMMANDS + 4))
        assert len(output.take_commands()) == mqtt_module.MOST_COMMANDS
        output.close()


def test_without_control_nothing_is_listened_to(tmp_path: Path, broker: Mosquitto) -> None:
    with Listener(broker.port) as listener:
        output = opened(daemon_config(tmp_path, broker, mqtt={"port": broker.port, "control": False}))
        wait_until(lambda: output._connection.is_ready)
        listener.say("edgeact/gate/set/detection", "OFF")
        wait_until(lambda: listener.last("edgeact/gate/set/detection") == "OFF")
        assert output.take_commands() == []
        assert not any("/switch/" in topic for topic, _, _ in listener.heard)
        output.close()


def test_home_assistant_is_told_of_what_there_is_and_forgets_what_is_gone(
    tmp_path: Path, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    stale = "homeassistant/binary_sensor/edgeact/yard_rule_down/config"
    with caplog.at_level(logging.WARNING), Listener(broker.port) as listener:
        listener.say(stale, "{}", retain=True)  # of a camera that an earlier start knew
        listener.say("homeassistant/sensor/other/x/config", "{}", retain=True)
        config = daemon_config(tmp_path, broker)
        output = opened(config)
        found = "homeassistant/binary_sensor/edgeact/gate_rule_down/config"
        wait_until(lambda: listener.last(found) is not None and listener.last(stale) == "")
        assert listener.last("homeassistant/sensor/other/x/config") == "{}"
        changed = daemon_config(tmp_path, broker, rules={}, cameras={"yard": {"url": "rtsp://192.0.2.7/b"}})
        output.change(changed)
        wait_until(lambda: listener.last(found) == "")
        wait_until(lambda: listener.last("homeassistant/switch/edgeact/yard_detection/config") is not None)
        output.close()
    assert caplog.text == ""


def test_the_picture_of_an_event_is_sent_and_nothing_else_of_the_disk(tmp_path: Path, broker: Mosquitto) -> None:
    name = f"snapshots/{'0' * 26}.jpg"
    path = tmp_path / "state" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a picture")
    (tmp_path / "secret").write_bytes(b"a secret")
    with Listener(broker.port) as listener:
        output = opened(daemon_config(tmp_path, broker))
        wait_until(lambda: output._connection.is_ready)
        for snapshot in ("../secret", str(tmp_path / "secret"), f"snapshots/{'1' * 26}.jpg", name):
            output.deliver({**RECORD.as_json(), "snapshot": snapshot})
        wait_until(lambda: listener.last("edgeact/gate/snapshot") is not None)
        assert listener.all_of("edgeact/gate/snapshot") == ["a picture"]
        output.close()
