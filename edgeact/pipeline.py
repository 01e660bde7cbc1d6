"""capture → look → follow → describe → render → sinks: a thread a stage, bounded queues between them.

A file gives every frame, in order, exactly once: a full queue makes the stage before it wait. A live source gives the
newest frame: what the perceiver has no time for is dropped, and counted. Any failure stops all stages and reaches the
caller; a stop (Ctrl-C) ends the capture only, and what was read is finished and written as far as there is time.
`STOP_SECONDS` after either, `run` has returned, whatever a source, a graph or a sink does: a stage that hangs is left
behind and named in the error.
"""

import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from edgeact.capture.base import Source
from edgeact.errors import EdgeactError, PipelineError, remedy_for
from edgeact.memory import DEFAULT_MEMORY, frames_in_work
from edgeact.queues import Allowance, QueueAbortedError, StageQueue
from edgeact.sinks.base import Sink
from edgeact.stats import DurationHistogram, PeakMemory, Percentiles, StageTimes
from edgeact.stopping import STOP_SECONDS, join_or_leave, named_thread, start_thread
from edgeact.types import Event, Frame, Observation, Perceived, UInt8

# The order in which reports list the stages; those between capture and render are parts of the perceiver.
STAGES = ("capture", "detect", "pose", "track", "action", "attention", "render", "sinks")

# Where cores are short, the stages that see go before those that read, draw and write: all frames wait for the slowest,
# which is one of them. On two cores that is a tenth of the time. Reading from a live source must not be late.
_PATIENT_STAGES = ("capture", "render", "sinks")
_PATIENT_NICENESS = 10

# What happens how long after a stop: first a source may end by itself; then what was read is finished without it; then
# frames that no stage has begun are dropped, so that each stage finishes the one it has; then all that wait are woken;
# and at last whoever still works is left behind, early enough to keep the promise on a busy machine.
_CAPTURE_SECONDS, _FINISH_SECONDS, _ABORT_SECONDS, _LEAVE_SECONDS = 1.0, 2.5, 3.8, STOP_SECONDS - 0.5


class FramePerceiver(Protocol):
    """What the pipeline needs of a perceiver."""

    @property
    def steps(self) -> Mapping[str, Callable[[Any], Any]]:
        """By name what is done to a frame, one after the other, each in a thread of its own.

        The first takes a `Frame`, every other one what the one before gave; the last gives a `Perceived`.
        """
        ...

    def finish(self) -> tuple[Event, ...]:
        """The events that were still open when the source ended."""
        ...


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """What a run did and how long it took.

    Attributes:
        frames: Frames written to the sinks.
        seconds: Wall-clock time from the first read to the last write.
        media_seconds: Presentation time from the first to the last frame.
        dropped: Frames that were read and not written, by cause: ``newer_frame`` (live sources only), or ``stopped`` (a
            stop left no time for them).
        stages: Time a frame by stage, in the order of `STAGES`; a stage that did not run has no entry.
        frame_age: Time from a frame's capture to its rendered result.
        peak_memory: Highest resident memory of the process in bytes.
        events: Actions that were reported.
        tracks: Different persons that were followed.
        most_persons: The most persons in one frame.
        action_seconds: Presentation time of all events by label.
        interrupted: True when a stop ended the run before the source did.
    """

    frames: int
    seconds: float
    media_seconds: float
    dropped: dict[str, int]
    stages: dict[str, Percentiles]
    frame_age: Percentiles
    peak_memory: int
    events: int
    tracks: int
    most_persons: int
    action_seconds: dict[str, float]
    interrupted: bool


def run(
    source: Source,
    perceiver: FramePerceiver,
    sinks: Sequence[Sink],
    *,
    draw: Callable[[Observation], UInt8] | None,
    queue_frames: int,
    stop: threading.Event,
    on_result: Callable[[Observation], None] | None = None,
    memory: int = DEFAULT_MEMORY,
) -> PipelineReport:
    """Take a source through the perceiver into the sinks; on return all threads have ended or were left behind.

    The sinks are written but neither closed nor aborted: that is the caller's, who knows what belongs together.

    Args:
        source: Where frames come from.
        perceiver: Sees persons, poses and actions in them.
        sinks: Where results go, called in this order from one thread.
        draw: Makes the picture ``(H, W, 3)`` uint8 RGB of a result; None writes no pictures.
        queue_frames: Frames that may wait between two stages (fewer when they are large).
        stop: When set, the capture ends and what was read is finished.
        on_result: Told of every result from the sinks' thread, before it is written; must be quick.
        memory: Bytes that frames, decoder and encoder may take together; large frames wait in shorter queues.

    Raises:
        EdgeactError: As raised by a stage.
        PipelineError: A stage failed in a way it should not have (the cause is chained), no thread could be started, or
            a stage hung and was left behind (see `edgeact.stopping.left_behind`); its sinks must not be touched then.
    """
    return _Run(
        source, perceiver, sinks, draw=draw, queue_frames=queue_frames, stop=stop, on_result=on_result, memory=memory
    ).execute()


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A result with its picture; ``number`` counts the frames as they were read."""

    number: int
    result: Perceived
    picture: UInt8 | None


def _step_back() -> None:
    """Make this thread, and those that it starts, wait where others want the core; only Linux knows the niceness of a
    thread.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # a sandbox may forbid it or not know it; then all stages are equal
            os.setpriority(
                os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + _PATIENT_NICENESS, 19)
            )


class _Run:
    """One run: its queues, its threads, and what they counted."""

    def __init__(
        self,
        source: Source,
        perceiver: FramePerceiver,
        sinks: Sequence[Sink],
        *,
        draw: Callable[[Observation], UInt8] | None,
        queue_frames: int,
        stop: threading.Event,
        on_result: Callable[[Observation], None] | None,
        memory: int,
    ) -> None:
        self._source = source
        self._perceiver = perceiver
        self._sinks = sinks
        self._draw = draw
        self._stop = stop
        self._on_result = on_result
        self._live = source.info.live
        in_work = frames_in_work(source.info, memory=memory, drawn=draw is not None)
        capacity = min(queue_frames, in_work)
        self._allowance = Allowance(in_work)
        self._memory_budget = memory
        self._largest = source.info.width * source.info.height
        self._frames: StageQueue[tuple[int, Frame]] = StageQueue(1 if self._live else capacity, newest_only=self._live)
        # Between the perceiver's steps only what lets the first one finish a detection while the next one has something
        # to do.
        between = 1 if self._live else max(1, capacity // 2)
        self._seen: list[StageQueue[tuple[int, Any]]] = [StageQueue(between) for _ in list(perceiver.steps)[1:]]
        self._results: StageQueue[tuple[int, Perceived]] = StageQueue(capacity)
        self._pictures: StageQueue[_Drawn] = StageQueue(capacity)
        self._settled = threading.Event()  # all is written, or something failed
        self._finished = threading.Event()  # the perceiver has given its last events, or something failed
        self._failure_lock = threading.Lock()
        self._failure: tuple[str, BaseException] | None = None
        self._captured = 0
        self._written = 0
        self._exhausted = False
        self._cut_short = False  # a stop left no time for some frames that were read
        self._deadline = math.inf  # of `time.monotonic`: when those who still work are left behind
        self._last_events: tuple[Event, ...] = ()
        self._times = StageTimes()
        self._ages = DurationHistogram()
        self._memory = PeakMemory()
        self._tracks: set[int] = set()  # grows with the persons seen, not with the frames
        self._most_persons = 0
        self._events = 0
        self._action_seconds: dict[str, float] = {}
        self._media_start: float | None = None
        self._media_end = 0.0

    def execute(self) -> PipelineReport:
        queues = [self._frames, *self._seen, self._results]
        steps = {
            name: partial(self._perceive, step, taken, given)
            for (name, step), taken, given in zip(self._perceiver.steps.items(), queues[:-1], queues[1:], strict=True)
        }
        stages: dict[str, Callable[[], None]] = {
            "capture": self._capture,
            **steps,
            "render": self._render,
            "sinks": self._write,
        }
        began = time.perf_counter()
        started: list[threading.Thread] = []
        hanging: tuple[str, ...] = ()
        try:
            for name, stage in stages.items():
                thread = named_thread(name, partial(self._guard, name, stage))
                start_thread(thread)
                started.append(thread)
            self._wait(started)
        except BaseException:
            self._abort()
            raise
        finally:
            if self._live:
                self._close_source(started)
            hanging = join_or_leave(started, min(self._deadline, time.monotonic() + _LEAVE_SECONDS))
        self._raise_failure(hanging)
        return self._report(time.perf_counter() - began)

    def _wait(self, threads: list[threading.Thread]) -> None:
        """Until all is written or something failed; after a stop not longer than there is time."""
        capture = threads[0]
        stopped: float | None = None
        while not self._settled.wait(0.1):
            now = time.monotonic()
            if stopped is None:
                if not self._stop.is_set():
                    continue
                stopped, self._deadline = now, now + _LEAVE_SECONDS
                self._allowance.close()
                if self._live:
                    self._close_source(threads)
            elapsed = now - stopped
            if elapsed >= _ABORT_SECONDS:
                self._cut_short = True
                self._abort()
            elif elapsed >= _FINISH_SECONDS:
                self._cut_short = True
                # Backwards, so that what still arrives are the first of the frames, without a gap.
                for queue in reversed(self._queues()):
                    queue.close(discard=True)
            elif elapsed >= _CAPTURE_SECONDS and capture.is_alive():
                self._cut_short = True
                self._frames.close()

    def _close_source(self, threads: list[threading.Thread]) -> None:
        """End a live source's blocked read from outside; closing may hang as well, so it has a thread of its own."""
        thread = named_thread("close", partial(self._guard, "close", self._source.close))
        with contextlib.suppress(PipelineError):  # no more threads: the capture is then left behind, and named
            start_thread(thread)
            threads.append(thread)

    def _guard(self, name: str, stage: Callable[[], None]) -> None:
        try:
            if name in _PATIENT_STAGES and not (name == "capture" and self._live):
                _step_back()
            stage()
        except QueueAbortedError:
            pass  # another stage failed and has said why
        except BaseException as error:  # noqa: BLE001 - the top of a thread: handed to the caller of run
            with self._failure_lock:
                if self._failure is None:
                    self._failure = (name, error)
            self._abort()

    def _abort(self) -> None:
        self._allowance.close()
        for queue in self._queues():
            queue.abort()
        self._finished.set()
        self._settled.set()

    def _queues(self) -> list[StageQueue[Any]]:
        return [self._frames, *self._seen, self._results, self._pictures]

    def _raise_failure(self, hanging: tuple[str, ...]) -> None:
        behind = f"the {' and '.join(hanging)} thread hangs and was left behind" if hanging else ""
        if self._failure is None:
            if hanging:
                raise PipelineError(
                    f"{self._source.info.name}: {behind} {STOP_SECONDS:.0f} s after the stop, with {self._written} "
                    "frames written; check the disk, network or device that it waits for"
                )
            return
        stage, error = self._failure
        if isinstance(error, EdgeactError):
            if hanging:
                error.args = (f"{error}; {behind}",)
            raise error
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise PipelineError(
            f"{self._source.info.name}: the {stage} stage failed after {self._written} frames ({what}); "
            f"{behind}{'; ' if hanging else ''}{remedy_for(error)}"
        ) from error

    def _capture(self) -> None:
        frames = self._source.frames()
        while not self._stop.is_set() and (self._live or self._allowance.take()):
            began = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                self._exhausted = True
                break
            self._times.add("capture", time.perf_counter() - began)
            self._fit_allowance(frame)
            self._frames.put((self._captured, frame))
            self._captured += 1
        self._frames.close()

    def _fit_allowance(self, frame: Frame) -> None:
        """Where later pictures are larger than the source announced, fewer may be in work."""
        height, width = frame.image.shape[:2]
        if width * height > self._largest:
            self._largest = width * height
            info = replace(self._source.info, width=width, height=height)
            self._allowance.limit(frames_in_work(info, memory=self._memory_budget, drawn=self._draw is not None))

    def _perceive(
        self, step: Callable[[Any], Any], taken: StageQueue[tuple[int, Any]], given: StageQueue[tuple[int, Any]]
    ) -> None:
        while (item := taken.get()) is not None:
            number, value = item
            given.put((number, step(value)))
        if given is self._results:
            self._last_events = self._perceiver.finish()
            self._finished.set()
        given.close()

    def _render(self) -> None:
        while (item := self._results.get()) is not None:
            number, result = item
            picture = None
            if self._draw is not None:
                began = time.perf_counter()
                picture = self._draw(result.observation)
                self._times.add("render", time.perf_counter() - began)
            self._pictures.put(_Drawn(number, result, picture))
        self._pictures.close()

    def _write(self) -> None:
        # One result is held back, so that the events which the source's end closes go out with the last frame.
        held: _Drawn | None = None
        expected = 0
        while (drawn := self._next_picture()) is not None:
            if drawn.number < expected or (drawn.number > expected and not self._live):
                raise AssertionError(f"frame {drawn.number} came where frame {expected} was due")
            expected = drawn.number + 1
            self._count(drawn.result.observation)
            if self._on_result is not None:
                self._on_result(drawn.result.observation)
            if held is not None:
                self._write_one(held)
            held = drawn
        self._finished.wait()  # only a stop that cut the frames short makes the pictures end before the perceiver
        if held is not None:
            self._write_one(replace(held, result=replace(held.result, events=held.result.events + self._last_events)))
        if not self._live and not self._cut_short and self._written != self._captured:
            raise AssertionError(f"{self._captured} frames were read, but {self._written} written")
        self._settled.set()

    def _next_picture(self) -> _Drawn | None:
        try:
            return self._pictures.get()
        except QueueAbortedError:
            if self._failure is None and self._cut_short:
                return None  # a stop left no more time: what is written stays whole
            raise

    def _write_one(self, drawn: _Drawn) -> None:
        began = time.perf_counter()
        for sink in self._sinks:
            if sink.takes & {"observations", "pictures"}:
                sink.write(drawn.result.observation, drawn.picture)
            if "events" in sink.takes:
                for event in drawn.result.events:
                    sink.write_event(event)
        self._times.add("sinks", time.perf_counter() - began)
        self._written += 1
        self._allowance.give_back()
        for event in drawn.result.events:
            if event.phase == "end" and event.end is not None:
                self._events += 1
                seconds = self._action_seconds.get(event.label, 0.0) + event.end - event.start
                self._action_seconds[event.label] = seconds

    def _count(self, result: Observation) -> None:
        if result.frame.captured > 0.0:
            self._ages.add(time.monotonic() - result.frame.captured)
        for stage, seconds in result.stage_seconds.items():
            self._times.add(stage, seconds)
        self._tracks.update(person.track_id for person in result.persons)
        self._most_persons = max(self._most_persons, len(result.persons))
        if self._media_start is None:
            self._media_start = result.frame.time
        self._media_end = result.frame.time
        self._memory.sample()

    def _report(self, seconds: float) -> PipelineReport:
        newer = self._frames.dropped if self._live else 0
        stopped = self._captured - self._written - newer if self._cut_short else 0
        return PipelineReport(
            frames=self._written,
            seconds=seconds,
            media_seconds=self._media_end - (self._media_start or 0.0),
            dropped={cause: count for cause, count in (("newer_frame", newer), ("stopped", stopped)) if count > 0},
            stages=self._times.summary(STAGES),
            frame_age=self._ages.summary(),
            peak_memory=self._memory.peak,
            events=self._events,
            tracks=len(self._tracks),
            most_persons=self._most_persons,
            action_seconds=dict(sorted(self._action_seconds.items())),
            interrupted=not self._exhausted,
        )
