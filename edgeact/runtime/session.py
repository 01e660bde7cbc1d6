"""A session runs any number of sources over one engine: it starts them, stops them, and says how each stands.

Three threads perceive for all sources, whatever their number (see `edgeact.runtime.scheduler`); each source has a
thread that reads, one that draws and gives out, and one for each of its outlets. ``annotate``, ``bench`` and whatever
else runs frames are thin faces of it.
"""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from edgeact.config import PipelineConfig
from edgeact.errors import BackendError, PipelineError
from edgeact.perception.pace import Pace
from edgeact.perception.stages import Followed, Looked
from edgeact.runtime.job import SourceJob, SourceQueues
from edgeact.runtime.report import SourceReport, SourceStatus
from edgeact.runtime.scheduler import Seat, StageLoop
from edgeact.runtime.source_run import LEAVE_SECONDS, SourceRun
from edgeact.runtime.whose_turn import Account
from edgeact.stopping import join_or_leave, named_thread, start_thread
from edgeact.types import Event, Frame, Perceived

_POLL_SECONDS = 0.1

Stream = TypeVar("Stream")


class Perceiving(Protocol[Stream]):
    """What a session needs of the stages (see `edgeact.perception.stages.Stages`)."""

    def open_stream(
        self, config: PipelineConfig, *, source: str = "", live: bool = False, pace: Pace | None = None
    ) -> Stream:
        """What is to be remembered of a source."""
        ...

    def detect(self, batch: Sequence[tuple[Stream, Frame]]) -> Sequence[Looked | BackendError]:
        """The first stage: one outcome for each item."""
        ...

    def track(self, batch: Sequence[tuple[Stream, Looked]]) -> Sequence[Followed | BackendError]:
        """The second stage: one outcome for each item."""
        ...

    def act(self, batch: Sequence[tuple[Stream, Followed]]) -> Sequence[Perceived | BackendError]:
        """The third stage: one outcome for each item."""
        ...

    def finish(self, stream: Stream) -> tuple[Event, ...]:
        """The events that were still open when a source ended."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """A source in the session: its run, and its seats at the three stages."""

    run: SourceRun
    seats: dict[str, Seat[Any, Any, Any]]

    def stages_at_work(self) -> tuple[str, ...]:
        return tuple(name for name, seat in self.seats.items() if seat.busy)


class Session(Generic[Stream]):
    """Runs any number of sources over one engine. Use it as a context manager, or call `start` and `close`.

    Args:
        perceiving: The stages over the engine, which is closed by whoever opened it.
        config: How frames are perceived, unless a source has settings of its own.
    """

    def __init__(self, perceiving: Perceiving[Stream], config: PipelineConfig | None = None) -> None:
        self._perceiving, self._config = perceiving, config or PipelineConfig()
        self._lock = threading.RLock()
        self._detect: StageLoop[Stream, Frame, Looked] = StageLoop("detect", self._lock, perceiving.detect)
        self._track: StageLoop[Stream, Looked, Followed] = StageLoop("track", self._lock, perceiving.track)
        self._act: StageLoop[Stream, Followed, Perceived] = StageLoop("act", self._lock, perceiving.act)
        self._threads: list[threading.Thread] = []
        self._places: list[_Place] = []

    def start(self) -> None:
        """Start the perceiving threads.

        Raises:
            PipelineError: The system gives no more threads.
        """
        for loop in (self._detect, self._track, self._act):
            thread = named_thread(loop.name, loop.run)
            try:
                start_thread(thread)
            except PipelineError:
                self.close()
                raise
            self._threads.append(thread)

    def add(
        self, job: SourceJob, *, config: PipelineConfig | None = None, stop: threading.Event | None = None
    ) -> SourceRun:
        """Begin to run a source; the others go on.

        Args:
            job: The source, and what is to be done with it.
            config: How its frames are perceived; None takes the session's.
            stop: When set, the source is stopped; where it is set already, nothing is read.

        Raises:
            PipelineError: The system gives no more threads.
        """
        info = job.source.info
        stream = self._perceiving.open_stream(config or self._config, source=info.name, live=info.live, pace=job.pace)
        queues = SourceQueues(job, self._lock, (self._detect.changed, self._track.changed, self._act.changed))
        seats: dict[str, Seat[Any, Any, Any]] = {}
        asked_to_stop = stop or threading.Event()
        place = _Place(SourceRun(job, queues, lambda: place.stages_at_work(), asked_to_stop), seats)
        run = place.run

        def finish() -> None:
            run.note_last_events(self._perceiving.finish(stream))

        # Of a live source one frame is perceived at a time: a second one would only grow old between the stages.
        live = job.source.info.live
        act = Seat(stream, queues.followed, queues.perceived, end=finish, fail=run.fail)
        track = Seat(stream, queues.looked, queues.followed, end=_do_nothing, fail=run.fail)
        detect = Seat(stream, queues.frames, queues.looked, end=_do_nothing, fail=run.fail)
        detect.ahead, detect.one_at_a_time, detect.account = (track, act), live, Account(job.budget.priority)
        act.freed = self._detect.changed if live else None
        seats.update({"detect": detect, "track": track, "act": act})
        with self._lock:
            self._places.append(place)
        self._detect.add(detect)
        self._track.add(track)
        self._act.add(act)
        if asked_to_stop.is_set():
            run.stop()
        run.start()
        return run

    def forget(self, run: SourceRun) -> None:
        """Remember a source that is over no more; whoever runs for months adds its sources anew again and again."""
        with self._lock:
            self._places = [place for place in self._places if place.run is not run]

    def busy_seconds(self) -> dict[str, float]:
        """How long each perceiving thread has worked so far, by its name."""
        return {loop.name: loop.busy_seconds for loop in (self._detect, self._track, self._act)}

    def status(self) -> tuple[SourceStatus, ...]:
        """How every source stands that was added and not forgotten, in that order."""
        with self._lock:
            places = list(self._places)
        return tuple(place.run.status() for place in places)

    def wait(self, run: SourceRun, stop: threading.Event | None = None) -> SourceReport:
        """Wait until a source is over.

        Args:
            run: As `add` gave it.
            stop: When set, the source is stopped: what was read is finished as far as there is time.

        Raises:
            EdgeactError: See `SourceRun.result`.
        """
        try:
            while not run.is_over:
                if stop is not None and stop.is_set():
                    run.stop()
                run.advance_stop()
                run.wait(_POLL_SECONDS)
        except BaseException as error:
            run.fail("waiting", error)
            raise
        finally:
            run.finish()
        return run.result()

    def stop(self) -> None:
        """Stop all sources and wait until they are over; after that `SourceRun.result` says what came of each."""
        with self._lock:
            runs = [place.run for place in self._places]
        for run in runs:
            run.stop()
        going = runs
        while going := [run for run in going if not run.advance_stop()]:
            time.sleep(_POLL_SECONDS)
        for run in runs:
            run.finish()

    def close(self) -> None:
        """Stop all sources and end the perceiving threads; calling it twice does no harm."""
        self.stop()
        for loop in (self._detect, self._track, self._act):
            loop.stop()
        threads, self._threads = self._threads, []
        # A stage that hangs was waited for already, by the source that it works for.
        hangs = any(place.stages_at_work() for place in self._places)
        join_or_leave(threads, time.monotonic() + (0.0 if hangs else LEAVE_SECONDS))

    def __enter__(self) -> "Session[Stream]":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run_source(
    perceiving: Perceiving[Any],
    job: SourceJob,
    *,
    config: PipelineConfig | None = None,
    stop: threading.Event | None = None,
) -> SourceReport:
    """Run one source in a session of its own, until it is over.

    Args:
        perceiving: The stages.
        job: The source, and what is to be done with it.
        config: How frames are perceived.
        stop: When set, the source is stopped.

    Raises:
        EdgeactError: See `SourceRun.result`.
    """
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(Session(perceiving, config))
        return session.wait(session.add(job, stop=stop), stop)


def _do_nothing() -> None:
    """The first two stages have nothing to do when a source ends."""
