"""What a configuration file of the daemon may say. `edgeact.daemon.read_config` reads one.

A name in the file (of a camera, for example) becomes part of topics and file names, so it has safe characters only.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from edgeact.capture.address import is_address, parse_address, shown_name
from edgeact.capture.base import SourceKind
from edgeact.config import NO_MAP, PipelineConfig
from edgeact.daemon.rule_config import LineEnds, RuleConfig, TimeZone, ZoneCorners
from edgeact.daemon.shedding import STEPS, Step
from edgeact.privacy.areas import PrivacyMode
from edgeact.rules.camera_rules import Rule

SCHEMA_VERSION = 1

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_TOPIC = r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$"  # no wildcards
_SHORTEST_TOKEN = 16  # characters: nobody tries them all


def _checked_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError("a name begins with a letter and has up to 32 of a-z, 0-9, - and _")
    return name


def _checked_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if not text.strip():
        raise ValueError("it is empty; name an address, a camera (/dev/video0) or a video")
    if is_address(text):
        parse_address(text)  # its error names no secret
    return url


def _checked_webhook(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is no address of a server; it is written like https://192.0.2.8/hook")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user name and password do not belong into it; use token")
    _ = parts.port  # raises ValueError where it is none
    return url


def _checked_host(host: str) -> str:
    try:
        host.encode("idna")  # as the system's look-up does it
    except UnicodeError:
        host = ""
    if not host or not re.fullmatch(r"[\w.:-]+", host):
        raise ValueError("it is the name or address of a broker, such as 192.0.2.8; the port is a key of its own")
    return host


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_restream(url: SecretStr) -> SecretStr:
    if parse_address(url.get_secret_value()).scheme not in ("rtsp", "rtsps"):
        raise ValueError("it is no address of an RTSP server; it is written like rtsp://127.0.0.1:8554/gate")
    return url


def _listening_address(text: str) -> tuple[str, int]:
    """Address and port of a text like 127.0.0.1:8750 or [::1]:8750."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port
        host = "127.0.0.1" if host == "localhost" else str(ipaddress.ip_address(host))
    except ValueError:
        host, port = "", None
    if not host or not port or parts.path or parts.query or parts.fragment or "@" in text:
        raise ValueError("it is written like 127.0.0.1:8750; 0.0.0.0 is every address of this machine")
    return host, port


def _checked_listen(text: str) -> str:
    _listening_address(text)
    return text


def _checked_token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if len(text) < _SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(
            f"a token has {_SHORTEST_TOKEN} letters, digits and signs or more; openssl rand -hex 16 makes one"
        )
    return token


# What is recorded of a camera: nothing, clips of events, or everything (and clips of events).
RecordMode: TypeAlias = Literal["off", "events", "continuous"]

Name = Annotated[str, AfterValidator(_checked_name)]


class Section(BaseModel):
    """Base of all sections of the configuration file: unknown keys are errors, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraConfig(Section):
    """A camera, a stream or a video. ``url`` may hold a password, so it is never shown; `shown_url` is."""

    url: Annotated[SecretStr, AfterValidator(_checked_url)]
    enabled: bool = True
    priority: Annotated[int, Field(ge=0, le=9)] = 1
    kind: SourceKind | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    turn: Literal[0, 90, 180, 270] = 0
    timeout: Annotated[float, Field(gt=0, le=600)] = 4.0
    transport: Literal["tcp", "udp"] = "tcp"
    tls_ca: Path | None = None
    size: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    rate: Annotated[float, Field(gt=0, le=1000)] | None = None
    privacy: PrivacyMode = "none"
    record: RecordMode | None = None
    zones: dict[Name, ZoneCorners] = Field(default_factory=dict)
    lines: dict[Name, LineEnds] = Field(default_factory=dict)

    @property
    def shown_url(self) -> str:
        """The address or path without user name, password and other secrets."""
        return shown_name(self.url.get_secret_value())


class JsonlConfig(Section):
    """JSON lines on the disk: of events, and of frames when they are asked for, which are a hundred times as many."""

    events: bool = True
    frames: bool = False
    rotate_megabytes: Annotated[float, Field(gt=0, le=100_000)] = 64
    keep_files: Annotated[int, Field(ge=1, le=10_000)] = 8


class WebhookConfig(Section):
    """A server that events are sent to. ``url`` and ``token`` may hold secrets, so they are never shown."""

    url: Annotated[SecretStr, AfterValidator(_checked_webhook)]
    token: SecretStr | None = None
    timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    tls_ca: Path | None = None


class MqttConfig(Section):
    """An MQTT broker that is told of cameras and events, and that commands come from. ``password`` is never shown."""

    host: Annotated[str, AfterValidator(_checked_host)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Annotated[str, Field(min_length=1)] | None = None
    password: SecretStr | None = None
    tls: bool = False
    tls_ca: Path | None = None
    topic: Annotated[str, Field(pattern=_TOPIC, max_length=64)] = "edgeact"
    discovery: bool = True
    discovery_prefix: Annotated[str, Field(pattern=_TOPIC, max_length=64)] = "homeassistant"
    control: Annotated[bool, Field(validate_default=True)] = True

    @field_validator("password")
    @classmethod
    def _password_is_somebodys(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if password is not None and info.data.get("user", "faulty") is None:
            raise ValueError("whose password is it? Set user")
        return password

    @field_validator("control")
    @classmethod
    def _others_need_a_password(cls, control: bool, info: ValidationInfo) -> bool:
        is_local = _is_this_machine(info.data.get("host", "localhost"))
        if control and not is_local and info.data.get("user", "faulty") is None:
            raise ValueError("others may use this broker to switch cameras off; set user, or control = false")
        return control

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.tls or self.tls_ca is not None

    @property
    def shows_password(self) -> bool:
        """Whether the password crosses a network unencrypted."""
        return self.password is not None and not self.is_encrypted and not _is_this_machine(self.host)

    @property
    def port_used(self) -> int:
        """The port of the broker."""
        return self.port or (8883 if self.is_encrypted else 1883)

    @property
    def client(self) -> str:
        """The name by which the broker knows this daemon: always the same, so that a new connection ends an old one."""
        return "edgeact" if self.topic == "edgeact" else f"edgeact-{self.topic.replace('/', '-')}"

    @property
    def prefix(self) -> str | None:
        """The discovery prefix of Home Assistant; None where discovery is off."""
        return self.discovery_prefix if self.discovery else None


class HttpConfig(Section):
    """Metrics, health and the status page. Without a token only programs of this machine may ask."""

    token: Annotated[SecretStr, AfterValidator(_checked_token)] | None = None
    listen: Annotated[str, AfterValidator(_checked_listen)] = "127.0.0.1:8750"

    @field_validator("listen")
    @classmethod
    def _others_need_a_token(cls, listen: str, info: ValidationInfo) -> str:
        is_local = ipaddress.ip_address(_listening_address(listen)[0]).is_loopback
        if not is_local and info.data.get("token", "faulty") is None:
            raise ValueError("others can reach this address; set token, or listen at 127.0.0.1")
        return listen

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: an address, and a port."""
        return _listening_address(self.listen)


class BudgetConfig(Section):
    """What is given up first when there is not time for everything; what is not listed is kept."""

    shed: tuple[Step, ...] = STEPS


class RecordConfig(Section):
    """Settings of recordings, and how long recordings and snapshots are kept."""

    mode: RecordMode = "events"
    before_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    after_seconds: Annotated[float, Field(ge=0, le=300)] = 10.0
    segment_seconds: Annotated[float, Field(ge=5, le=3600)] = 60.0
    keep_days: Annotated[float, Field(gt=0, le=36_500)] = 14.0
    free_gb: Annotated[float, Field(ge=0, le=1_000_000)] = 1.0


class SnapshotsConfig(Section):
    """Pictures of events: with what is seen drawn into them (``overlay``), and without (``plain``)."""

    overlay: bool = True
    plain: bool = True
    quality: Annotated[int, Field(ge=1, le=100)] = 85


class RestreamConfig(Section):
    """An RTSP server that a camera's drawn pictures are published to. ``url`` may hold a password."""

    camera: str
    url: Annotated[SecretStr, AfterValidator(_checked_restream)]
    fps: Annotated[float, Field(gt=0, le=60)] = 10.0


class EventsConfig(Section):
    """Which events are kept, and for how long. ``then`` names the outputs that send actions; None means all."""

    keep_days: Annotated[float, Field(gt=0, le=36_500)] = 90
    actions: bool = True
    then: tuple[str, ...] | None = None


class DaemonConfig(Section):
    """The whole file. Paths are absolute after reading; in the file they are relative to its folder."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    state: Path
    timezone: TimeZone = "UTC"
    bundle: Path | None = None
    pipeline: PipelineConfig = PipelineConfig()
    cameras: Annotated[dict[Name, CameraConfig], Field(min_length=1)]
    budget: BudgetConfig = BudgetConfig()
    rules: dict[Name, RuleConfig] = Field(default_factory=dict)
    events: EventsConfig = EventsConfig()
    jsonl: JsonlConfig | None = None
    webhook: dict[Name, WebhookConfig] = Field(default_factory=dict)
    mqtt: MqttConfig | None = None
    http: HttpConfig | None = None
    record: RecordConfig | None = None
    snapshots: SnapshotsConfig | None = None
    restream: dict[Name, RestreamConfig] = Field(default_factory=dict)

    @property
    def perceiving(self) -> PipelineConfig:
        """The settings of the pipeline as the daemon uses them: no attention maps, because no output draws them."""
        return self.pipeline.model_copy(update={"attention": NO_MAP})

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs that send events."""
        jsonl = ("jsonl",) if self.jsonl is not None and self.jsonl.events else ()
        mqtt = () if self.mqtt is None else ("mqtt",)
        return (*jsonl, *mqtt, *(f"webhook.{name}" for name in self.webhook))

    def outputs_of(self, rule: str | None) -> tuple[str, ...] | None:
        """The outputs that send the events of a rule, or None where such events are not kept.

        Args:
            rule: Its name; None for actions that no rule asked for.
        """
        if rule is None and not self.events.actions:
            return None
        then = self._then(rule)
        return self.outputs if then is None else tuple(name for name in then if name in self.outputs)

    def media_of(self, rule: str | None) -> frozenset[str]:
        """The media that events of a rule get: ``clip``, ``snapshot``, both or nothing.

        Args:
            rule: Its name; None for actions that no rule asked for.
        """
        there = {"clip": self.record is not None, "snapshot": self.snapshots is not None}
        then = self._then(rule)
        return frozenset(name for name, is_there in there.items() if is_there and (then is None or name in then))

    def record_mode(self, camera: str) -> RecordMode:
        """The recording mode of a camera: its own, or that of ``[record]``.

        Args:
            camera: Its name.
        """
        own = self.cameras[camera].record
        return "off" if self.record is None else self.record.mode if own is None else own

    @property
    def keeps_media(self) -> bool:
        """Whether there are recordings or snapshots."""
        return self.record is not None or self.snapshots is not None

    @property
    def retention(self) -> RecordConfig:
        """How long recordings and snapshots are kept."""
        return RecordConfig() if self.record is None else self.record

    def _then(self, rule: str | None) -> tuple[str, ...] | None:
        return self.events.then if rule is None else self.rules[rule].then

    def rules_of(self, camera: str) -> tuple[Rule, ...]:
        """The rules of a camera.

        Args:
            camera: Its name.
        """
        return tuple(
            rule.rule(name) for name, rule in self.rules.items() if rule.cameras is None or camera in rule.cameras
        )

    @property
    def enabled_cameras(self) -> dict[str, CameraConfig]:
        """The cameras that are to run."""
        return {name: camera for name, camera in self.cameras.items() if camera.enabled}
