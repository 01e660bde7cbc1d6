"""MQTT discovery messages for Home Assistant: https://www.home-assistant.io/integrations/mqtt.

Each camera is a device with a switch for its detection, sensors for its state, and a binary sensor for each rule.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from edgeact import __version__
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.mqtt_topics import Topics
from edgeact.daemon.switches import SwitchName, privacy_modes

# Component, identity, and what is special about it. The templates read the retained state of the camera.
_SENSORS: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("sensor", "state", {"name": "State", "icon": "mdi:cctv", "entity_category": "diagnostic"}),
    (
        "sensor",
        "fps",
        {
            "name": "Frames a second",
            "unit_of_measurement": "fps",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
    ),
    ("sensor", "persons", {"name": "Persons", "icon": "mdi:account-multiple", "state_class": "measurement"}),
)


def node_of(base: str) -> str:
    """The node id, under which Home Assistant groups the entities of one daemon."""
    return base.replace("/", "_")


def own_entities(prefix: str, base: str) -> str:
    """The subscription filter of all discovery messages that this daemon has ever published.

    Args:
        prefix: Where Home Assistant listens.
        base: What the daemon's topics begin with.
    """
    return f"{prefix}/+/{node_of(base)}/+/config"


def entities(config: DaemonConfig, topics: Topics, prefix: str) -> dict[str, str]:
    """The discovery messages of all cameras, JSON by topic; to be published retained.

    Args:
        config: With the cameras and rules.
        topics: Of the daemon.
        prefix: Where Home Assistant listens.
    """
    node, told = node_of(topics.base), {}
    for camera in config.enabled_cameras:
        for component, name, settings in _of_camera(config, topics, camera):
            identity = f"{node}_{camera}_{name}"
            body = {
                "unique_id": identity,
                "availability_topic": topics.availability,
                "device": {
                    "identifiers": [f"{node}_{camera}"],
                    "name": f"{topics.base} {camera}",
                    "manufacturer": "edgeact",
                    "sw_version": __version__,
                },
                "origin": {"name": "edgeact", "sw_version": __version__},
                **settings,
            }
            told[f"{prefix}/{component}/{node}/{camera}_{name}/config"] = json.dumps(body, ensure_ascii=False)
    return told


def rules_told(config: DaemonConfig, camera: str) -> tuple[str, ...]:
    """Names of the rules of a camera whose events go to MQTT."""
    return tuple(rule.name for rule in config.rules_of(camera) if "mqtt" in (config.outputs_of(rule.name) or ()))


def _of_camera(config: DaemonConfig, topics: Topics, camera: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Component, identity and settings of each entity of a camera."""
    for component, name, settings in _SENSORS:
        yield component, name, {**_state(topics, camera, name), **settings}
    if config.mqtt is not None and config.mqtt.control:
        yield "switch", "detection", _control(topics, camera, "detection", icon="mdi:motion-sensor")
        if config.record is not None:
            yield "switch", "recording", _control(topics, camera, "recording", icon="mdi:record-rec")
        if len(modes := privacy_modes(config, camera)) > 1:
            privacy = _control(topics, camera, "privacy", icon="mdi:account-eye-outline")
            yield "select", "privacy", {**privacy, "options": list(modes)}
    if config.snapshots is not None:
        yield (
            "image",
            "snapshot",
            {"name": "Snapshot", "image_topic": topics.snapshot(camera), "content_type": "image/jpeg"},
        )
    for rule in rules_told(config, camera):
        yield "binary_sensor", f"rule_{rule}", {"name": rule, "state_topic": topics.rule(camera, rule)}


def _state(topics: Topics, camera: str, name: str) -> dict[str, Any]:
    """The settings by which an entity reads its value: the key of its name in the camera's state topic."""
    return {"state_topic": topics.state(camera), "value_template": f"{{{{ value_json.{name} }}}}"}


def _control(topics: Topics, camera: str, switch: SwitchName, *, icon: str) -> dict[str, Any]:
    """The settings of an entity that shows a switch of a camera and can change it."""
    command = topics.set(camera, switch)
    return {**_state(topics, camera, switch), "name": switch.capitalize(), "command_topic": command, "icon": icon}
