"""One source of a session: its queues, its own threads, how it stops, and what is reported of it.

capture → (detect → track → act, the session's threads) → render → outlets. A file gives every frame, in order, exactly
once: a full queue makes the thread before it wait. A live source gives the newest frame: what there is no time for is
dropped, and counted. A failure ends this source only. `STOP_SECONDS` after a stop all of its threads have ended,
whatever the source, a graph or a sink does: what hangs is left behind and named.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edgeact.errors import EdgeactError, PipelineError, remedy_for
from edgeact.memory import frames_in_work
from edgeact.queues import Allowance, QueueAbortedError
from edgeact.runtime.job import SourceJob, SourceQueues
from edgeact.runtime.outlet import Delivery, Outlet, OutletLoop
from edgeact.runtime.report import STAGES, Counters, SourceReport, SourceStatus
from edgeact.stopping import STOP_SECONDS, join_or_leave, named_thread, start_thread
from edgeact.types import Event, Frame, Observation, UInt8

# Where cores are short, perceiving goes before reading files, drawing and writing: all frames wait for the slowest
# stage, which is a perceiving one. On two cores that is a tenth of the time. Reading from a live source must not be
# late.
_PATIENT_NICENESS = 10

# What happens how long after a stop: first a source may end by itself; then what was read is finished without it; then
# frames that no stage has begun are dropped, so that each stage finishes the one it has; then all that wait are woken;
# and at last whoever still works is left behind, early enough to keep the promise on a busy machine.
CAPTURE_SECONDS, FINISH_SECONDS, ABORT_SECONDS, LEAVE_SECONDS = 1.0, 2.5, 3.8, STOP_SECONDS - 0.5


def step_back() -> None:
    """Make this thread, and those that it starts, wait where others want the core; only Linux knows the niceness of a
    thread.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # a sandbox may forbid it or not know it; then all stages are equal
            os.setpriority(
                os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + _PATIENT_NICENESS, 19)
            )


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
        self._live = job.source.info.live
        self._allowance = Allowance(queues.in_work)
        self._largest = job.source.info.width * job.source.info.height
        self._outlets = [OutletLoop(outlet, queues.capacity) for outlet in job.outlets]
        self._counters = Counters()
        self._threads: list[threading.Thread] = []
        self._reader: threading.Thread | None = None
        self._working = 1 + len(self._outlets)  # threads that write or give out
        self._settled = threading.Event()  # all is written, or something failed
        self._perceived_all = threading.Event()  # the last events are there, or something failed
        self._last_events: tuple[Event, ...] = ()
        self._lock = threading.Lock()
        self._failure: tuple[str, BaseException] | None = None
        self._stopped: float | None = None  # of `time.monotonic`
        self._captured = 0
        self._exhausted = False
        self._newer = 0  # frames that gave way to newer ones
        self._cut_short = False  # a stop left no time for some frames that were read
        self._last_number: int | None = None  # after a stop, of the frames that the sinks still get
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
        work = {"capture": self._capture, "render": self._render}
        for loop in self._outlets:
            work[f"{loop.outlet.name} sink"] = partial(self._write, loop)
        try:
            for name, do in work.items():
                thread = named_thread(name, partial(self._guard, name, do))
                start_thread(thread)
                self._threads.append(thread)
                self._reader = self._reader or thread
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
        if self._live:
            self._close_source()

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
            self._cut_short = True
            self._abort()
        elif elapsed >= FINISH_SECONDS:
            self._finish_what_is_begun()
        elif elapsed >= CAPTURE_SECONDS and self._reader is not None and self._reader.is_alive():
            self._cut_short = True
            self.queues.frames.close()
        return self.is_over

    def finish(self) -> None:
        """Wait for the threads of a source that is over; what hangs is left behind."""
        if self._hanging is not None:
            return
        if self._live:
            self._close_source()
        deadline = time.monotonic() + LEAVE_SECONDS
        if self._stopped is not None:
            deadline = min(deadline, self._stopped + LEAVE_SECONDS)
        hanging = join_or_leave(self._threads, deadline)
        while self._at_work() and time.monotonic() < deadline:
            time.sleep(0.01)
        self._hanging = (*hanging, *self._at_work())

    def result(self) -> SourceReport:
        """What came of it, after `finish`.

        Raises:
            EdgeactError: As raised by a stage, the source or a sink.
            PipelineError: A thread failed in a way it should not have (the cause is chained), or hung and was left
                behind (see `edgeact.stopping.left_behind`); its sinks must not be touched then.
        """
        self._raise_failure(self._hanging or ())
        written = min(
            (loop.written for loop in self._outlets if _takes_all(loop.outlet) and loop.error is None),
            default=self._counters.frames,
        )
        stopped = self._captured - written - self._newer if self._cut_short else 0
        if not self._live and not self._cut_short and written != self._captured:
            raise AssertionError(f"{self._captured} frames were read, but {written} written")
        dropped = {"newer_frame": self._newer, "stopped": stopped}
        stages = self._counters.times.summary(STAGES)
        outlets = {loop.outlet.name: loop.report() for loop in self._outlets}
        for name, report in outlets.items():
            stages[name] = report.seconds
        counters = self._counters
        return SourceReport(
            frames=written,
            seconds=(self._ended or time.perf_counter()) - self._began,
            media_seconds=counters.media_seconds,
            dropped={cause: count for cause, count in dropped.items() if count > 0},
            stages=stages,
            frame_age=counters.ages.summary(),
            peak_memory=counters.memory.peak,
            events=counters.events,
            tracks=len(counters.tracks),
            most_persons=counters.most_persons,
            action_seconds=dict(sorted(counters.action_seconds.items())),
            interrupted=not self._exhausted,
            outlets=outlets,
        )

    def status(self) -> SourceStatus:
        """How it stands now."""
        source, failure = self.job.source, self._failure
        return SourceStatus(
            name=self.name,
            state=source.state,
            epoch=source.epoch,
            captured=self._captured,
            frames=self._counters.frames,
            dropped={"newer_frame": self._newer} if self._newer else {},
            frame_age=self._counters.ages.summary(),
            persons=self._counters.persons,
            outlets={loop.outlet.name: loop.report() for loop in self._outlets},
            error=None if failure is None else " ".join(str(failure[1]).split()) or type(failure[1]).__name__,
        )

    def note_last_events(self, events: tuple[Event, ...]) -> None:
        """The source's frames are all perceived; these events were still open."""
        self._last_events = events
        self._perceived_all.set()

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
        self._perceived_all.set()
        self._settled.set()

    def _finish_what_is_begun(self) -> None:
        """Drop the frames that no sink was given; what one of them has, the others still get."""
        if self._last_number is None:
            self._cut_short = True
            self._last_number = max((loop.begun for loop in self._outlets), default=0)
            for loop in self._outlets:
                loop.cut(self._last_number)
            self.queues.close(discard=True)

    def _close_source(self) -> None:
        """End a live source's blocked read from outside; closing may hang as well, so it has a thread of its own."""
        thread = named_thread("close", partial(self._guard, "close", self.job.source.close))
        with contextlib.suppress(PipelineError):  # no more threads: the capture is then left behind, and named
            start_thread(thread)
            self._threads.append(thread)

    def _guard(self, name: str, work: Callable[[], None]) -> None:
        try:
            if name != "close" and not (name == "capture" and self._live):
                step_back()
            work()
        except QueueAbortedError:
            pass  # another thread failed and has said why
        except BaseException as error:  # noqa: BLE001 - the top of a thread: kept for whoever asks what came of it
            self.fail(name, error)

    def _capture(self) -> None:
        frames = self.job.source.frames()
        while not self._is_stopping() and (self._live or self._allowance.take()):
            began = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                # A live source that was closed by a stop ends as well, but not by itself.
                self._exhausted = not self._live or self._stopped is None
                break
            self._counters.times.add("capture", time.perf_counter() - began)
            self._fit_allowance(frame)
            self._captured += 1
            gone = self.queues.frames.put(frame if frame.source else replace(frame, source=self.name))
            if self._stopped is None:
                self._newer += len(gone)
        self.queues.frames.close()

    def _is_stopping(self) -> bool:
        # Whoever waits for the source looks only every tenth of a second, in which many frames would be read.
        if self._stopped is None and self._asked_to_stop.is_set():
            self.stop()
        return self._stopped is not None

    def _fit_allowance(self, frame: Frame) -> None:
        """Where later pictures are larger than the source announced, fewer may be in work."""
        height, width = frame.image.shape[:2]
        if width * height > self._largest:
            self._largest = width * height
            info = replace(self.job.source.info, width=width, height=height)
            memory = self.job.budget.memory
            self._allowance.limit(frames_in_work(info, memory=memory, drawn=self.job.draw is not None))

    def _render(self) -> None:
        draws = any("pictures" in loop.outlet.sink.takes for loop in self._outlets)
        draw = self.job.draw if draws else None
        number = 0
        while (perceived := self.queues.perceived.get()) is not None:
            observation, picture = perceived.observation, None
            if draw is not None:
                began = time.perf_counter()
                picture = draw(observation)
                self._counters.times.add("render", time.perf_counter() - began)
            self._counters.count(observation)
            if self.job.on_observation is not None:
                self.job.on_observation(observation)
            self._give_out(number, observation, picture, perceived.events)
            number += 1
        self._perceived_all.wait()
        self._give_out_events(number, self._last_events)
        for loop in self._outlets:
            loop.close()
        self._leave()

    def _give_out(
        self, number: int, observation: Observation, picture: UInt8 | None, events: tuple[Event, ...]
    ) -> None:
        takers = [loop for loop in self._outlets if loop.outlet.sink.takes & {"observations", "pictures"}]
        release = _AfterCalls(len(takers), self._allowance.give_back)
        for loop in takers:
            shown = picture if "pictures" in loop.outlet.sink.takes else None
            loop.deliver(Delivery(number, observation=observation, picture=shown, done=release))
        self._give_out_events(number, events)

    def _give_out_events(self, number: int, events: tuple[Event, ...]) -> None:
        for event in events:
            self._counters.count_event(event)
            for loop in self._outlets:
                if "events" in loop.outlet.sink.takes:
                    loop.deliver(Delivery(number, event=event))

    def _write(self, loop: OutletLoop) -> None:
        loop.run()
        self._leave()

    def _leave(self) -> None:
        """Note that a writing thread has ended; the last one to end closes the source's report."""
        with self._lock:
            self._working -= 1
            is_last = self._working == 0
        if is_last:
            self._ended = time.perf_counter()
            self._settled.set()

    def _raise_failure(self, hanging: tuple[str, ...]) -> None:
        behind = f"the {' and '.join(hanging)} thread hangs and was left behind" if hanging else ""
        frames = self._counters.frames
        if self._failure is None:
            if hanging:
                raise PipelineError(
                    f"{self.name}: {behind} {STOP_SECONDS:.0f} s after the stop, with {frames} frames perceived; check "
                    "the disk, network or device that it waits for"
                )
            return
        stage, error = self._failure
        if isinstance(error, EdgeactError):
            if hanging:
                error.args = (f"{error}; {behind}",)
            raise error
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise PipelineError(
            f"{self.name}: the {stage} stage failed after {frames} frames ({what}); "
            f"{behind}{'; ' if hanging else ''}{remedy_for(error)}"
        ) from error


class _AfterCalls:
    """Calls something once it was called so many times itself; at once for none."""

    def __init__(self, count: int, then: Callable[[], None]) -> None:
        self._left, self._then = count, then
        self._lock = threading.Lock()
        if count == 0:
            then()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last:
            self._then()


def _takes_all(outlet: Outlet) -> bool:
    """Whether an outlet takes every frame."""
    return outlet.policy == "wait" and bool(outlet.sink.takes & {"observations", "pictures"})
