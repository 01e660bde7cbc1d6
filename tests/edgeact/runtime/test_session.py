"""Threads and queues: order, exactly once, backpressure, failures and stops. Sources and sinks here are plain lists."""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.capture.base import SourceInfo, SourceState
from edgeact.config import PipelineConfig
from edgeact.errors import BackendError, OutputError, PipelineError
from edgeact.memory import DEFAULT_MEMORY
from edgeact.perception.pace import Pace
from edgeact.perception.stages import Followed, Looked
from edgeact.perception.tracking.step import TrackStep
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.report import SourceReport
from edgeact.runtime.session import run_source
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Frame, Observation, Perceived, Person, Pose, UInt8
from tests.results import ended_event

EVENT = ended_event(start=0.5, end=2.0)


@pytest.fixture(autouse=True)
def no_deadlock_and_no_thread_left() -> Iterator[None]:
    # A deadlock; a machine on which twenty others wait for a core takes a minute for the longest of these tests.
    faulthandler.dump_traceback_later(300, exit=True)
    before = set(threading.enumerate())
    yield
    faulthandler.cancel_dump_traceback_later()
    assert set(threading.enumerate()) <= before


class ListSource:
    """Frames at given times; can fail before a frame, or pause before every frame."""

    def __init__(
        self,
        times: list[float],
        *,
        live: bool = False,
        fail_at: int | None = None,
        pause: float = 0.0,
        size: tuple[int, int] = (8, 6),
    ) -> None:
        self._times = times
        self._fail_at = fail_at
        self._pause = pause
        self._size = size
        self.info = SourceInfo("list", size[0], size[1], live, Fraction(25), len(times), None)
        self.state = SourceState.RUNNING
        self.epoch = 0
        self.read = 0
        self.closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        for index, moment in enumerate(self._times):
            if index == self._fail_at:
                raise ZeroDivisionError("the reader broke")
            if self._pause and self.closed.wait(self._pause):
                return
            self.read += 1
            image = np.full((self._size[1], self._size[0], 3), index % 256, np.uint8)
            yield Frame(index, moment, image, captured=time.monotonic())

    def close(self) -> None:
        self.closed.set()


class Echo:
    """Stages that see one person in every frame, and one event that the end of the source closes.

    Args:
        pause: Seconds that the last stage takes for every frame.
        fail_at: Frame at which it fails.
        error: With what.
    """

    def __init__(self, *, pause: float = 0.0, fail_at: int | None = None, error: Exception | None = None) -> None:
        self._pause, self._fail_at = pause, fail_at
        self._error = error or ZeroDivisionError("the perceiver broke")
        self.batches: list[list[str]] = []
        self.threads: dict[str, set[str]] = {}

    def open_stream(
        self, config: PipelineConfig, *, source: str = "", live: bool = False, pace: Pace | None = None
    ) -> str:
        return source

    def detect(self, batch: Sequence[tuple[str, Frame]]) -> list[Looked | BackendError]:
        self._note("detect")
        return [Looked(frame, False, None, {"detect": 0.001, "own": 0.002}) for _, frame in batch]

    def track(self, batch: Sequence[tuple[str, Looked]]) -> list[Followed | BackendError]:
        self._note("track")
        return [Followed(looked, TrackStep((), ())) for _, looked in batch]

    def act(self, batch: Sequence[tuple[str, Followed]]) -> list[Perceived | BackendError]:
        self._note("act")
        self.batches.append([stream for stream, _ in batch])
        return [self.perceive(followed.looked.frame, followed.looked.seconds) for _, followed in batch]

    def perceive(self, frame: Frame, seconds: dict[str, float]) -> Perceived | BackendError:
        if frame.index == self._fail_at:
            if isinstance(self._error, BackendError):
                return self._error
            raise self._error
        time.sleep(self._pause)
        pose = Pose(np.zeros((21, 2), np.float32), np.zeros(21, np.float32))
        person = Person(frame.index // 10, np.array([0, 0, 4, 4], np.float32), 0.9, pose)
        return Perceived(Observation(frame, (person,), stage_seconds=seconds))

    def finish(self, stream: str) -> tuple[Event, ...]:
        return (EVENT,)

    def _note(self, stage: str) -> None:
        self.threads.setdefault(stage, set()).add(threading.current_thread().name)


class ListSink:
    """Keeps index, time and the picture's first value of every frame, and all events."""

    takes: frozenset[SinkInput] = frozenset({"observations", "pictures", "events"})

    def __init__(self, *, pause: float = 0.0, fail_at: int | None = None) -> None:
        self._pause, self._fail_at = pause, fail_at
        self.rows: list[tuple[int, float, int | None]] = []
        self.events: list[Event] = []

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        if observation.frame.index == self._fail_at:
            raise OutputError("disk full")
        time.sleep(self._pause)
        value = None if picture is None else int(picture[0, 0, 0])
        self.rows.append((observation.frame.index, observation.frame.time, value))

    def write_event(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None: ...

    def abort(self) -> None: ...


def invert(result: Observation) -> UInt8:
    return 255 - result.frame.image


def start(
    source: ListSource,
    perceiver: Echo | None = None,
    sink: ListSink | None = None,
    *,
    draw: Callable[[Observation], UInt8] | None = invert,
    on_observation: Callable[[Observation], None] | None = None,
    queue_frames: int = 2,
    memory: int = DEFAULT_MEMORY,
    stop: threading.Event | None = None,
) -> SourceReport:
    outlets = [Outlet("list", sink or ListSink())]
    job = SourceJob(source, outlets, draw, on_observation, Budget(queue_frames, memory))
    return run_source(perceiver or Echo(), job, stop=stop)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(min_value=0.001, max_value=3.0), max_size=60), st.integers(1, 5))
def test_every_frame_of_a_file_arrives_once_in_order_at_its_time(gaps: list[float], queue_frames: int) -> None:
    times = np.cumsum(gaps).tolist()  # variable frame rate
    sink = ListSink()
    report = start(ListSource(times), sink=sink, queue_frames=queue_frames)
    assert [(index, moment) for index, moment, _ in sink.rows] == list(enumerate(times))
    assert [value for *_, value in sink.rows] == [255 - index for index in range(len(times))]
    assert report.frames == len(times)
    assert report.dropped == {}
    assert not report.interrupted


@pytest.mark.parametrize("slow", ["perceiver", "sink", "draw"])
def test_a_slow_stage_makes_a_file_wait_and_loses_nothing(slow: str) -> None:
    source = ListSource([i / 25 for i in range(30)])
    sink = ListSink(pause=0.005 if slow == "sink" else 0.0)

    def draw(result: Observation) -> UInt8:
        time.sleep(0.005 if slow == "draw" else 0.0)
        # Queues of two frames: no reader can be further ahead than what fits between it and the sink.
        assert source.read - len(sink.rows) <= 12
        return result.frame.image

    report = start(source, Echo(pause=0.005 if slow == "perceiver" else 0.0), sink, draw=draw)
    assert report.frames == 30
    assert report.dropped == {}


def test_a_live_source_keeps_the_newest_frame_and_counts_the_others() -> None:
    source = ListSource([i / 100 for i in range(60)], live=True, pause=0.002)
    sink = ListSink()
    report = start(source, Echo(pause=0.02), sink)
    indices = [row[0] for row in sink.rows]
    assert indices == sorted(set(indices))
    assert indices[-1] == 59
    assert report.dropped == {"newer_frame": 60 - len(indices)}
    assert report.dropped["newer_frame"] > 20
    assert report.frame_age.p95 < 0.5


def test_the_last_events_go_out_when_the_source_ends() -> None:
    sink = ListSink()
    report = start(ListSource([0.0, 0.1, 0.2]), sink=sink)
    assert sink.events == [EVENT]
    assert report.events == 1
    assert report.action_seconds == {"wave": 1.5}


def test_no_frame_is_held_back() -> None:
    """Each frame reaches the sinks before the next one is read."""
    sink, source = ListSink(), ListSource([])
    written = threading.Event()

    class Slow(ListSource):
        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():
                yield frame
                assert written.wait(5)
                written.clear()

    class Telling(ListSink):
        def write(self, observation: Observation, picture: UInt8 | None) -> None:
            super().write(observation, picture)
            written.set()

    source, sink = Slow([0.0, 0.1, 0.2]), Telling()
    assert start(source, sink=sink).frames == 3


def test_report_counts_persons_and_stages() -> None:
    seen: list[int] = []
    source = ListSource([i / 10 for i in range(25)])
    report = start(source, on_observation=lambda observation: seen.append(observation.frame.index))
    assert seen == list(range(25))
    assert (report.tracks, report.most_persons) == (3, 1)
    assert list(report.stages) == ["capture", "detect", "render", "own", "list"]
    assert {name: times.count for name, times in report.stages.items()} == {
        "capture": 25, "detect": 25, "render": 25, "own": 25, "list": 26,
    }  # fmt: skip
    assert report.stages["detect"].p50 == pytest.approx(0.001, rel=0.02)
    assert report.media_seconds == pytest.approx(2.4)
    assert report.peak_memory > 2**20
    assert report.frame_age.count == 25
    assert (report.outlets["list"].written, report.outlets["list"].events) == (25, 1)


def test_without_drawing_there_are_no_pictures() -> None:
    sink = ListSink()
    report = start(ListSource([0.0, 0.1]), sink=sink, draw=None)
    assert [row[2] for row in sink.rows] == [None, None]
    assert "render" not in report.stages


def test_a_source_without_frames_ends() -> None:
    sink = ListSink()
    assert start(ListSource([]), sink=sink).frames == 0
    assert sink.rows == []


@pytest.mark.parametrize("at", [0, 1, 17, 29])
@pytest.mark.parametrize("stage", ["capture", "perceive", "render", "sinks", "listener"])
def test_a_failing_stage_stops_all_and_reaches_the_caller(stage: str, at: int) -> None:
    def draw(result: Observation) -> UInt8:
        if stage == "render" and result.frame.index == at:
            raise ZeroDivisionError("the pencil broke")
        return result.frame.image

    def listen(result: Observation) -> None:
        if stage == "listener" and result.frame.index == at:
            raise ZeroDivisionError("the listener broke")

    source = ListSource([i / 25 for i in range(30)], fail_at=at if stage == "capture" else None)
    perceiver = Echo(fail_at=at if stage == "perceive" else None)
    sink = ListSink(fail_at=at if stage == "sinks" else None)
    if stage == "sinks":
        with pytest.raises(OutputError, match="disk full"):
            start(source, perceiver, sink, draw=draw)
        return
    with pytest.raises(
        PipelineError, match=r"list: the \w+ stage failed after \d+ frames \(ZeroDivisionError: the \w+ broke\)"
    ) as caught:
        start(source, perceiver, sink, draw=draw, on_observation=listen)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert [row[0] for row in sink.rows] == list(range(len(sink.rows)))


def test_a_stop_finishes_what_was_read() -> None:
    stop = threading.Event()
    source = ListSource([i / 25 for i in range(10_000)])
    sink = ListSink(pause=0.001)
    report = start(
        source, sink=sink, stop=stop, on_observation=lambda result: stop.set() if result.frame.index == 20 else None
    )
    assert report.interrupted
    assert 20 < report.frames < 100
    assert [row[0] for row in sink.rows] == list(range(source.read))
    assert sink.events == [EVENT]


def test_a_stop_before_the_first_frame() -> None:
    stop = threading.Event()
    stop.set()
    report = start(ListSource([0.0, 0.1]), stop=stop)
    assert (report.frames, report.interrupted) == (0, True)


def test_a_stop_ends_a_live_source_that_waits_for_a_frame() -> None:
    stop = threading.Event()
    source = ListSource([0.0, 0.1], live=True, pause=30.0)
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    report = start(source, stop=stop)
    assert time.monotonic() - began < 5.0
    assert source.closed.is_set()
    assert report.frames == 0
    time.sleep(0.05)  # the timer's own thread


def test_a_keyboard_interrupt_in_the_caller_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    source = ListSource([i / 25 for i in range(1000)])
    perceiver = Echo(pause=0.001)
    original = threading.Event.wait
    fired = False

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        nonlocal fired
        if timeout == 0.1 and not fired:  # the caller's own wait
            fired = True
            return interrupt(self)
        return original(self, timeout)

    monkeypatch.setattr(threading.Event, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        start(source, perceiver)


def _memory_slope(frames: int) -> float:
    """Growth of resident memory in bytes a frame over the second half of a run."""
    process = psutil.Process()
    samples: list[tuple[int, int]] = []

    def sample(result: Observation) -> None:
        if result.frame.index % 50 == 0 and result.frame.index >= frames // 2:
            samples.append((result.frame.index, process.memory_info().rss))

    class Discard(ListSink):
        def write(self, observation: Observation, picture: UInt8 | None) -> None: ...

        def write_event(self, event: Event) -> None: ...

    start(ListSource([i / 25 for i in range(frames)], size=(320, 240)), sink=Discard(), on_observation=sample)
    x, y = np.array(samples, dtype=np.float64).T
    return float(np.polyfit(x, y, 1)[0])


def test_memory_does_not_grow_with_the_frames() -> None:
    _memory_slope(400)  # the allocator's own warm-up
    assert _memory_slope(3000) < 1000  # a frame is 230 kB: keeping one of 200 would show


@pytest.mark.parametrize("live", [False, True])
def test_each_stage_has_its_own_thread_and_takes_frames_in_order(live: bool) -> None:
    perceiver, sink = Echo(), ListSink()
    report = start(ListSource([i / 25 for i in range(40)], live=live, pause=0.004 if live else 0.0), perceiver, sink)
    assert perceiver.threads == {stage: {f"edgeact-{stage}"} for stage in ("detect", "track", "act")}
    indices = [row[0] for row in sink.rows]
    assert indices == sorted(set(indices))
    assert sink.events == [EVENT]
    assert report.frames == len(indices)
    assert report.frames == 40 or live


def test_a_stage_that_fails_is_named() -> None:
    with pytest.raises(PipelineError, match="act stage failed"):
        start(ListSource([i / 25 for i in range(40)]), Echo(fail_at=7))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows the niceness of a thread")
@pytest.mark.parametrize("live", [False, True])
def test_stages_that_see_go_before_those_that_draw_and_write(live: bool) -> None:
    nice: dict[str, int] = {}

    def note(stage: str) -> None:
        nice[stage] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    class Source(ListSource):
        def frames(self) -> Iterator[Frame]:
            note("capture")
            yield from super().frames()

    class See(Echo):
        def perceive(self, frame: Frame, seconds: dict[str, float]) -> Perceived | BackendError:
            note("perceive")
            return super().perceive(frame, seconds)

    class Sink(ListSink):
        def write(self, observation: Observation, picture: UInt8 | None) -> None:
            note("sinks")
            super().write(observation, picture)

    def draw(result: Observation) -> UInt8:
        note("render")
        return result.frame.image

    start(Source([0.0, 0.04], live=live, pause=0.001), See(), Sink(), draw=draw)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice["perceive"] == own
    assert nice["sinks"] == min(own + 10, 19)
    assert nice["capture"] == nice["render"] == (own if live else nice["sinks"])  # a live frame must not be late
