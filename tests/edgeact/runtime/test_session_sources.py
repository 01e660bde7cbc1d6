"""Several sources in one session: batches, fairness, failures that stay where they are, and what a source costs."""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.capture.base import SourceState
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.engine.graph import Graph
from edgeact.engine.onnx import OnnxBackend
from edgeact.errors import BackendError, OutputError, PipelineError
from edgeact.perception.detect import Detector
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.stages import Stages
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.session import Session
from edgeact.types import Event, Frame, Observation, UInt8
from tests.edgeact.runtime.test_session import EVENT, Echo, ListSink, ListSource
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.toy_graph import build_model


class NamedSource(ListSource):
    """Frames of a source with a name of its own."""

    def __init__(self, name: str, count: int, *, live: bool = False, pause: float = 0.0) -> None:
        super().__init__([index / 25 for index in range(count)], live=live, pause=pause)
        self.info = replace(self.info, name=name)


class Walkers(NamedSource):
    """Somebody walks through the toy world, from another place in each source."""

    def frames(self) -> Iterator[Frame]:
        start = 20 + 10 * int(self.info.name)
        for frame in super().frames():
            left = start + 40 * frame.time
            yield replace(frame, image=tiny_picture(320, 240, [(left, 40, left + 24, 120)]))


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that takes a moment, or minutes on a machine that is busy with other things."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def test_sources_run_side_by_side_and_each_gives_every_frame_once() -> None:
    echo, sinks = Echo(pause=0.001), {name: ListSink() for name in "abc"}
    with Session(echo) as session:
        runs = [session.add(SourceJob(NamedSource(name, 30), [Outlet("list", sink)])) for name, sink in sinks.items()]
        reports = [session.wait(run) for run in runs]
    assert [report.frames for report in reports] == [30, 30, 30]
    assert all([index for index, *_ in sink.rows] == list(range(30)) for sink in sinks.values())
    assert all(sink.events == [EVENT] for sink in sinks.values())
    assert set(Counter(name for batch in echo.batches for name in batch).values()) == {30}
    assert max(len(batch) for batch in echo.batches) > 1  # what waits together is perceived together
    assert all(len(set(batch)) == len(batch) for batch in echo.batches)


def test_no_source_gets_less_than_its_share() -> None:
    """A file that could fill every batch leaves live sources their turn: each batch takes one item of each."""
    echo = Echo(pause=0.003)
    with Session(echo) as session:
        live = [session.add(SourceJob(NamedSource(name, 10_000, live=True, pause=0.004))) for name in "ab"]
        greedy = session.add(SourceJob(NamedSource("greedy", 10_000), budget=Budget(queue_frames=20)))
        until(lambda: sum(status.frames for status in session.status()) > 90)
        counts = [status.frames for status in session.status()]
    assert min(counts) >= 0.6 * sum(counts) / 3, counts
    assert all(run.is_over for run in (*live, greedy))


def test_a_slow_sink_makes_only_its_own_source_wait() -> None:
    class Stuck(ListSink):
        def __init__(self) -> None:
            super().__init__()
            self.free = threading.Event()

        def write(self, observation: Observation, picture: UInt8 | None) -> None:
            self.free.wait(10)
            super().write(observation, picture)

    stuck, quick = Stuck(), ListSink()
    with Session(Echo()) as session:
        slow = session.add(SourceJob(NamedSource("slow", 40), [Outlet("stuck", stuck)]))
        fast = session.add(SourceJob(NamedSource("fast", 40), [Outlet("quick", quick)]))
        assert session.wait(fast).frames == 40
        assert not slow.is_over
        stuck.free.set()
        assert session.wait(slow).frames == 40


@pytest.mark.parametrize(("policy", "capacity"), [("newest", None), ("drop_oldest", 3)])
def test_a_slow_sink_that_may_miss_frames_holds_nobody_up_and_counts_them(policy: str, capacity: int | None) -> None:
    slow, whole = ListSink(pause=0.02), ListSink()
    outlets = [
        Outlet("slow", slow, policy=policy, capacity=capacity, essential=False),  # type: ignore[arg-type]
        Outlet("whole", whole),
    ]
    with Session(Echo()) as session:
        report = session.wait(session.add(SourceJob(NamedSource("a", 60), outlets)))
    assert (report.frames, len(whole.rows)) == (60, 60)
    seen = [index for index, *_ in slow.rows]
    assert seen == sorted(set(seen))
    found = report.outlets["slow"]
    assert found.written == len(seen) < 60
    assert found.written + found.events + sum(found.dropped.values()) == 61  # with the event
    assert set(found.dropped) == {"newer"}


def test_a_source_that_fails_leaves_the_others_alone() -> None:
    sink = ListSink()
    with Session(Echo(fail_at=5, error=BackendError("graph 'pose' gave nonsense"))) as session:
        bad = session.add(SourceJob(NamedSource("bad", 30)))
        good = session.add(SourceJob(NamedSource("good", 5), [Outlet("list", sink)]))
        assert session.wait(good).frames == 5
        with pytest.raises(BackendError, match="'pose' gave nonsense"):
            session.wait(bad)
        later = session.add(SourceJob(NamedSource("later", 5)))
        assert session.wait(later).frames == 5
        statuses = {status.name: status for status in session.status()}
    assert statuses["bad"].error == "graph 'pose' gave nonsense"
    assert statuses["good"].error is None
    assert len(sink.rows) == 5


def test_a_sink_that_fails_ends_its_source_only_when_it_is_essential() -> None:
    def outlets(essential: bool) -> list[Outlet]:
        return [Outlet("broken", ListSink(fail_at=3), essential=essential), Outlet("whole", ListSink())]

    with Session(Echo()) as session:
        tough = session.add(SourceJob(NamedSource("tough", 20), outlets(False)))
        report = session.wait(tough)
        tender = session.add(SourceJob(NamedSource("tender", 20), outlets(True)))
        with pytest.raises(OutputError, match="disk full"):
            session.wait(tender)
    assert report.frames == 20
    assert report.outlets["broken"].error == "OutputError: disk full"
    assert report.outlets["broken"].dropped == {"failed": 18}  # one of 17 frames, and the event


def test_sources_are_stopped_one_by_one_or_all_together() -> None:
    with Session(Echo()) as session:
        first, second = (session.add(SourceJob(NamedSource(name, 10**6, live=True, pause=0.002))) for name in "ab")
        until(lambda: all(status.frames > 0 for status in session.status()))
        first.stop()
        assert session.wait(first).interrupted
        assert not second.is_over
        assert [status.error for status in session.status()] == [None, None]
        session.stop()
        assert second.result().interrupted
        assert second.result().frames > 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("edgeact-")]


def test_status_says_how_every_source_stands() -> None:
    with Session(Echo()) as session:
        run = session.add(SourceJob(NamedSource("door", 12), [Outlet("list", ListSink())]))
        session.wait(run)
        (status,) = session.status()
    assert (status.name, status.state, status.epoch) == ("door", SourceState.RUNNING, 0)
    assert (status.captured, status.frames, status.persons, status.error) == (12, 12, 1, None)
    assert status.outlets["list"].written == 12
    assert status.frame_age.count == 12


def test_a_session_without_threads_left_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Echo())
    session.start()
    original, refused = threading.Thread.start, []

    def refuse(self: threading.Thread) -> None:
        if self.name == "edgeact-render":
            refused.append(self)
            raise RuntimeError("can't start new thread")
        original(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(PipelineError, match="edgeact-render cannot be started"):
        session.add(SourceJob(NamedSource("a", 5)))
    monkeypatch.undo()
    assert refused
    assert session.wait(session.add(SourceJob(NamedSource("b", 5)))).frames == 5
    session.close()


@pytest.fixture
def engine(tiny_bundle: Path) -> Iterator[Engine]:
    with Engine(load_bundle(tiny_bundle)) as engine:
        yield engine


def test_two_sources_see_what_each_sees_alone(engine: Engine) -> None:
    found: dict[str, list[Observation]] = {"1": [], "2": []}
    events: dict[str, list[Event]] = {"1": [], "2": []}

    class Keep(ListSink):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.events = events[name]

    with Session(Stages(engine), PipelineConfig(detect_every=5)) as session:
        runs = [
            session.add(SourceJob(Walkers(name, 60), [Outlet("keep", Keep(name))], on_observation=observations.append))
            for name, observations in found.items()
        ]
        for run in runs:
            session.wait(run)
    for name, observations in found.items():
        alone = Perceiver(engine, PipelineConfig(detect_every=5), source=name)
        expected = [alone.process(frame) for frame in Walkers(name, 60).frames()]
        assert len(observations) == len(expected) == 60
        for one, other in zip(observations, expected, strict=True):
            assert [p.track_id for p in one.persons] == [p.track_id for p in other.observation.persons]
            for p, q in zip(one.persons, other.observation.persons, strict=True):
                assert p.pose.joints == pytest.approx(q.pose.joints, abs=1e-3)
        told = [event for one in expected for event in one.events] + list(alone.finish())
        assert [(e.phase, e.label, e.source) for e in events[name]] == [(e.phase, e.label, name) for e in told]
        assert told


def test_weights_are_loaded_once_whatever_the_number_of_sources(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = OnnxBackend.__init__

    def counting(self: OnnxBackend, content: bytes, *, name: str, device: str = "cpu", threads: int = 1) -> None:
        opened.append(name)
        original(self, content, name=name, device=device, threads=threads)

    monkeypatch.setattr(OnnxBackend, "__init__", counting)
    with Engine(load_bundle(tiny_bundle)) as engine, Session(Stages(engine)) as session:
        for run in [session.add(SourceJob(Walkers(str(name), 10))) for name in range(4)]:
            session.wait(run)
    assert sorted(opened) == ["action", "detector", "explain", "pose"]


def test_a_graph_sees_the_crops_of_all_sources_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, crops = Stages(engine), []
    original = Graph.run

    def noting(self: Graph, array: np.ndarray) -> object:
        if self.spec.name == "pose":
            crops.append(len(array))
        return original(self, array)

    monkeypatch.setattr(Graph, "run", noting)
    streams = [stages.open_stream(PipelineConfig(), source=name) for name in "01"]
    frames = [next(Walkers(name, 1).frames()) for name in "01"]
    looked = stages.detect(list(zip(streams, frames, strict=True)))
    assert not any(isinstance(outcome, BackendError) for outcome in looked)
    stages.track(list(zip(streams, looked, strict=True)))  # type: ignore[arg-type]
    assert crops == [2]


@pytest.mark.parametrize(("takes_batches", "calls"), [(True, [3, 1]), (False, [1, 1, 1, 1])])
def test_the_detector_sees_the_frames_of_all_sources_at_once(
    takes_batches: bool, calls: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it takes several pictures, those of one size are one call; and each source gets what it would get alone."""
    build = write_batch_detector if takes_batches else build_tiny_bundle
    seen: list[int] = []
    original = Graph.run

    def noting(self: Graph, array: np.ndarray) -> object:
        if self.spec.name == "detector":
            seen.append(len(array))
        return original(self, array)

    monkeypatch.setattr(Graph, "run", noting)
    sizes = [(320, 240), (320, 240), (160, 120), (320, 240)]
    pictures = [
        tiny_picture(width, height, [(0, 0, width, height * (row + 1) / 4)])
        for row, (width, height) in enumerate(sizes)
    ]
    with Engine(load_bundle(build(tmp_path / "bundle"))) as engine:
        stages = Stages(engine)
        streams = [stages.open_stream(PipelineConfig(), source=str(row)) for row in range(4)]
        looked = stages.detect([(stream, Frame(0, 0.0, one)) for stream, one in zip(streams, pictures, strict=True)])
        assert seen == calls
        detector = Detector(engine)
        for one, picture in zip(looked, pictures, strict=True):
            assert not isinstance(one, BackendError)
            assert one.detections is not None
            alone = detector.detect(picture)
            assert [d.score for d in one.detections] == pytest.approx([d.score for d in alone], abs=1e-6)
            assert [d.box.tolist() for d in one.detections] == [d.box.tolist() for d in alone]
        if takes_batches:  # the brighter, the more certain
            scores = [one.detections[0].score for one in looked if not isinstance(one, BackendError) and one.detections]
            assert len({round(score, 2) for score in scores}) == 4


def test_where_the_detector_fails_for_one_source_the_others_get_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Graph.run

    def failing(self: Graph, array: np.ndarray) -> object:
        if self.spec.name == "detector" and (array[..., 0].max((1, 2)) == 254).any():
            raise BackendError("graph 'detector' gave nonsense")
        return original(self, array)

    monkeypatch.setattr(Graph, "run", failing)
    with Engine(load_bundle(write_batch_detector(tmp_path / "bundle"))) as engine:
        stages = Stages(engine)
        streams = [stages.open_stream(PipelineConfig(), source=name) for name in "012"]
        picture = tiny_picture(416, 256, [(0, 0, 416, 256)])
        frames = [Frame(0, 0.0, one) for one in (picture, np.minimum(picture, 254), picture)]
        looked = stages.detect(list(zip(streams, frames, strict=True)))
    assert isinstance(looked[1], BackendError)
    for one in (looked[0], looked[2]):
        assert not isinstance(one, BackendError)
        assert one.detections is not None
        assert len(one.detections) == 1


def write_batch_detector(folder: Path) -> Path:
    """The toy bundle with a detector of several pictures at once: one box, as certain as the picture is bright."""
    text = """detector (uint8[N,256,416,3] image) => (float[N,1,4] boxes, float[N,1] scores) {
        pixels = Cast<to = 1>(image)
        grey = ReduceMean<keepdims = 1>(pixels, i123)
        flat = Squeeze(grey, i23)
        scores = Div(flat, f255)
        nothing = Mul(scores, f0)
        deep = Unsqueeze(nothing, i2)
        boxes = Add(deep, box)
    }"""
    constants: dict[str, np.ndarray] = {
        "i123": np.array([1, 2, 3], np.int64), "i23": np.array([2, 3], np.int64), "i2": np.array([2], np.int64),
        "f0": np.array(0, np.float32), "f255": np.array(255, np.float32),
        "box": np.array([[[20, 30, 120, 200]]], np.float32),
    }  # fmt: skip
    build_tiny_bundle(folder)
    content = build_model(text, constants)
    (folder / "detector.onnx").write_bytes(content)
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    detector = manifest["graphs"][0]
    detector["sha256"] = hashlib.sha256(content).hexdigest()
    detector["inputs"][0]["shape"][0] = "N"
    for tensor, shape in zip(detector["outputs"], (["N", 1, 4], ["N", 1]), strict=True):
        tensor["shape"] = shape
    detector["detection"]["score"] = 0.1
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    return folder


def test_where_a_graph_fails_for_one_source_the_others_get_theirs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = Stages(engine)
    original = Graph.run

    def failing(self: Graph, array: np.ndarray) -> object:
        if self.spec.name == "pose" and (array[..., 0].max((1, 2)) == 254).any():
            raise BackendError("graph 'pose' gave nonsense")
        return original(self, array)

    monkeypatch.setattr(Graph, "run", failing)
    streams = [stages.open_stream(PipelineConfig(), source=name) for name in "01"]
    frames = [next(Walkers(name, 1).frames()) for name in "01"]
    spoilt = np.minimum(frames[0].image, 254)
    looked = stages.detect([(streams[0], replace(frames[0], image=spoilt)), (streams[1], frames[1])])
    outcomes = stages.track(list(zip(streams, looked, strict=True)))  # type: ignore[arg-type]
    assert isinstance(outcomes[0], BackendError)
    assert not isinstance(outcomes[1], BackendError)


def test_a_second_source_costs_little_memory(engine: Engine) -> None:
    """Besides its queues and its decoder: what the stream remembers of twenty people, by far the most of it."""
    process, stages = psutil.Process(), Stages(engine)
    image = tiny_picture(640, 480, [(30 * i, 40 + 10 * (i % 3), 30 * i + 20, 120 + 10 * (i % 3)) for i in range(20)])

    def fill(name: str) -> object:
        stream = stages.open_stream(PipelineConfig(), source=name)
        for index in range(70):
            (looked,) = stages.detect([(stream, Frame(index, index / 25, image))])
            assert not isinstance(looked, BackendError)
            (followed,) = stages.track([(stream, looked)])
            assert not isinstance(followed, BackendError)
            assert not isinstance(stages.act([(stream, followed)])[0], BackendError)
        return stream

    kept = [fill("first"), fill("second")]
    before = process.memory_info().rss
    kept += [fill("third"), fill("fourth")]
    assert len(kept) == 4
    assert (process.memory_info().rss - before) / 2 <= 5 * 2**20


def test_no_outlet_sees_a_picture_that_was_concealed() -> None:
    class Pictures(ListSink):
        takes = frozenset({"observations", "pictures"})

        def write(self, observation: Observation, picture: UInt8 | None) -> None:
            assert picture is not None
            seen.extend((int(observation.frame.image.max()), int(picture.max())))

    def blacken(observation: Observation) -> Observation:
        return replace(observation, frame=replace(observation.frame, image=observation.frame.image * 0))

    seen: list[int] = []
    with Session(Echo()) as session:
        job = SourceJob(
            Walkers("1", 5),
            [Outlet("pictures", Pictures())],
            draw=lambda observation: observation.frame.image,
            on_observation=lambda observation: seen.append(int(observation.frame.image.max())),
            conceal=blacken,
        )
        session.wait(session.add(job))
    assert seen == [0] * 15
