"""What a source may take of a session: frames a second, turns by priority; and that a live frame does not grow old."""

import threading
import time
from collections.abc import Sequence

import pytest

from edgeact.errors import BackendError, UsageError
from edgeact.perception.stages import Followed, Looked
from edgeact.runtime.budget import Budget, Pace
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.session import Session
from edgeact.types import Frame, Perceived
from tests.edgeact.runtime.test_session import Echo, ListSink
from tests.edgeact.runtime.test_session_sources import NamedSource, until


@pytest.mark.parametrize(("rate", "most"), [(25, 10), (30, 25), (10, 10), (5, 10)])
def test_a_pace_admits_so_many_frames_a_second_on_average(rate: float, most: float) -> None:
    pace, admitted = Pace(most), 0
    for index in range(round(20 * rate)):
        if pace.seconds_left(index / rate + 1e-6 * (index % 3)) <= 0:
            pace.take(index / rate)
            admitted += 1
    assert admitted == pytest.approx(20 * min(rate, most), abs=1)


def test_a_pace_does_not_make_up_for_a_pause() -> None:
    pace = Pace(10)
    pace.take(0.0)
    assert pace.seconds_left(60.0) <= 0
    pace.take(60.0)
    assert pace.seconds_left(60.01) == pytest.approx(0.04)


def test_a_live_source_over_its_budget_drops_by_that_cause() -> None:
    with Session(Echo()) as session:
        budget = Budget(most_frames_per_second=20, priority=2)
        run = session.add(SourceJob(NamedSource("door", 10**6, live=True, pause=0.002), budget=budget))
        began = time.monotonic()
        until(lambda: session.status()[0].frames >= 8)
        run.stop()
        report = session.wait(run)
        seconds = time.monotonic() - began
        (status,) = session.status()
    assert report.frames <= 20 * seconds + 2
    assert report.dropped["budget"] >= 8  # one of ten frames is within the budget
    assert status.dropped["budget"] == report.dropped["budget"]
    assert (status.most_frames_per_second, status.priority) == (20, 2)


def test_a_file_is_read_no_faster_than_its_budget_and_loses_nothing() -> None:
    sink = ListSink()
    with Session(Echo()) as session:
        job = SourceJob(NamedSource("clip", 11), [Outlet("list", sink)], budget=Budget(most_frames_per_second=50))
        report = session.wait(session.add(job))
    assert (report.frames, report.dropped, len(sink.rows)) == (11, {}, 11)
    assert report.seconds >= 9 / 50


def test_a_stop_does_not_wait_for_the_budget() -> None:
    with Session(Echo()) as session:
        stop = threading.Event()
        run = session.add(SourceJob(NamedSource("clip", 9), budget=Budget(most_frames_per_second=0.01)), stop=stop)
        until(lambda: session.status()[0].frames == 1)
        stop.set()
        began = time.monotonic()
        assert session.wait(run, stop).interrupted
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_budget_that_makes_no_sense_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="priority is"):
        Budget(priority=value)
    with pytest.raises(UsageError, match="most_frames_per_second is"):
        Budget(most_frames_per_second=value)


def test_where_time_is_short_a_source_gets_frames_by_its_priority() -> None:
    with Session(Echo(pause=0.004)) as session:
        for name, priority in (("gate", 4.0), ("yard", 1.0)):
            session.add(SourceJob(NamedSource(name, 10**5), budget=Budget(queue_frames=8, priority=priority)))
        until(lambda: sum(status.frames for status in session.status()) >= 100)
        gate, yard = (status.frames for status in session.status())
    assert gate >= 2.5 * yard > 0


def test_a_source_whose_sink_is_stuck_keeps_no_turn_from_others() -> None:
    class Stuck(ListSink):
        free = threading.Event()

        def write(self, *arguments: object) -> None:
            self.free.wait(20)

    with Session(Echo()) as session:
        job = SourceJob(NamedSource("gate", 1000), [Outlet("stuck", Stuck())], budget=Budget(priority=9))
        gate = session.add(job)
        yard = session.add(SourceJob(NamedSource("yard", 100)))
        assert session.wait(yard).frames == 100
        assert not gate.is_over
        gate.stop()
        Stuck.free.set()


class Watched(Echo):
    """Notes how many frames of a source are between the first stage's beginning and the last one's end."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: set[int] = set()
        self.most = 0

    def detect(self, batch: Sequence[tuple[str, Frame]]) -> list[Looked | BackendError]:
        self.inside |= {frame.index for _, frame in batch}
        self.most = max(self.most, len(self.inside))
        return super().detect(batch)

    def track(self, batch: Sequence[tuple[str, Looked]]) -> list[Followed | BackendError]:
        time.sleep(0.004)
        return super().track(batch)

    def act(self, batch: Sequence[tuple[str, Followed]]) -> list[Perceived | BackendError]:
        time.sleep(0.002)
        self.inside -= {followed.looked.frame.index for _, followed in batch}
        return super().act(batch)


@pytest.mark.parametrize("live", [True, False])
def test_of_a_live_source_one_frame_is_perceived_at_a_time(live: bool) -> None:
    """A second one would wait between the stages, and be old when it is told of; of files, stages work side by side."""
    stages = Watched()
    with Session(stages) as session:
        run = session.add(SourceJob(NamedSource("door", 40, live=live, pause=0.001)))
        report = session.wait(run)
    assert stages.most == 1 if live else stages.most > 1
    assert report.frames + report.dropped.get("newer_frame", 0) == 40
