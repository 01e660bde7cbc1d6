"""A run ends in time whatever its source, graphs and sinks do, and says what it left behind."""

import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from edgeact.errors import BackendError, ConfigError, OutputError, PipelineError
from edgeact.memory import check_memory, decoder_threads, encoder_lookahead, frames_in_work
from edgeact.runtime import source_run, source_threads
from edgeact.stopping import STOP_SECONDS, left_behind
from edgeact.types import Event, Frame, Observation, Perceived, UInt8
from tests.edgeact.runtime.test_session import EVENT, Echo, ListSink, ListSource, start

# A tenth of the real times, so that the tests are quick; one test of the command line takes the real ones.
QUICK = {"CAPTURE_SECONDS": 0.1, "FINISH_SECONDS": 0.25, "ABORT_SECONDS": 0.5, "LEAVE_SECONDS": 0.8}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in QUICK.items():
        monkeypatch.setattr(source_run, name, seconds)


class Hang:
    """What hangs waits here until the end of the test, so that no thread is left to the next one."""

    def __init__(self) -> None:
        self.stop = threading.Event()  # set as soon as something hangs, unless the test has set it before
        self.began = threading.Event()
        self.over = threading.Event()

    def now(self) -> None:
        self.began.set()
        self.stop.set()
        self.over.wait(30)


@pytest.fixture
def hang() -> Iterator[Hang]:
    hang = Hang()
    yield hang
    hang.over.set()
    deadline = time.monotonic() + 5
    while left_behind() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left_behind() == ()


class HangingSource(ListSource):
    def __init__(self, hang: Hang, *, at: int, live: bool = False, closes: bool = True) -> None:
        super().__init__([i / 25 for i in range(1000)], live=live)
        self._hang, self._at, self._closes = hang, at, closes

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            if frame.index == self._at:
                self._hang.now()
            time.sleep(0.001)
            yield frame

    def close(self) -> None:
        if not self._closes:
            self._hang.now()
        super().close()


class HangingEcho(Echo):
    def __init__(self, hang: Hang, *, at: int | None = None, at_finish: bool = False) -> None:
        super().__init__()
        self._hang, self._at, self._at_finish = hang, at, at_finish

    def perceive(self, frame: Frame, seconds: dict[str, float]) -> Perceived | BackendError:
        if frame.index == self._at:
            self._hang.now()
        return super().perceive(frame, seconds)

    def finish(self, stream: str) -> tuple[Event, ...]:
        if self._at_finish:
            self._hang.now()
        return super().finish(stream)


class HangingSink(ListSink):
    def __init__(self, hang: Hang, *, at: int) -> None:
        super().__init__()
        self._hang, self._at = hang, at

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        if observation.frame.index == self._at:
            self._hang.now()
        super().write(observation, picture)


def test_the_times_of_a_stop_keep_the_promise() -> None:
    times = [getattr(source_run, name) for name in QUICK]
    assert times == sorted(times)
    assert STOP_SECONDS == 5.0
    assert times[-1] + 0.1 < STOP_SECONDS  # a stop is noticed every tenth of a second


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("what", "thread"),
    [
        ("source", "capture"),
        ("live source", "capture"),
        ("close of a live source", "close"),
        ("graph", "act"),
        ("finish", "act"),
        ("drawing", "render"),
        ("sink", "list sink"),
        ("listener", "render"),
    ],
)
def test_what_hangs_is_left_behind_and_named(what: str, thread: str, hang: Hang) -> None:
    def draw(result: Observation) -> UInt8:
        if what == "drawing" and result.frame.index == 5:
            hang.now()
        return result.frame.image

    def listen(result: Observation) -> None:
        if what == "listener" and result.frame.index == 5:
            hang.now()
        if what in ("close of a live source", "finish"):
            hang.stop.set()

    live = "live" in what
    source = HangingSource(
        hang, at=5 if what in ("source", "live source") else -1, live=live, closes="close" not in what
    )
    perceiver = HangingEcho(hang, at=5 if what == "graph" else None, at_finish=what == "finish")
    sink = HangingSink(hang, at=5 if what == "sink" else -1)
    with pytest.raises(PipelineError, match=f"the .*{thread}.* thread hangs and was left behind"):
        start(source, perceiver, sink, draw=draw, on_observation=listen, stop=hang.stop)
    assert hang.began.is_set()
    assert thread in left_behind()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [OutputError("disk full"), ZeroDivisionError("the pencil broke")])
def test_after_a_failure_what_hangs_is_named_beside_it(error: Exception, hang: Hang) -> None:
    def break_when_it_hangs(_: Observation) -> UInt8:
        hang.began.wait(10)
        raise error

    with pytest.raises((OutputError, PipelineError), match=f"{error}.*; the capture thread hangs and was left behind"):
        start(HangingSource(hang, at=8), draw=break_when_it_hangs, queue_frames=20)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("slow", ["graph", "sink"])
def test_a_stop_keeps_what_slow_stages_have_written(slow: str) -> None:
    stop = threading.Event()
    sink = ListSink(pause=0.08 if slow == "sink" else 0.0)
    source = ListSource([i / 25 for i in range(1000)])

    def stop_when_many_wait(result: Observation) -> None:
        while result.frame.index == 3 and source.read < 24:
            time.sleep(0.001)
        if result.frame.index == 3:
            stop.set()

    perceiver = Echo(pause=0.08 if slow == "graph" else 0.0)
    report = start(source, perceiver, sink, stop=stop, queue_frames=20, on_observation=stop_when_many_wait)
    assert report.interrupted
    assert [row[0] for row in sink.rows] == list(range(report.frames))
    assert sink.events == [EVENT]
    assert report.dropped == {"stopped": source.read - report.frames}
    assert report.dropped["stopped"] > 0


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError(), OSError(errno.EAGAIN, "no")])
@pytest.mark.parametrize("nth", [0, 1, 3])
def test_a_thread_that_cannot_be_started_ends_the_run(
    nth: int, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, started = threading.Thread.start, []

    def refuse(self: threading.Thread) -> None:
        started.append(self)
        if len(started) > nth:
            raise error
        original(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    before = set(threading.enumerate())
    began = time.monotonic()
    with pytest.raises(PipelineError, match=r"the thread edgeact-\w+ cannot be started \(.+\); .*ulimit"):
        start(ListSource([i / 25 for i in range(1000)]))
    assert time.monotonic() - began < 1.0
    assert set(threading.enumerate()) <= before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows the niceness of a thread")
@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EPERM, errno.EINVAL])
def test_a_system_without_niceness_runs_all_the_same(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "setpriority", refuse)
    assert start(ListSource([0.0, 0.04, 0.08])).frames == 3


def test_whatever_stepping_back_raises_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode() -> None:
        raise ZeroDivisionError("niceness")

    monkeypatch.setattr(source_threads, "step_back", explode)
    with pytest.raises(PipelineError, match="niceness"):
        start(ListSource([0.0, 0.04, 0.08]))


def test_too_little_memory_is_said_with_what_helps() -> None:
    class Hungry(Echo):
        def perceive(self, frame: Frame, seconds: dict[str, float]) -> Perceived | BackendError:
            raise MemoryError

    with pytest.raises(PipelineError, match=r"not enough memory.*memory_megabytes"):
        start(ListSource([0.0]), Hungry())


def test_large_frames_are_few_at_once() -> None:
    info = ListSource([0.0] * 100).info

    def sized(width: int, height: int, megabytes: int = 2048) -> tuple[int, int, int]:
        memory = megabytes * 2**20
        source = replace(info, width=width, height=height)
        return (
            frames_in_work(source, memory=memory),
            decoder_threads(width, height, memory=memory),
            encoder_lookahead(width, height, memory=memory),
        )

    # Up to 4K nothing changes: the queues hold fewer frames than that.
    assert sized(1280, 720) == (376, 4, 10)
    assert sized(3840, 2160) == (30, 4, 10)
    assert sized(7680, 4320) == (4, 2, 0)
    assert sized(3840, 2160, 512) == (4, 2, 0)
    assert sized(0, 0) == (1000, 4, 10)
    assert sized(30_000, 30_000) == (2, 1, 0)


def test_a_budget_that_cannot_be_kept_is_refused() -> None:
    info = replace(ListSource([0.0] * 100).info, width=7680, height=4320)
    check_memory(info, memory=2048 * 2**20, drawn=True)
    with pytest.raises(ConfigError, match=r"7680×4320 need \d+ MB of memory, memory_megabytes is 1024; .*--no-video"):
        check_memory(info, memory=1024 * 2**20, drawn=True)
    check_memory(info, memory=1024 * 2**20, drawn=False)
    # One photograph of a hundred megapixels is no video: neither are there two of them, nor does the encoder wait.
    check_memory(replace(info, width=10_000, height=10_000, frame_count=1), memory=2048 * 2**20, drawn=True)


@pytest.mark.parametrize("grows", [False, True])
def test_no_more_frames_are_in_work_than_the_budget_holds(grows: bool) -> None:
    """Also where later pictures are larger than the first, as in a folder of images."""

    class Counting(ListSource):
        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():
                image = np.zeros((600, 800, 3), np.uint8) if not grows or frame.index > 5 else frame.image
                yield replace(frame, image=image)

    source = Counting([i / 25 for i in range(40)], size=(8, 6) if grows else (800, 600))
    sink = ListSink(pause=0.002)
    memory = 60 * 2**20
    allowed = frames_in_work(replace(source.info, width=800, height=600), memory=memory)
    most: list[int] = []
    listen = lambda result: most.append(source.read - len(sink.rows)) if result.frame.index > 20 else None  # noqa: E731
    report = start(source, sink=sink, queue_frames=64, memory=memory, on_observation=listen)
    assert report.frames == 40
    assert max(most) <= allowed == 12
