"""The state of the daemon, for HTTP and MQTT: written by the main loop, read from any thread."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeact.capture.base import SourceState
from edgeact.daemon.camera import Camera
from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.live_view import LiveViews
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.outbox import Outbox
from edgeact.daemon.restream import Restream
from edgeact.errors import EdgeactError

# The main loop comes round four times a second; a camera that a reload ends may hold it up for some seconds.
ALIVE_SECONDS = 30.0
RATE_SECONDS = 2.0  # over which frames a second are counted


@dataclass(frozen=True, slots=True)
class CameraStanding:
    """The state of a camera at one moment.

    Attributes:
        name: In the configuration.
        state: Of its source.
        why: Why it is not running, without secrets; None while it is.
        frames: That were perceived since it was begun.
        dropped: Frames that gave way to newer ones since it was begun.
        reconnects: How often its source was reconnected.
        restarts: How often its run has failed and was begun anew.
        rate: Frames a second of late.
        persons: In the newest frame.
        labels: Actions in force in it.
        age: Seconds from its capture to its observation.
        given_up: What it does without, because there is not time for everything.
        detects: Whether its frames are perceived; it may be told not to.
    """

    name: str
    state: SourceState
    why: str | None
    frames: int
    dropped: int
    reconnects: int
    restarts: int
    rate: float
    persons: int
    labels: tuple[str, ...]
    age: float
    given_up: tuple[str, ...]
    detects: bool


@dataclass(frozen=True, slots=True)
class OutputStanding:
    """The state of an output.

    Attributes:
        name: Of the output.
        waiting: Phases of events that wait for it; None where that is not known.
        sent: Phases of events, or of a restream pictures, that were sent since the start.
        error: Why it cannot send now; None where it can.
    """

    name: str
    waiting: int | None
    sent: int
    error: str | None


class Standing:
    """The state of the daemon.

    Args:
        store: The events.
        state: The folder of state.

    Attributes:
        cameras: In the order of the configuration.
        bundle: Name and version of the bundle; empty until the graphs have run once.
        views: The newest pictures of the cameras.
        media: Where clips and snapshots are.
    """

    def __init__(self, store: EventStore, state: Path) -> None:
        self.cameras: tuple[CameraStanding, ...] = ()
        self.bundle = ""
        self.views, self.media = LiveViews(), MediaFolder(state)
        self._store, self._state = store, state
        self._outboxes: Mapping[str, Outbox] = {}
        self._restreams: Mapping[str, Restream] = {}
        self._looked: float | None = None
        self._counted: dict[str, tuple[float, int, float]] = {}  # when, frames until then, and the rate before

    def warmed_up(
        self, bundle: str, outboxes: Mapping[str, Outbox], restreams: Mapping[str, Restream] | None = None
    ) -> None:
        """Note that the graphs have run once and the outputs are open.

        Args:
            bundle: Name and version of the bundle.
            outboxes: By the names of their outputs.
            restreams: By their names.
        """
        self._restreams = restreams or {}
        self._outboxes, self.bundle = outboxes, bundle

    def look(self, cameras: Sequence[Camera]) -> None:
        """Read the state of the cameras; to be called a few times a second."""
        now = time.monotonic()
        self.cameras = tuple(self._of(camera, now) for camera in cameras)
        self.views.keep(self._names)
        self._counted = {name: counted for name, counted in self._counted.items() if name in self._names}
        self._looked = now

    @property
    def is_alive(self) -> bool:
        """Whether the main loop comes round, or has not begun yet."""
        return self._looked is None or time.monotonic() - self._looked < ALIVE_SECONDS

    @property
    def is_ready(self) -> bool:
        """Whether the graphs have run, and a camera gives frames."""
        return bool(self.bundle) and any(camera.state is SourceState.RUNNING for camera in self.cameras)

    def outputs(self) -> list[OutputStanding]:
        """The state of each output."""
        return [
            OutputStanding(name, self._waiting(name), outbox.sent, outbox.error)
            for name, outbox in self._outboxes.items()
        ] + [OutputStanding(f"restream.{name}", 0, one.sent, one.error) for name, one in self._restreams.items()]

    def newest_events(self, limit: int) -> list[EventRecord]:
        """The last events, the newest first.

        Raises:
            OutputError: The file of events cannot be read.
        """
        return self._store.newest(limit)

    def find_event(self, identity: str) -> EventRecord | None:
        """An event by its identity, or None.

        Raises:
            OutputError: The file of events cannot be read.
        """
        return self._store.find(identity)

    def free_bytes(self) -> int | None:
        """Free bytes on the disk of the folder of state; None where the system does not tell."""
        try:
            return shutil.disk_usage(self._state).free
        except OSError:
            return None

    @property
    def _names(self) -> set[str]:
        return {camera.name for camera in self.cameras}

    def _waiting(self, output: str) -> int | None:
        try:
            return self._store.count_waiting(output)
        except EdgeactError:
            return None

    def _of(self, camera: Camera, now: float) -> CameraStanding:
        watched = camera.watched
        return CameraStanding(
            name=watched.name,
            state=watched.state,
            why=watched.why,
            frames=watched.frames,
            dropped=watched.dropped,
            reconnects=watched.epoch,
            restarts=camera.restarts,
            rate=self._rate(watched.name, watched.frames, now),
            persons=watched.persons,
            labels=watched.labels,
            age=watched.age,
            given_up=camera.given_up,
            detects=camera.detects,
        )

    def _rate(self, name: str, frames: int, now: float) -> float:
        since, before, rate = self._counted.get(name, (now, frames, 0.0))
        if frames < before:  # a camera of this name was begun anew
            since, before, rate = now, frames, 0.0
        if now - since >= RATE_SECONDS:
            since, before, rate = now, frames, (frames - before) / (now - since)
        self._counted[name] = (since, before, rate)
        return rate
