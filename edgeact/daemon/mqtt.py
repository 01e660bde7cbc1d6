"""Cameras, events and switches over MQTT. Needs the extra ``daemon``.

Events come from the outbox and are acknowledged one by one. What is retained (availability, the state of each camera,
whether a rule is open, Home Assistant's entities) is sent anew each time the connection is ready, so that a broker that
has forgotten everything knows it again.
"""

import contextlib
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeact.daemon.config import DaemonConfig, MqttConfig
from edgeact.daemon.home_assistant import entities, own_entities, rules_told
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.mqtt_connection import MqttConnection
from edgeact.daemon.mqtt_topics import Topics
from edgeact.daemon.standing import CameraStanding
from edgeact.daemon.switches import Command
from edgeact.errors import OutputError
from edgeact.plain_text import printable

logger = logging.getLogger(__name__)

MOST_PICTURE_BYTES = 2**22  # of a snapshot: brokers refuse what is very large
STATE_SECONDS = 5.0  # after which a camera's state is sent though only its numbers have changed
MOST_COMMANDS = 32  # that wait for the main loop, which takes them four times a second; the oldest give way
_GOODBYE_SECONDS = 1.0
_PROBE_SECONDS = 8.0

ONLINE, OFFLINE = "online", "offline"


class MqttOutput:
    """The daemon's client of one MQTT broker: publishes events and states, and takes commands.

    Args:
        settings: Where the broker is.
        config: With the cameras and rules, as its file has them.
        folder: With the pictures of events.

    Attributes:
        on_ready: Called each time when the connection is ready, from paho's thread; set before `start`.
    """

    def __init__(self, settings: MqttConfig, config: DaemonConfig, folder: MediaFolder) -> None:
        self.on_ready: Callable[[], None] = lambda: None
        self._settings, self._config, self._folder = settings, config, folder
        self._topics = Topics(settings.topic)
        self._entities = self._entities_of(config)
        self._lock = threading.Lock()  # guards all below
        self._commands: deque[Command] = deque(maxlen=MOST_COMMANDS)
        self._open: dict[tuple[str, str], set[str]] = {}  # identities of open events by camera and rule
        self._told: dict[str, tuple[float, Mapping[str, object]]] = {}  # state of each camera, and when it was sent
        self._is_closing = False
        subscriptions = [self._topics.availability]
        if settings.control:
            subscriptions.append(self._topics.commands)
        if settings.prefix is not None:
            subscriptions.append(own_entities(settings.prefix, settings.topic))
        self._connection = MqttConnection(
            settings,
            client=settings.client,
            will=(self._topics.availability, OFFLINE),
            subscriptions=subscriptions,
            on_message=self._take,
            on_ready=self._tell_all,
        )

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._connection.start()

    def close(self) -> None:
        """Publish ``offline``, if the broker takes it within a second, and disconnect."""
        self._is_closing = True
        with contextlib.suppress(OutputError):  # then the broker says it by itself
            self._connection.deliver(self._topics.availability, OFFLINE, retain=True, seconds=_GOODBYE_SECONDS)
        self._connection.stop(_GOODBYE_SECONDS)

    def deliver(self, record: Mapping[str, Any]) -> None:
        """Publish one phase of an event; returns when the broker has acknowledged it.

        Raises:
            OutputError: There is no connection, or no acknowledgement came in time; try again.
        """
        self._connection.deliver(self._topics.events(record["source"]), json.dumps(record, ensure_ascii=False))
        camera, rule = str(record["source"]), record["rule"]
        if record["phase"] == "new" and (picture := self._picture(record)) is not None:
            self._connection.tell(self._topics.snapshot(camera), picture, retain=True)
        if rule is None:
            return
        with self._lock:
            ids = self._open.setdefault((camera, str(rule)), set())
            if record["phase"] == "end":
                ids.discard(str(record["id"]))
            else:
                ids.add(str(record["id"]))
            is_open = bool(ids)
        self._connection.tell(self._topics.rule(camera, str(rule)), _on_off(is_open), retain=True)

    def look(self, cameras: Sequence[CameraStanding], config: DaemonConfig, now: float) -> None:
        """Publish the state of each camera whose state has changed; to be called a few times a second.

        Args:
            cameras: How they stand.
            config: In force, which has other recording and privacy than the file where they were switched.
            now: Of `time.monotonic`.
        """
        if not self._connection.is_ready:
            return
        for camera in cameras:
            words, numbers = _state(camera, config)
            with self._lock:
                told, before = self._told.get(camera.name, (float("-inf"), {}))
                if words == before and now - told < STATE_SECONDS:
                    continue
                self._told[camera.name] = (now, words)
            content = json.dumps({**words, **numbers}, ensure_ascii=False)
            self._connection.tell(self._topics.state(camera.name), content, retain=True)

    def _picture(self, record: Mapping[str, Any]) -> bytes | None:
        """The snapshot of an event as JPEG, concealed as the camera's privacy asks; None where there is none."""
        path = self._folder.of_event(record.get("snapshot"))
        try:
            if path is None or path.stat().st_size > MOST_PICTURE_BYTES:
                return None
            return path.read_bytes()
        except OSError:
            return None

    def take_commands(self) -> list[Command]:
        """The commands that have come since the last call."""
        with self._lock:
            commands = list(self._commands)
            self._commands.clear()
        return commands

    def answer(self, command: Command, refusal: str | None) -> None:
        """Publish whether a command was carried out.

        Args:
            command: For a camera that there is; for others nothing is said, because the name is not ours.
            refusal: Why it was not done; None where it was.
        """
        if command.camera not in self._config.cameras:
            return
        answer = {"switch": command.switch, "value": command.value, "done": refusal is None, "why": refusal}
        self._connection.tell(self._topics.answer(command.camera), json.dumps(answer, ensure_ascii=False))

    def change(self, config: DaemonConfig) -> None:
        """Publish the cameras and rules of a new configuration; topics of those that are gone are cleared.

        Args:
            config: The new configuration, as its file has it.
        """
        old, self._config = self._config, config
        gone = [self._topics.state(name) for name in old.enabled_cameras if name not in config.enabled_cameras]
        for camera in old.enabled_cameras:
            now = rules_told(config, camera) if camera in config.enabled_cameras else ()
            gone += [self._topics.rule(camera, rule) for rule in rules_told(old, camera) if rule not in now]
        before, self._entities = self._entities, self._entities_of(config)
        gone += [topic for topic in before if topic not in self._entities]
        if self._connection.is_ready:
            for topic in gone:
                self._connection.tell(topic, "", retain=True)  # the broker forgets what it retained
            self._tell_all()

    def _tell_all(self) -> None:
        """Publish all retained topics, once the connection is ready."""
        with self._lock:
            self._told.clear()  # the main loop tells the states
            opened = {key: bool(ids) for key, ids in self._open.items()}
        config = self._config
        self._connection.tell(self._topics.availability, ONLINE, retain=True)
        for camera in config.enabled_cameras:
            for rule in rules_told(config, camera):
                is_open = opened.get((camera, rule), False)
                self._connection.tell(self._topics.rule(camera, rule), _on_off(is_open), retain=True)
        for topic, content in self._entities.items():
            self._connection.tell(topic, content, retain=True)
        self.on_ready()

    def _entities_of(self, config: DaemonConfig) -> dict[str, str]:
        """The discovery messages for Home Assistant, by topic; none where discovery is off."""
        prefix = self._settings.prefix
        return {} if prefix is None else entities(config, self._topics, prefix)

    def _take(self, topic: str, payload: bytes, is_retained: bool) -> None:
        """Handle a message of the broker. Topic and payload may be anything: they are untrusted."""
        if topic == self._topics.availability:
            # The broker tells a will late where the network was cut, perhaps after we were back.
            if payload == OFFLINE.encode() and not is_retained and not self._is_closing:
                self._connection.tell(topic, ONLINE, retain=True)
        elif self._settings.prefix is not None and topic.startswith(f"{self._settings.prefix}/"):
            if is_retained and payload and topic not in self._entities:
                self._connection.tell(topic, "", retain=True)  # of a camera or rule that is gone
        elif is_retained:
            # A command is of its moment; one that is kept would switch a camera off at each start.
            logger.warning("mqtt: a retained command at %s is not taken; clear it", printable(topic[:200]))
        elif (command := self._topics.command_of(topic, payload)) is not None:
            with self._lock:
                self._commands.append(command)


def probe_broker(settings: MqttConfig) -> None:
    """Connect to a broker, subscribe to the topics of commands, and disconnect; nothing is published.

    Args:
        settings: Where the broker is.

    Raises:
        OutputError: It cannot be reached, refuses, or does not let the daemon listen.
    """
    subscriptions = [Topics(settings.topic).commands] if settings.control else []
    connection = MqttConnection(settings, client=f"{settings.client}-check", subscriptions=subscriptions)
    connection.start()
    try:
        is_ready = connection.wait_until_ready(_PROBE_SECONDS)
        if not is_ready or connection.fault is not None:
            raise OutputError(connection.fault or f"no answer within {_PROBE_SECONDS:.0f} s; look at the broker")
    finally:
        connection.stop(_GOODBYE_SECONDS)


def _state(camera: CameraStanding, config: DaemonConfig) -> tuple[dict[str, object], dict[str, object]]:
    """The state of a camera: values that are published as soon as they change, and numbers that always change."""
    words: dict[str, object] = {
        "state": camera.state.value,
        "why": camera.why,
        "persons": camera.persons,
        "labels": list(camera.labels),
        "given_up": list(camera.given_up),
        "detection": _on_off(camera.detects),
        "recording": _on_off(config.record_mode(camera.name) != "off"),
        "privacy": config.cameras[camera.name].privacy,
        "reconnects": camera.reconnects,
    }
    numbers: dict[str, object] = {"fps": round(camera.rate, 2), "age": round(camera.age, 3), "frames": camera.frames}
    return words, numbers


def _on_off(is_on: bool) -> str:
    return "ON" if is_on else "OFF"
