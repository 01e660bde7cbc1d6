"""One source of a session: its queues, its own threads, how it stops, and what is reported of it.

capture → (detect → track → act, the session's threads) → render → outlets. A file gives every frame, in order, exactly
once: a full queue makes the thread before it wait. A live source gives the newest frame: what there is no time for is
dropped, and counted. A failure ends this source only. `STOP_SECONDS` after a stop all of its threads have ended,
whatever the source, a graph or a sink does: what hangs is left behind and named.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from edgeact.errors import PipelineError
from edgeact.queues import Allowance
from edgeact.runtime.capture_loop import CaptureLoop
from edgeact.runtime.job import SourceJob, SourceQueues
from edgeact.runtime.outcome import make_report, raise_failure, raise_hanging
from edgeact.runtime.outlet import OutletLoop
from edgeact.runtime.render_loop import RenderLoop
from edgeact.runtime.report import Counters, SourceReport, SourceStatus
from edgeact.runtime.source_threads import SourceThreads
from edgeact.stopping import STOP_SECONDS
from edgeact.types import Event

# What happens how long after a stop: first a source may end by itself; then what was read is finished without it; then
# frames that no stage has begun are dropped, so that each stage finishes the one it has; then all that wait are woken;
# and at last whoever still works is left behind, early enough to keep the promise on a busy machine.
CAPTURE_SECONDS, FINISH_SECONDS, ABORT_SECONDS, LEAVE_SECONDS = 1.0, 2.5, 3.8, STOP_SECONDS - 0.5


class SourceRun:
    """One source while it runs; made by the session.

    Args:
        job: What is to be done.
        queues: Of the source.
        stages_at_work: Names of the perceiving stages that work on something of the source now.
        asked_to_stop: When set, the source ends with the frame that is being read, without waiting for `stop`.
    """

    def __init__(
        self,
        job: SourceJob,
        queues: SourceQueues,
        stages_at_work: Callable[[], tuple[str, ...]],
        asked_to_stop: threading.Event,
    ) -> None:
        self.job, self.queues = job, queues
        self._asked_to_stop = asked_to_stop
        self._at_work = stages_at_work
        self._counters = Counters()
        self._allowance = Allowance(queues.in_work)
        self._outlets = [OutletLoop(outlet, queues.capacity) for outlet in job.outlets]
        self._capture = CaptureLoop(
            job,
            queues.frames,
            self._allowance,
            self._counters.times,
            must_stop=self._notice_stop,
            is_stopped=lambda: self._stopped is not None,
        )
        self._render = RenderLoop(
            job, queues.perceived, self._outlets, self._counters, release=self._allowance.give_back
        )
        self._threads = SourceThreads(self.fail)
        self._lock = threading.Lock()
        self._writing = 1 + len(self._outlets)  # threads that draw or write
        self._settled = threading.Event()  # all is written, or something failed
        self._failure: tuple[str, BaseException] | None = None
        self._stopped: float | None = None  # of `time.monotonic`
        self._is_cut_short = False  # a stop left no time for some frames that were read
        self._is_finishing = False  # after a stop, the sinks get only the frames that one of them has
        self._began = self._ended = 0.0
        self._hanging: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """Name of the source, without credentials."""
        return self.job.source.info.name

    @property
    def is_over(self) -> bool:
        """Whether all is written, or something failed."""
        return self._settled.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the source is over, for so long at most; whether it is."""
        return self._settled.wait(seconds)

    def start(self) -> None:
        """Start the source's own threads.

        Raises:
            PipelineError: The system gives no more threads.
        """
        self._began = time.perf_counter()
        try:
            is_file = not self.job.source.info.live  # of a live source, reading and giving out must not be late
            self._threads.start("capture", self._capture.run, is_patient=is_file)
            self._threads.start("render", partial(self._write, self._render.run), is_patient=is_file)
            for loop in self._outlets:
                self._threads.start(f"{loop.outlet.name} sink", partial(self._write, loop.run), is_patient=True)
        except BaseException:
            self._abort()
            raise

    def stop(self) -> None:
        """Ask the source to end; `advance_stop` sees to it that it does."""
        with self._lock:
            if self._stopped is not None:
                return
            self._stopped = time.monotonic()
        self._allowance.close()
        self._close_live_source()

    def advance_stop(self) -> bool:
        """Do what is due after a stop; to be called every tenth of a second or so.

        Returns:
            Whether the source is over, or may be left.
        """
        if self.is_over:
            return True
        if self._stopped is None:
            return False
        elapsed = time.monotonic() - self._stopped
        if elapsed >= ABORT_SECONDS:
            self._is_cut_short = True
            self._abort()
        elif elapsed >= FINISH_SECONDS:
            self._finish_what_is_begun()
        elif elapsed >= CAPTURE_SECONDS and self._threads.is_alive("capture"):
            self._is_cut_short = True
            self.queues.frames.close()
        return self.is_over

    def finish(self) -> None:
        """Wait for the threads of a source that is over; what hangs is left behind."""
        if self._hanging is not None:
            return
        self._close_live_source()
        deadline = time.monotonic() + LEAVE_SECONDS
        if self._stopped is not None:
            deadline = min(deadline, self._stopped + LEAVE_SECONDS)
        hanging = self._threads.join(deadline)
        while self._at_work() and time.monotonic() < deadline:
            time.sleep(0.01)
        self._hanging = (*hanging, *self._at_work())

    def result(self) -> SourceReport:
        """The report of the source; to be called after `finish`.

        Raises:
            EdgeactError: As raised by a stage, the source or a sink.
            PipelineError: A thread failed in a way it should not have (the cause is chained), or hung and was left
                behind (see `edgeact.stopping.left_behind`); its sinks must not be touched then.
        """
        frames, hanging = self._counters.frames, self._hanging or ()
        if self._failure is not None:
            raise_failure(self.name, *self._failure, frames=frames, hanging=hanging)
        if hanging:
            raise_hanging(self.name, frames=frames, hanging=hanging)
        seconds = (self._ended or time.perf_counter()) - self._began
        report = make_report(
            self._capture, self._outlets, self._counters, seconds=seconds, is_cut_short=self._is_cut_short
        )
        captured = self._capture.captured
        if not self.job.source.info.live and not self._is_cut_short and report.frames != captured:
            raise AssertionError(f"{captured} frames were read, but {report.frames} written")
        return report

    def status(self) -> SourceStatus:
        """How it stands now."""
        source, failure, capture, budget = self.job.source, self._failure, self._capture, self.job.budget
        dropped = {"newer_frame": capture.newer, "budget": capture.over_budget}
        return SourceStatus(
            name=self.name,
            state=source.state,
            epoch=source.epoch,
            captured=capture.captured,
            frames=self._counters.frames,
            dropped={cause: count for cause, count in dropped.items() if count > 0},
            most_frames_per_second=budget.most_frames_per_second,
            priority=budget.priority,
            frame_age=self._counters.ages.summary(),
            persons=self._counters.persons,
            outlets={loop.outlet.name: loop.report() for loop in self._outlets},
            error=None if failure is None else " ".join(str(failure[1]).split()) or type(failure[1]).__name__,
        )

    def note_last_events(self, events: tuple[Event, ...]) -> None:
        """The source's frames are all perceived; these events were still open."""
        self._render.note_last_events(events)

    def fail(self, stage: str, error: BaseException) -> None:
        """Something of this source failed; the first failure is kept, and the source ends."""
        with self._lock:
            if self._failure is None:
                self._failure = (stage, error)
        self._abort()

    def _abort(self) -> None:
        self._allowance.close()
        self.queues.abort()
        for loop in self._outlets:
            loop.abort()
        self._render.abort()
        self._settled.set()

    def _finish_what_is_begun(self) -> None:
        """Drop the frames that no sink was given; what one of them has, the others still get."""
        if not self._is_finishing:
            self._is_finishing = self._is_cut_short = True
            last = max((loop.begun for loop in self._outlets), default=0)
            for loop in self._outlets:
                loop.cut(last)
            self.queues.close(discard=True)

    def _close_live_source(self) -> None:
        """End a live source's blocked read from outside; closing may hang as well, so it has a thread of its own."""
        if self.job.source.info.live:
            with contextlib.suppress(PipelineError):  # no more threads: the capture is then left behind, and named
                self._threads.start("close", self.job.source.close, is_patient=False)

    def _notice_stop(self) -> bool:
        # Whoever waits for the source looks only every tenth of a second, in which many frames would be read.
        if self._stopped is None and self._asked_to_stop.is_set():
            self.stop()
        return self._stopped is not None

    def _write(self, work: Callable[[], None]) -> None:
        """Draw or write; the last thread to end closes the source's report."""
        work()
        with self._lock:
            self._writing -= 1
            is_last = self._writing == 0
        if is_last:
            self._ended = time.perf_counter()
            self._settled.set()
