import json
from pathlib import Path

from edgeact.daemon.home_assistant import entities, own_entities
from edgeact.daemon.mqtt_topics import Topics
from tests.edgeact.daemon.test_run import configuration


def test_each_camera_is_a_device_with_what_its_configuration_has(tmp_path: Path) -> None:
    cameras = {
        "gate": {"url": "rtsp://u:hunter2@192.0.2.7/a"},
        "yard": {"url": "x"},
        "off": {"url": "x", "enabled": False},
    }
    rules = {
        "down": {"when": {"posture": "lying"}, "cameras": ["gate"]},
        "quiet": {"when": {"persons_at_least": 1}, "then": ["jsonl"]},
    }
    media: dict[str, object] = {"record": {}, "snapshots": {}}
    config = configuration(tmp_path, tmp_path, cameras, rules=rules, mqtt={"topic": "house/edge"}, **media)
    told = entities(config, Topics("house/edge"), "homeassistant")
    names = {topic.removeprefix("homeassistant/") for topic in told}
    of_each = {
        f"{kind}/house_edge/{{}}_{name}/config"
        for kind, name in (
            ("sensor", "state"),
            ("sensor", "fps"),
            ("sensor", "persons"),
            ("switch", "detection"),
            ("switch", "recording"),
            ("image", "snapshot"),
            ("select", "privacy"),
        )
    }
    assert names == {text.format(camera) for text in of_each for camera in ("gate", "yard")} | {
        "binary_sensor/house_edge/gate_rule_down/config"
    }
    bodies = {topic: json.loads(content) for topic, content in told.items()}
    assert len({body["unique_id"] for body in bodies.values()}) == len(bodies)
    assert {body["availability_topic"] for body in bodies.values()} == {"house/edge/availability"}
    assert {tuple(body["device"]["identifiers"]) for body in bodies.values()} == {
        ("house_edge_gate",),
        ("house_edge_yard",),
    }
    assert (
        bodies["homeassistant/binary_sensor/house_edge/gate_rule_down/config"]["state_topic"]
        == "house/edge/gate/rule/down"
    )
    switch = bodies["homeassistant/switch/house_edge/yard_detection/config"]
    assert switch["command_topic"] == "house/edge/yard/set/detection"
    assert switch["state_topic"] == "house/edge/yard/state"
    select = bodies["homeassistant/select/house_edge/gate_privacy/config"]
    assert select["options"] == ["none", "heads", "persons", "skeleton"]
    hidden = configuration(tmp_path, tmp_path, {"gate": {"url": "x", "privacy": "skeleton"}}, mqtt={})
    assert not any("/select/" in topic for topic in entities(hidden, Topics("edgeact"), "homeassistant"))
    assert "hunter2" not in str(told)
    assert own_entities("homeassistant", "house/edge") == "homeassistant/+/house_edge/+/config"
