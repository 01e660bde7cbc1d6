"""The whole of perception in the toy world: who is followed, what is done, and that every frame is computed once."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.capture.base import SourceInfo, SourceState
from edgeact.config import PipelineConfig
from edgeact.engine.base import Array
from edgeact.engine.engine import Engine
from edgeact.engine.graph import Graph, Outputs
from edgeact.errors import BundleError
from edgeact.perception.clips import sample_clip
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.stages import Stages
from edgeact.runtime.job import SourceJob
from edgeact.runtime.session import run_source
from edgeact.types import Event, Frame, Observation
from tests.tiny_bundle import LABELS, build_tiny_bundle, tiny_picture

Boxes = list[tuple[float, float, float, float]]


def walker(time: float) -> Boxes:
    return [(40 + 40 * time, 40, 64 + 40 * time, 120)]


def stander(time: float) -> Boxes:
    return [(100, 40, 124, 120)]


def two_walkers(time: float) -> Boxes:
    return [(10 + 30 * time, 20, 34 + 30 * time, 90), (280 - 30 * time, 130, 304 - 30 * time, 200)]


def frames(boxes: Callable[[float], Boxes], *, seconds: float, rate: int = 25, epoch: int = 0) -> Iterator[Frame]:
    for index in range(round(seconds * rate)):
        yield Frame(index, index / rate, tiny_picture(320, 240, boxes(index / rate)), epoch=epoch)


Perceive = Callable[..., tuple[list[Observation], list[Event]]]


@pytest.fixture
def perceive(tiny_bundle: Path) -> Iterator[Perceive]:
    engine = Engine(load_bundle(tiny_bundle))

    def run(stream: Iterator[Frame], **settings: float) -> tuple[list[Observation], list[Event]]:
        perceiver = Perceiver(engine, PipelineConfig.model_validate(settings))
        found = [perceiver.process(frame) for frame in stream]
        events = [event for one in found for event in one.events]
        return [one.observation for one in found], [*events, *perceiver.finish()]

    yield run
    engine.close()


def test_two_people_are_followed_through_every_frame(
    perceive: Perceive,
) -> None:
    results, _ = perceive(frames(two_walkers, seconds=4))
    assert [result.frame.index for result in results] == list(range(100))
    for result in results:
        assert [person.track_id for person in result.persons] == [1, 2]
        centres = np.array([(person.box[:2] + person.box[2:]) / 2 for person in result.persons])
        truth = np.array([(np.array(box[:2]) + box[2:]) / 2 for box in two_walkers(result.frame.time)])
        truth = truth if np.abs(centres[0] - truth[0]).max() < np.abs(centres[0] - truth[1]).max() else truth[::-1]
        assert np.abs(centres - truth).max() < 6


def test_walking_becomes_an_event(perceive: Perceive) -> None:
    results, events = perceive(frames(walker, seconds=5))
    assert [event.phase for event in events][:1] == ["new"]
    event = events[-1]
    assert (event.phase, event.label, event.subject, event.track_id) == ("end", "walk", "track", 1)
    assert {event.id for event in events} == {1}
    assert event.end == pytest.approx(results[-1].frame.time, abs=0.25)
    last = results[-1].persons[0]
    (reading,) = last.readings
    assert reading.labels == ("walk",)
    assert reading.raw.shape == (len(LABELS),)
    (attention,) = reading.attention
    assert attention.label == "walk"
    assert 0 <= attention.values.min() <= attention.values.max() <= 1
    assert attention.joints is not None
    assert attention.joints.max() == 1
    assert {part.name for part in last.parts} == {"head", "right_hand", "left_hand"}


def test_standing_is_no_event(perceive: Perceive) -> None:
    results, events = perceive(frames(stander, seconds=4))
    assert events == []
    assert results[-1].persons[0].readings[0].labels == ()


def test_the_same_input_gives_the_same_result(
    perceive: Perceive,
) -> None:
    first, _ = perceive(frames(two_walkers, seconds=2))
    second, _ = perceive(frames(two_walkers, seconds=2))
    for one, other in zip(first, second, strict=True):
        assert [p.track_id for p in one.persons] == [p.track_id for p in other.persons]
        assert all(
            np.array_equal(p.pose.joints, q.pose.joints) for p, q in zip(one.persons, other.persons, strict=True)
        )


def test_a_new_epoch_forgets_everybody(tiny_bundle: Path) -> None:
    perceiver = Perceiver(Engine(load_bundle(tiny_bundle)))
    for frame in frames(walker, seconds=4):
        before = perceiver.process(frame)
    after = [perceiver.process(frame) for frame in frames(walker, seconds=0.4, epoch=1)]
    assert before.observation.persons[0].track_id == 1
    assert [(event.phase, event.label, event.epoch) for event in after[0].events] == [("end", "walk", 0)]
    assert after[-1].observation.persons[0].track_id == 2
    assert after[-1].observation.persons[0].readings == ()  # a quarter of a clip's span has not passed since


def test_streaming_equals_whole_clip_and_computes_each_frame_once(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores of the stream are those of the clip graph on clips cut from the whole recording's features."""
    posed: list[int] = []
    clips: list[Array] = []
    original = Graph.run

    def counting(graph: Graph, array: Array) -> Outputs:
        if array.dtype == np.uint8 and array.shape[0] and array.shape[1:3] != (256, 416):
            posed.append(len(array))
        elif array.dtype == np.float32 and len(array):
            clips.append(array.copy())
        return original(graph, array)

    monkeypatch.setattr(Graph, "run", counting)
    bundle = load_bundle(tiny_bundle)
    perceiver = Perceiver(Engine(bundle), PipelineConfig(attention_every_seconds=60))
    results = [perceiver.process(frame).observation for frame in frames(walker, seconds=4)]
    assert sum(posed) == len(results)  # one crop for each frame of the one person, whatever the clip's length

    times = np.array([result.frame.time for result in results])
    features = np.stack(
        [np.concatenate([r.persons[0].pose.joints, r.persons[0].pose.confidence[:, None]], 1) for r in results]
    )
    clip = bundle.plan.clip
    assert clip is not None
    actions = Graph(bundle, bundle.graph("action"))
    raws = [result.persons[0].readings[0].raw if result.persons[0].readings else None for result in results]
    changed = [index for index in range(1, len(raws)) if raws[index] is not raws[index - 1]]
    assert len(changed) > 5
    for index in changed:
        whole = sample_clip(times[: index + 1], features[: index + 1], end=float(times[index]), clip=clip)
        assert np.array_equal(original(actions, whole[None]).of("actions", head="action")[0], raws[index])
    actions.close()


@pytest.mark.parametrize("missing", [("action", "explain"), ("explain",)])
def test_a_bundle_may_lack_the_clip_graphs(tmp_path: Path, missing: tuple[str, ...]) -> None:
    perceiver = Perceiver(Engine(load_bundle(build_tiny_bundle(tmp_path / "small", omit=missing))))
    results = [perceiver.process(frame).observation for frame in frames(walker, seconds=2.5)]
    person = results[-1].persons[0]
    maps = person.attention if "action" in missing else person.readings[0].attention
    assert bool(person.readings) == ("action" not in missing)
    assert [attention.name for attention in maps] == ["joints"]


def test_a_bundle_without_pose_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no person/frame graph"):
        Perceiver(Engine(load_bundle(build_tiny_bundle(tmp_path / "small", omit=("pose",)))))


@pytest.mark.parametrize(
    ("frame_rate", "expected"),
    [(30, {10}), (25, {9}), (5, {2})],
    ids=["usual", "by the seconds", "few frames a second"],
)
def test_the_detector_runs_every_few_frames_and_often_enough_in_seconds(
    frame_rate: int, expected: set[int], tiny_bundle: Path
) -> None:
    perceiver = Perceiver(Engine(load_bundle(tiny_bundle)))
    picture = tiny_picture(320, 240, [(100, 60, 124, 140)])
    results = [perceiver.process(Frame(index, index / frame_rate, picture)).observation for index in range(40)]
    runs = [result.frame.index for result in results if "detect" in result.stage_seconds]
    assert set(np.diff(runs)) == expected


class Stream:
    """Frames in memory as a source."""

    def __init__(self, stream: Iterator[Frame]) -> None:
        self._stream = stream
        self.info = SourceInfo("stream", 320, 240, live=False, frame_rate=Fraction(25), frame_count=None, duration=None)
        self.state = SourceState.RUNNING
        self.epoch = 0

    def frames(self) -> Iterator[Frame]:
        return self._stream

    def close(self) -> None: ...


def test_steps_in_threads_of_their_own_give_what_they_give_one_after_the_other(
    tiny_bundle: Path, perceive: Perceive
) -> None:
    expected, _ = perceive(frames(two_walkers, seconds=3), detect_every=5)
    found: list[Observation] = []
    job = SourceJob(Stream(frames(two_walkers, seconds=3)), on_observation=found.append)
    with Engine(load_bundle(tiny_bundle)) as engine:
        run_source(Stages(engine), job, config=PipelineConfig(detect_every=5))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.stage_seconds.keys() == other.stage_seconds.keys()  # the detector ran on the same frames
        assert [p.track_id for p in one.persons] == [p.track_id for p in other.persons]
        for p, q in zip(one.persons, other.persons, strict=True):
            assert np.array_equal(p.pose.joints, q.pose.joints)
            assert [reading.labels for reading in p.readings] == [reading.labels for reading in q.readings]
            for reading, same in zip(p.readings, q.readings, strict=True):
                assert np.array_equal(reading.smoothed, same.smoothed)
