"""One camera of the daemon: opened, run, and begun anew when it breaks in a way that its source does not survive."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from edgeact.capture.backoff import seconds_to_wait
from edgeact.capture.base import Source, SourceState
from edgeact.capture.connection import LiveSettings, PacketTap
from edgeact.capture.live import LiveSource
from edgeact.capture.open import open_source
from edgeact.capture.rate_limit import RateLimited
from edgeact.config import PipelineConfig
from edgeact.daemon.camera_media import CameraMedia
from edgeact.daemon.config import CameraConfig
from edgeact.daemon.event_sink import EventSink
from edgeact.daemon.shedding import Load, Step
from edgeact.errors import EdgeactError
from edgeact.memory import MEGABYTE
from edgeact.perception.pace import Pace
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.session import Session
from edgeact.sinks.base import Sink
from edgeact.watching.watched import Watched

logger = logging.getLogger(__name__)

# Frames a second that tracks and actions live well with; a camera without ``fps`` is not behind when it gets them.
USEFUL_RATE = 10.0
_POLL_SECONDS = 0.05
# After detection was switched off, frames that are on their way are perceived; then what is open ends.
REST_SECONDS = 2.0
SHED_FACTOR = 2.0  # by which a step that is given up becomes rarer


def open_camera(config: CameraConfig, pipeline: PipelineConfig, tap: PacketTap | None = None) -> Any:
    """Open what a camera's address names; a live one connects in the background, and never gives up.

    Args:
        config: Of the camera.
        pipeline: Says how large pictures may be.
        tap: Is given the packets of a live one.

    Raises:
        EdgeactError: It cannot be opened (see `edgeact.capture.open.open_source`).
    """
    live = LiveSettings(
        timeout=config.timeout,
        transport=config.transport,
        tls_ca=config.tls_ca,
        size=config.size,
        rate=config.rate,
        gives_up=False,
        tap=tap,
    )
    return open_source(
        config.url.get_secret_value(),
        kind=config.kind,
        turn=config.turn,
        max_megapixels=pipeline.max_megapixels,
        memory=pipeline.memory_megabytes * MEGABYTE,
        live=live,
    )


class Camera:
    """A camera while the daemon runs.

    Args:
        name: In the configuration.
        config: Of the camera.
        pipeline: How its frames are perceived.
        make_outlets: Makes the outlets for each run of an opened source, with what was made for its pictures.
        make_media: Makes what a run needs for its pictures.

    Attributes:
        watched: How it stands.
        restarts: How often it was begun anew.
        given_up: What it does without, because there is not time for everything.
    """

    def __init__(
        self,
        name: str,
        config: CameraConfig,
        pipeline: PipelineConfig,
        make_outlets: Callable[[Source, CameraMedia], Sequence[Outlet]],
        make_media: Callable[[], CameraMedia] = CameraMedia,
    ) -> None:
        self.watched = Watched(name)
        self.restarts = 0
        self.given_up: tuple[Step, ...] = ()
        self._config, self._pipeline = config, pipeline
        self._make_outlets, self._make_media = make_outlets, make_media
        self._media = CameraMedia()
        self._sinks: list[Sink] = []
        self._pace = Pace()
        self._limit: RateLimited | None = None
        self._counted: tuple[float, int, int] | None = None  # when, and how many frames had come and been perceived
        self._lost_since = self._next_attempt = 0.0  # of `time.monotonic`
        self._is_over = False
        self._forget_at: float | None = None  # when what is open ends, because detection was switched off
        self._chance = random.Random()  # noqa: S311 - spreads waits, guards nothing

    @property
    def is_over(self) -> bool:
        """Whether the camera is a recording that was read to its end, or that failed."""
        return self._is_over

    def advance(self, session: Session[Any]) -> EdgeactError | None:
        """Do what is due: begin it, begin it anew, or note that it is over; to be called a few times a second.

        Returns:
            Why its run failed, when this call noticed it.
        """
        run = self.watched.run
        if self._is_over:
            return None
        self._end_what_is_open()
        if run is None:
            if time.monotonic() >= self._next_attempt:
                self._begin(session)
            return None
        return self._settle(session) if run.is_over else None

    def stop(self, session: Session[Any]) -> None:
        """End it by itself, within a few seconds; the others go on."""
        run = self.watched.run
        if run is not None:
            run.stop()
            while not run.advance_stop():
                time.sleep(_POLL_SECONDS)
        self.finish(session)

    def finish(self, session: Session[Any]) -> None:
        """Store the result of the camera after the session was stopped, and close its output files."""
        if self.watched.run is not None:
            self._settle(session)
        elif self.watched.source is not None:
            self.watched.close()
        self._is_over = True

    def load(self, now: float) -> Load | None:
        """How it has fared since the last call; None where it gives no frames, or is a recording.

        Args:
            now: Of `time.monotonic`.
        """
        source, before = self.watched.source, self._counted
        if not isinstance(source, LiveSource) or source.state is not SourceState.RUNNING or not self.detects:
            self._counted = None
            return None
        came, perceived = source.status.frames, self.watched.frames
        self._counted = (now, came, perceived)
        if before is None or now <= before[0]:
            return None
        seconds = now - before[0]
        wanted = self._rate() or USEFUL_RATE
        return Load(min(wanted, (came - before[1]) / seconds), (perceived - before[2]) / seconds)

    def give_up(self, steps: Sequence[Step]) -> None:
        """Perceive as thoroughly as is left without some steps."""
        self.given_up = tuple(steps)
        self._pace.explains = "attention" not in steps
        self._pace.clip_factor = SHED_FACTOR if "clip" in steps else 1.0
        self._pace.detect_factor = SHED_FACTOR if "detector" in steps else 1.0
        if self._limit is not None:
            self._limit.rate = self._rate()

    @property
    def detects(self) -> bool:
        """Whether its frames are perceived."""
        return not self.watched.rests

    def detect(self, is_on: bool) -> None:
        """Switch perception on or off; the camera stays connected."""
        if is_on == self.detects:
            return
        logger.warning("%s: detection is switched %s", self.watched.name, "on" if is_on else "off")
        self.watched.rests = not is_on
        if self._limit is not None:
            self._limit.rests = not is_on
        self._forget_at = None if is_on else time.monotonic() + REST_SECONDS

    def _end_what_is_open(self) -> None:
        """End all open events and clear persons and labels, `REST_SECONDS` after detection was switched off."""
        if self._forget_at is None or time.monotonic() < self._forget_at:
            return
        self._forget_at = None
        self.watched.persons, self.watched.labels = 0, ()
        for sink in self._sinks:
            if isinstance(sink, EventSink):
                sink.end_open()

    def _rate(self) -> float | None:
        """Frames a second at most; None takes all."""
        if "frames" in self.given_up:
            return (self._config.fps or USEFUL_RATE) / SHED_FACTOR
        return self._config.fps

    def _begin(self, session: Session[Any]) -> None:
        source = None
        try:
            self._media = media = self._make_media()
            source = open_camera(self._config, self._pipeline, media.tap)
            self._limit = limited = RateLimited(source, self._rate())
            limited.rests = self.watched.rests
            outlets = self._make_outlets(limited, media)
            self._sinks = [outlet.sink for outlet in outlets]
            self.watched.run = session.add(
                SourceJob(
                    limited,
                    outlets,
                    conceal=media.concealer,
                    on_observation=self.watched.note,
                    budget=Budget(self._pipeline.queue_frames, self._pipeline.memory_megabytes * MEGABYTE),
                    pace=self._pace,
                ),
                config=self._pipeline,
            )
            self.watched.source, self.watched.error = source, None
        except EdgeactError as error:
            if source is not None:
                source.close()
            self._close_sinks()
            self._fail(error)

    def _settle(self, session: Session[Any]) -> EdgeactError | None:
        """Store the report of a run that has ended; the error, if the run failed."""
        run, failure = self.watched.run, None
        assert run is not None  # noqa: S101 - asked by the callers
        run.finish()
        try:
            self.watched.report = run.result()
        except EdgeactError as error:
            failure = error
        self._close_sinks()
        session.forget(run)
        self.watched.run = None
        if failure is not None:
            self._fail(failure)
        else:
            self._is_over = True
        return failure

    def _fail(self, error: EdgeactError) -> None:
        name, now = self.watched.name, time.monotonic()
        is_recording = self.watched.source is not None and not self.watched.source.info.live
        self.watched.error, self.watched.source = error, None
        if is_recording:
            logger.error("%s: %s", name, error)
            self._is_over = True
            return
        if self.watched.frames > 0 or self._lost_since == 0.0:
            self._lost_since = now
        wait = seconds_to_wait(now - self._lost_since, is_refused=False, chance=self._chance)
        logger.error("%s: %s; it is begun anew in %.0f s", name, error, wait)
        self.restarts += 1
        self._next_attempt = now + wait

    def _close_sinks(self) -> None:
        for sink in self._sinks:
            try:
                sink.close()
            except EdgeactError as error:
                logger.error("%s: %s", self.watched.name, error)
        self._sinks = []
        self._media.close()
        self._media = CameraMedia()

    @property
    def state(self) -> SourceState:
        """Where it stands."""
        return self.watched.state
