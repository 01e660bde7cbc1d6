"""The daemon: all cameras of a configuration over one engine, their events kept and sent, until it is stopped."""

import contextlib
import gc
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeact.batch.lock import own_folder
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.plan import Plan
from edgeact.capture.base import Source
from edgeact.daemon import heap
from edgeact.daemon.append_file import AppendFile
from edgeact.daemon.camera import USEFUL_RATE, Camera
from edgeact.daemon.camera_media import CameraMedia, open_media
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.event_media import EventMedia
from edgeact.daemon.event_sink import EventSink
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.fits_bundle import check_bundle
from edgeact.daemon.fleet import Fleet
from edgeact.daemon.frame_lines import FrameLines
from edgeact.daemon.frame_recording import FrameRecording
from edgeact.daemon.judge import Judge
from edgeact.daemon.kept_switches import KeptSwitches
from edgeact.daemon.live_view import LiveViewSink
from edgeact.daemon.open_mqtt import open_mqtt
from edgeact.daemon.open_web import open_web
from edgeact.daemon.outbox import Outbox
from edgeact.daemon.restream import Restream
from edgeact.daemon.retention import Retention
from edgeact.daemon.service import ServiceNotices
from edgeact.daemon.snapshots import Snapshots
from edgeact.daemon.standing import Standing
from edgeact.daemon.webhook import open_webhook
from edgeact.drawing.drawer import make_drawer
from edgeact.engine.engine import Engine
from edgeact.errors import ConfigError, EdgeactError, OutputError, PipelineError
from edgeact.memory import MEGABYTE
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.stages import Stages
from edgeact.runtime.outlet import Outlet, Policy
from edgeact.runtime.session import Session
from edgeact.sinks.base import Sink
from edgeact.sinks.deferred import DeferredSink
from edgeact.sinks.jsonl import json_line
from edgeact.stopping import left_behind
from edgeact.types import Frame, Observation
from edgeact.watching.watched import Watched

if TYPE_CHECKING:
    from edgeact.daemon.mqtt import MqttOutput

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
TIDY_SECONDS = 3600.0
GIVE_BACK_SECONDS = 60.0
WARM_UP_SIZE = (360, 640)  # of a usual picture: graphs of several sizes are made ready for it
# More runs of cameras than this that fail within these seconds are no fault of the cameras: the process ends, and
# whoever supervises it (systemd) starts it anew.
MOST_FAILURES, FAILURE_SECONDS = 5, 60.0
# Events that were seen until the stop are sent within this time, or after the next start.
LAST_SENDING_SECONDS = 1.0
_WAITING_FRAMES = 32  # lines of frames that wait for a slow card


def run_daemon(
    config: DaemonConfig,
    *,
    stop: threading.Event | None = None,
    tick: Callable[[Sequence[Watched]], None] | None = None,
    notices: ServiceNotices | None = None,
    reload: Callable[[], DaemonConfig | None] = lambda: None,
) -> None:
    """Run until ``stop`` is set, or until all sources have ended, where all are recordings.

    Args:
        config: As `edgeact.daemon.read_config.read_config` gives it.
        stop: When set, what was read is finished, and everything is closed.
        tick: Told four times a second how the cameras stand.
        notices: What is said to systemd; None says nothing.
        reload: Asked four times a second for a new configuration; None goes on with the old one.

    Raises:
        OutputError: The folder of state, or the address of the pages, cannot be used.
        MissingExtraError: The configuration asks for what the extra ``daemon`` brings.
        BundleError: The bundle cannot be used.
        ConfigError: A rule asks for an action that the bundle does not know.
        BackendError: The device cannot be used.
        PipelineError: Perceiving fails again and again, or something hangs: the process should be started anew.
    """
    stop = stop or threading.Event()
    heap.share_heaps()
    with contextlib.ExitStack() as stack:
        stack.enter_context(own_folder(config.state, remedy="name another folder as state"))
        store = EventStore(config.state / "events.db")
        stack.callback(store.close)
        if left_open := store.end_left_open():
            logger.warning("%d events were left open by a process that was killed; they have ended", left_open)
        standing = Standing(store, config.state)
        if config.http is not None:  # before the graphs: making them ready may take minutes
            web = open_web(config.http, standing)
            stack.callback(web.stop)
            web.start()
        stack.callback(standing.views.keep, ())  # who still looks is told that it is over
        bundle = load_bundle(config.bundle)
        check_bundle(config, bundle.plan)
        kept = _kept_switches(config, bundle.plan)
        engine = Engine(bundle, device=config.pipeline.device, threads=config.pipeline.threads)
        stack.callback(lambda: None if left_behind() else engine.close())  # what hangs may still run a graph
        try_graphs(engine)
        mqtt = None if config.mqtt is None else open_mqtt(config.mqtt, config, standing.media)
        outboxes = _outboxes(config, store, mqtt, stack)
        for outbox in outboxes.values():
            stack.callback(outbox.stop, LAST_SENDING_SECONDS)
            outbox.start()
        restreams = {name: Restream(name, one, standing.views) for name, one in config.restream.items()}
        for restream in restreams.values():
            stack.callback(restream.stop)
            restream.start()
        standing.warmed_up(f"{bundle.manifest.name} {bundle.manifest.version}", outboxes, restreams)
        session = stack.enter_context(Session(Stages(engine), config.perceiving))

        def make_camera(name: str, config: DaemonConfig) -> Camera:
            return Camera(
                name,
                config.cameras[name],
                config.perceiving,
                partial(_outlets, name, config, bundle, store, standing),
                partial(open_media, name, config, bundle.plan, standing.media),
            )

        fleet = Fleet(session, config, make_camera, kept)
        retention = Retention(standing.media, lambda: fleet.config.retention)
        stack.callback(retention.stop)
        retention.start()
        stack.callback(gc.unfreeze)
        heap.settle()
        notices = notices or ServiceNotices({})
        notices.ready()
        try:
            _look_on(fleet, store, standing, mqtt, bundle.plan, stop=stop, tick=tick, notices=notices, reload=reload)
        finally:
            notices.stopping()
            session.stop()
            fleet.finish()
            if tick is not None:
                tick(fleet.watched)


def _look_on(
    fleet: Fleet,
    store: EventStore,
    standing: Standing,
    mqtt: "MqttOutput | None",
    plan: Plan,
    *,
    stop: threading.Event,
    tick: Callable[[Sequence[Watched]], None] | None,
    notices: ServiceNotices,
    reload: Callable[[], DaemonConfig | None],
) -> None:
    failures: deque[float] = deque(maxlen=MOST_FAILURES + 1)
    tidied = given_back = float("-inf")
    while not stop.is_set():
        for error in fleet.advance():
            failures.append(time.monotonic())
            _give_up_if_useless(failures, error)
        notices.look(fleet.watched)
        standing.look(fleet.cameras)
        if mqtt is not None:
            for command in mqtt.take_commands():
                mqtt.answer(command, fleet.throw_switch(command, plan))
            mqtt.look(standing.cameras, fleet.config, time.monotonic())
        if tick is not None:
            tick(fleet.watched)
        if fleet.is_over:
            return
        if (new := reload()) is not None:
            fleet.change(new, plan)
            if mqtt is not None:
                mqtt.change(fleet.file)
        if time.monotonic() - tidied >= TIDY_SECONDS:
            tidied = time.monotonic()
            _tidy(store, fleet.config)
        if time.monotonic() - given_back >= GIVE_BACK_SECONDS:
            given_back = time.monotonic()
            heap.give_back()
        stop.wait(TICK_SECONDS)


def try_graphs(engine: Engine) -> None:
    """Perceive a grey picture: what is wrong with graphs or device shows now, and the first frame need not wait.

    Raises:
        BackendError: A graph cannot be run.
    """
    picture = np.full((*WARM_UP_SIZE, 3), 128, np.uint8)
    Perceiver(engine).process(Frame(0, 0.0, picture))


def _kept_switches(config: DaemonConfig, plan: Plan) -> KeptSwitches:
    path = config.state / "switches.json"
    kept = KeptSwitches(path)
    try:
        check_bundle(kept.applied(config), plan)
    except ConfigError as error:
        raise ConfigError(f"{error}; that was switched over MQTT: remove {path} where the file should count") from error
    return kept


def _give_up_if_useless(failures: Sequence[float], error: EdgeactError) -> None:
    if hanging := left_behind():
        raise PipelineError(f"{' and '.join(hanging)} hangs; start the daemon anew") from error
    if len(failures) > MOST_FAILURES and failures[-1] - failures[0] <= FAILURE_SECONDS:
        raise PipelineError(
            f"cameras failed {len(failures)} times within {FAILURE_SECONDS:.0f} s, at last with: {error}; look at the "
            "graphs' device (edgeact doctor) and start the daemon anew"
        ) from error


def _tidy(store: EventStore, config: DaemonConfig) -> None:
    try:
        store.tidy(datetime.now(timezone.utc) - timedelta(days=config.events.keep_days))
    except OutputError as error:
        logger.error("%s", error)


def _outboxes(
    config: DaemonConfig, store: EventStore, mqtt: "MqttOutput | None", stack: contextlib.ExitStack
) -> dict[str, Outbox]:
    """The outputs that send events, by their names; those that hold something open close with the stack."""
    outboxes = {}
    if "jsonl" in config.outputs:
        file = _append_file(config, config.state / "events.jsonl")
        stack.callback(file.close)
        outboxes["jsonl"] = Outbox(store, "jsonl", lambda record: file.write(json_line(dict(record))))
    if mqtt is not None:
        stack.callback(mqtt.close)
        outboxes["mqtt"] = Outbox(store, "mqtt", mqtt.deliver)
        mqtt.on_ready = outboxes["mqtt"].hurry
        mqtt.start()
    for name, settings in config.webhook.items():
        hook = open_webhook(name, settings)
        stack.callback(hook.close)
        outboxes[f"webhook.{name}"] = Outbox(store, f"webhook.{name}", hook.deliver)
    return outboxes


def _append_file(config: DaemonConfig, path: Path) -> AppendFile:
    jsonl = config.jsonl
    assert jsonl is not None  # noqa: S101 - asked by the caller
    return AppendFile(path, largest=round(jsonl.rotate_megabytes * MEGABYTE), keep=jsonl.keep_files)


def _outlets(
    name: str,
    config: DaemonConfig,
    bundle: Bundle,
    store: EventStore,
    standing: Standing,
    source: Source,
    media: CameraMedia,
) -> list[Outlet]:
    """What takes the results of a camera."""
    snapshots = None if config.snapshots is None else Snapshots(standing.media, bundle.plan, config.snapshots)
    of_events = EventMedia(config.media_of, recorder=media.recorder, snapshots=snapshots)
    # An event must not give way to a newer one, so the source waits, and then gives its newest frame.
    sink = EventSink(name, store, config.outputs_of, Judge(name, config, bundle.plan), of_events)
    outlets = [Outlet("events", sink, policy="wait", essential=False)]
    policy: Policy = "drop_oldest" if source.info.live else "wait"
    if media.recorder is not None:
        recording = FrameRecording(media.recorder, config.cameras[name].fps or USEFUL_RATE)
        outlets.append(Outlet("recording", recording, policy=policy, essential=False))
    view = LiveViewSink(standing.views.of(name), make_drawer(bundle.plan))
    outlets.append(Outlet("view", view, policy="newest", essential=False))
    jsonl = config.jsonl
    if jsonl is not None and jsonl.frames:
        path = config.state / f"{name}.frames.jsonl"

        def open_lines(first: Observation) -> Sink:  # noqa: ARG001 - the frame's size is that of the source
            return FrameLines(
                path,
                info=source.info,
                bundle=bundle,
                config=config.perceiving,
                largest=round(jsonl.rotate_megabytes * MEGABYTE),
                keep=jsonl.keep_files,
            )

        lines = DeferredSink(frozenset({"observations"}), open_lines)
        outlets.append(Outlet("frames", lines, policy=policy, capacity=_WAITING_FRAMES, essential=False))
    return outlets
