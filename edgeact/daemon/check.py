"""``edgeact run --check``: looks at everything that a configuration names, and says what is wrong and what to do."""

import contextlib
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from edgeact.batch.lock import own_folder
from edgeact.bundle.load import load_bundle
from edgeact.capture.base import SourceState
from edgeact.capture.faults import SourceFaultError
from edgeact.capture.live import LiveSource
from edgeact.daemon.camera import open_camera
from edgeact.daemon.config import DaemonConfig, WebhookConfig
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.fits_bundle import check_bundle
from edgeact.daemon.open_mqtt import probe_mqtt
from edgeact.daemon.open_web import probe_web
from edgeact.daemon.restream import probe_restream
from edgeact.daemon.webhook import open_webhook
from edgeact.doctor import Check
from edgeact.errors import EdgeactError

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 16.0  # for a camera's first picture: key frames come every ten seconds or so
_LITTLE_SPACE = 2**30  # bytes

Value = TypeVar("Value")


def check_daemon(config: DaemonConfig) -> list[Check]:
    """Probe the bundle, the folder of state, every camera (all at once), the servers that events are sent to, and the
    address of the pages.

    Args:
        config: As `edgeact.daemon.read_config.read_config` gives it.
    """
    disabled = len(config.cameras) - len(config.enabled_cameras)
    count = len(config.enabled_cameras)
    found = ("1 camera" if count == 1 else f"{count} cameras") + (f", {disabled} more disabled" if disabled else "")
    return [
        Check("configuration", "ok", found),
        *_bundle(config),
        *_state(config),
        *_cameras(config),
        *_mqtt(config),
        *_servers("restream", config.restream, probe_restream),
        *_servers("webhook", config.webhook, _probe_webhook),
        *_http(config),
    ]


def _bundle(config: DaemonConfig) -> list[Check]:
    try:
        bundle = load_bundle(config.bundle)
        for graph in bundle.manifest.graphs:
            bundle.read_graph(graph)
        check_bundle(config, bundle.plan)
    except EdgeactError as error:
        return [_failed("bundle", error)]
    return [Check("bundle", "ok", f"{bundle.manifest.name} {bundle.manifest.version}, hashes match")]


def _state(config: DaemonConfig) -> list[Check]:
    path = config.state / "events.db"
    try:
        with own_folder(config.state, remedy="name another folder as state"):
            EventStore(path).close()
            free = shutil.disk_usage(config.state).free
    except EdgeactError as error:
        return [_failed("state", error)]
    found = f"{config.state}, {free / 2**30:.1f} GB free"
    if config.keeps_media and free < config.retention.free_gb * 1e9:
        remedy = "free some space, or lower record.free_gb: the oldest recordings and snapshots are removed at once"
        return [Check("state", "note", found, remedy)]
    if free < _LITTLE_SPACE:
        return [Check("state", "note", found, "free some space, or name another folder as state")]
    return [Check("state", "ok", found)]


def _cameras(config: DaemonConfig) -> list[Check]:
    checks: dict[str, Check] = {}
    sources: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        for name, camera in config.enabled_cameras.items():
            try:
                sources[name] = open_camera(camera, config.pipeline)
            except EdgeactError as error:
                checks[name] = _failed(f"camera {name}", error)
            else:
                stack.callback(sources[name].close)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        waiting = dict(sources)
        while waiting:
            is_late = time.monotonic() >= deadline
            for name, source in list(waiting.items()):
                check = _probe(f"camera {name}", source, is_late=is_late)
                if check is not None:
                    checks[name] = check
                    del waiting[name]
            time.sleep(_POLL_SECONDS)
    return [checks[name] for name in config.enabled_cameras]


def _servers(kind: str, configs: Mapping[str, Value], probe: Callable[[str, Value], None]) -> list[Check]:
    """Whether each server can be reached; nothing is sent to it.

    Args:
        kind: The section of the configuration.
        configs: The settings of each server by its name.
        probe: Is given the name and the settings; raises an `EdgeactError` where the server cannot be reached.
    """
    checks = []
    for name, config in configs.items():
        try:
            probe(name, config)
        except EdgeactError as error:
            checks.append(_failed(f"{kind} {name}", error))
        else:
            checks.append(Check(f"{kind} {name}", "ok", "it can be reached"))
    return checks


def _probe_webhook(name: str, config: WebhookConfig) -> None:
    open_webhook(name, config).probe()


def _mqtt(config: DaemonConfig) -> list[Check]:
    """Check that the MQTT broker accepts the daemon's login and subscriptions; nothing is published."""
    if config.mqtt is None:
        return []
    try:
        probe_mqtt(config.mqtt)
    except EdgeactError as error:
        return [_failed("mqtt", error)]
    found = f"{config.mqtt.host}:{config.mqtt.port_used} lets us in"
    if config.mqtt.shows_password:
        return [Check("mqtt", "note", f"{found}; others on the network can read the password", "set tls = true")]
    return [Check("mqtt", "ok", found)]


def _http(config: DaemonConfig) -> list[Check]:
    """Check that the address of the web server is free."""
    if config.http is None:
        return []
    try:
        probe_web(config.http)
    except EdgeactError as error:
        return [_failed("http", error)]
    return [Check("http", "ok", f"http://{config.http.listen}")]


def _probe(title: str, source: Any, *, is_late: bool) -> Check | None:
    """The row of ``--check`` for a source; None until the source has given a frame or failed."""
    if isinstance(source, LiveSource):
        status = source.status
        if status.state in (SourceState.RECONNECTING, SourceState.FAILED) and status.fault is not None:
            return _failed(title, status.fault)
        if status.frames == 0:
            if not is_late:
                return None
            return Check(
                title, "fail", f"{status.name}: no picture came within {_PATIENCE_SECONDS:.0f} s", "look at it"
            )
    else:
        try:
            next(iter(source.frames()))
        except EdgeactError as error:
            return _failed(title, error)
        except StopIteration:
            return Check(title, "fail", f"{source.info.name} has no picture", "name another one")
    info = source.info
    rate = "" if info.frame_rate is None else f", {float(info.frame_rate):.4g} frames a second"
    return Check(title, "ok", f"{info.name}, {info.width}×{info.height}{rate}")


def _failed(title: str, error: EdgeactError) -> Check:
    """A row of what an error says: the cause, and what to do about it."""
    found, _, remedy = str(error).partition("; ")
    if isinstance(error, SourceFaultError):
        found = f"{found} ({error.kind.value})"
    return Check(title, "fail", found, remedy)


def all_well(checks: Sequence[Check]) -> bool:
    """Whether nothing failed."""
    return all(check.state != "fail" for check in checks)
