"""What graphs beyond detector, pose and the clip of poses say: of scenes, crops, clips of pictures and features."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import Bundle, load_bundle
from edgeact.config import PipelineConfig
from edgeact.engine.base import Array
from edgeact.engine.engine import Engine
from edgeact.engine.graph import Graph, Outputs
from edgeact.errors import BundleError, UsageError
from edgeact.perception.calls import Answers
from edgeact.perception.clips import sample_clip
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.stages import Stages
from edgeact.perception.tracking.step import TrackStep
from edgeact.types import AttentionMap, Event, Frame, Observation
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.tiny_readers import (
    MAP_COLUMNS,
    MAP_ROWS,
    MOMENTS,
    STRIDE,
    add_lifter,
    add_pose_explainer,
    add_two_inputs,
    build_heads_bundle,
    build_side_bundle,
    build_trend_bundle,
)

LEFT, RIGHT = (20, 40, 100, 200), (220, 40, 300, 200)


def clip_of(boxes: Callable[[float], list[tuple[float, ...]]], *, seconds: float, rate: int = 25) -> Iterator[Frame]:
    for index in range(round(seconds * rate)):
        yield Frame(index, index / rate, tiny_picture(320, 240, boxes(index / rate)))


def walker(time: float) -> list[tuple[float, ...]]:
    return [(40 + 40 * time, 40, 64 + 40 * time, 120)]


def watch(folder: Path, stream: Iterator[Frame], **settings: object) -> tuple[Bundle, list[Observation], list[Event]]:
    bundle = load_bundle(folder)
    with Engine(bundle) as engine:
        perceiver = Perceiver(engine, PipelineConfig.model_validate(settings))
        found = [perceiver.process(frame) for frame in stream]
        events = [event for one in found for event in one.events]
        return bundle, [one.observation for one in found], [*events, *perceiver.finish()]


def hottest(attention: AttentionMap) -> tuple[float, float]:
    """Where in the frame a map is highest."""
    row, column = np.unravel_index(int(attention.values.argmax()), attention.values.shape)
    left, top, right, bottom = attention.box.tolist()
    rows, columns = attention.values.shape
    return left + (column + 0.5) / columns * (right - left), top + (row + 0.5) / rows * (bottom - top)


def test_a_scene_is_judged_without_a_detector(tmp_path: Path) -> None:
    folder = build_side_bundle(tmp_path / "side")
    stream = clip_of(lambda time: [LEFT] if time < 2 else [RIGHT] if time < 4 else [], seconds=5)
    bundle, results, events = watch(folder, stream)
    assert bundle.plan.persons is None
    assert all(result.persons == () for result in results)
    assert [results[index].scene[0].labels for index in (20, 80, 120)] == [("left",), ("right",), ()]
    ended = [event for event in events if event.phase == "end"]
    assert [(event.subject, event.track_id, event.label) for event in ended] == [
        ("scene", None, "left"),
        ("scene", None, "right"),
    ]
    assert ended[0].end == pytest.approx(2.1, abs=0.2)
    (sam,) = results[80].scene[0].attention
    assert (sam.name, sam.label, sam.values.shape) == ("sam", "right", (MAP_ROWS, MAP_COLUMNS))
    x, y = hottest(sam)
    assert RIGHT[0] < x < RIGHT[2]
    assert RIGHT[1] < y < RIGHT[3]


def test_a_scene_that_does_not_have_the_shape_of_the_picture_is_judged_whole(tmp_path: Path) -> None:
    wide = [Frame(i, i / 25, tiny_picture(640, 160, [(400, 20, 600, 140)])) for i in range(10)]
    _, results, _ = watch(build_side_bundle(tmp_path / "side"), iter(wide), attention="sam")
    (sam,) = results[-1].scene[0].attention
    x, y = hottest(sam)
    assert 400 < x < 600
    assert 20 < y < 140


def test_labels_that_are_independent_have_thresholds_and_events_of_their_own(tmp_path: Path) -> None:
    folder = build_side_bundle(tmp_path / "both", multi_label=True)
    stream = clip_of(lambda time: [LEFT, RIGHT] if 1 <= time < 3 else [RIGHT] if time < 4 else [], seconds=6)
    _, results, events = watch(folder, stream)
    assert results[20].scene[0].labels == ("right",)
    assert results[60].scene[0].labels == ("left", "right")
    assert all(score >= 0.5 for score in results[60].scene[0].scores)
    ended = {event.label: event for event in events if event.phase == "end"}
    assert ended["left"].end is not None
    assert ended["left"].start > 0.9 > ended["right"].start
    assert ended["left"].end < ended["right"].end  # type: ignore[operator]
    assert len({event.id for event in events}) == 2


def test_a_label_comes_into_force_at_its_own_threshold(tmp_path: Path) -> None:
    """The left side needs .9 and the right one .5: what is a little bright is only said of the right one."""
    dim = [Frame(i, i / 25, np.full((240, 320, 3), 64, np.uint8)) for i in range(25)]
    _, results, _ = watch(build_side_bundle(tmp_path / "both", multi_label=True), iter(dim))
    reading = results[-1].scene[0]
    assert 0.5 < float(reading.smoothed[0]) < 0.9
    assert float(reading.smoothed[0]) == pytest.approx(float(reading.smoothed[1]), abs=1e-6)
    assert reading.labels == ("right",)


def test_a_clip_of_pictures_is_the_clip_of_the_whole_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, given = build_trend_bundle(tmp_path / "trend"), []
    original = Graph.run

    def noting(graph: Graph, *arrays: Array) -> Outputs:
        given.append((graph.spec.name, arrays[0].copy()))
        return original(graph, *arrays)

    monkeypatch.setattr(Graph, "run", noting)
    images = [np.full((24, 32, 3), min(255, 4 * index), np.uint8) for index in range(50)]
    bundle, results, events = watch(folder, iter(Frame(i, i / 25, image) for i, image in enumerate(images)))
    clip = bundle.graph("trend").clip
    assert clip is not None
    times = np.arange(50) / 25
    read = [array for name, array in given if name == "trend"]
    ends = [index for index in range(50) if index / 25 >= 0.25 * 3 * STRIDE - 1e-6]
    assert np.array_equal(read[0][0], sample_clip(times[: ends[0] + 1], np.stack(images)[: ends[0] + 1],
                                                  end=float(times[ends[0]]), clip=clip))  # fmt: skip
    assert {array.shape for array in read} == {(1, MOMENTS, 24, 32, 3)}
    assert 8 <= len(read) <= 10  # five times a second, not for every frame
    assert results[-1].scene[0].labels == ("brighter",)
    assert [event.label for event in events if event.phase == "new"] == ["brighter"]


def test_a_map_of_a_clip_lies_on_the_frame_that_it_was_made_of(tmp_path: Path) -> None:
    """The bright place moves: the map that comes with a frame shows where it is, not where it was in the clip."""
    folder = build_trend_bundle(tmp_path / "trend")

    def moving(time: float) -> list[tuple[float, ...]]:
        x = 10 + 70 * time
        return [(x, 80, x + 50, 160)]

    _, results, _ = watch(folder, clip_of(moving, seconds=3), attention="trend_cam")
    seen = 0
    for result in results:
        for attention in result.scene[0].attention if result.scene else ():
            made = result.frame.time if attention.time is None else attention.time
            assert result.frame.time - made <= 0.2 + 1e-6
            (box,) = moving(made)
            x, y = hottest(attention)
            assert box[0] - 20 < x < box[2] + 20
            assert 80 - 20 < y < 160 + 20
            seen += attention.time is None
    assert seen > 5


def test_maps_are_chosen_by_name(tmp_path: Path) -> None:
    folder = build_trend_bundle(tmp_path / "trend")
    shown = {
        choice: [
            attention.name
            for attention in watch(folder, clip_of(walker, seconds=1), attention=choice)[1][-1].scene[0].attention
        ]
        for choice in ("first", "all", "none", "counter")
    }
    assert shown == {"first": ["trend_cam"], "all": ["trend_cam", "counter"], "none": [], "counter": ["counter"]}


def test_an_unknown_map_is_refused_with_those_that_there_are(tmp_path: Path, tiny_bundle: Path) -> None:
    with pytest.raises(UsageError, match="'sum'; this bundle offers trend_cam, counter; first, all and none"):
        watch(build_trend_bundle(tmp_path / "trend"), iter(()), attention="sum")
    with pytest.raises(UsageError, match="offers joints; "):
        watch(tiny_bundle, iter(()), attention="sam")


def test_what_nobody_looks_at_is_not_explained(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    original = Graph.run

    def noting(graph: Graph, *arrays: Array) -> Outputs:
        called.append(graph.spec.name)
        return original(graph, *arrays)

    monkeypatch.setattr(Graph, "run", noting)
    _, results, _ = watch(tiny_bundle, clip_of(walker, seconds=2), attention="none")
    assert "action" in called
    assert "explain" not in called
    assert results[-1].persons[0].readings[0].attention == results[-1].persons[0].attention == ()


def test_the_pose_graph_may_judge_actions_and_place_parts(tmp_path: Path) -> None:
    folder = build_heads_bundle(tmp_path / "heads")
    bundle, results, events = watch(folder, clip_of(walker, seconds=3), attention="saliency")
    assert [head.name for head in bundle.plan.heads] == ["fused", "image", "moves"]
    first, last = results[5].persons[0], results[-1].persons[0]
    assert [reading.head for reading in first.readings] == ["fused", "image"]  # a clip takes half a second
    assert [reading.head for reading in last.readings] == ["fused", "image", "moves"]
    assert {event.label for event in events} <= {"low", "high", "near", "far"}  # the head "image" has no events
    (saliency,) = last.readings[1].attention
    assert saliency.name == "saliency"
    assert saliency.values.max() == 1
    # Squares of 4, 6 and 8 pixels of the crop around the middle of the person, in pixels of the frame.
    centre = (last.box[:2] + last.box[2:]) / 2
    sides = []
    for part in last.parts:
        assert np.abs((part.box[:2] + part.box[2:]) / 2 - centre).max() < 4
        sides.append(float(part.box[2] - part.box[0]))
    assert [part.name for part in last.parts] == ["head", "right_hand", "left_hand"]
    assert sides[1] / sides[0] == pytest.approx(1.5, rel=1e-3)
    assert sides[2] / sides[0] == pytest.approx(2, rel=1e-3)


def test_streamed_features_give_the_scores_of_the_whole_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_heads_bundle(tmp_path / "heads")
    seen: list[Array] = []
    original = Graph.run

    def noting(graph: Graph, *arrays: Array) -> Outputs:
        outputs = original(graph, *arrays)
        if graph.spec.name == "pose" and len(arrays[0]) == 1:
            seen.append(outputs.of("features")[0].copy())
        return outputs

    monkeypatch.setattr(Graph, "run", noting)
    bundle, results, _ = watch(folder, clip_of(walker, seconds=4))
    assert len(seen) == len(results)  # each frame once, whatever the clip's length
    times = np.array([result.frame.time for result in results])
    raws = [{r.head: r.raw for r in result.persons[0].readings}.get("moves") for result in results]
    changed = [index for index in range(1, len(raws)) if raws[index] is not raws[index - 1]]
    assert len(changed) > 5
    graph, clip = Graph(bundle, bundle.graph("moves")), bundle.graph("moves").clip
    assert clip is not None
    for index in changed:
        whole = sample_clip(times[: index + 1], np.stack(seen[: index + 1]), end=float(times[index]), clip=clip)
        assert np.array_equal(original(graph, whole[None]).of("actions", head="moves")[0], raws[index])
    graph.close()


def test_crops_of_persons_are_judged(tmp_path: Path) -> None:
    folder = build_side_bundle(tmp_path / "side", scope="person")
    bundle, results, _ = watch(folder, clip_of(walker, seconds=2), attention="sam")
    assert [head.name for head in bundle.plan.heads] == ["action", "side"]
    for result in results[-5:]:
        person = result.persons[0]
        assert [reading.head for reading in person.readings] == ["action", "side"]
        (sam,) = person.readings[1].attention
        x, y = hottest(sam)  # moves with the person between two calls
        assert person.box[0] - 8 < x < person.box[2] + 8
        assert person.box[1] - 8 < y < person.box[3] + 8


def test_clips_of_pictures_of_persons_are_judged_and_explained(tmp_path: Path) -> None:
    folder = build_trend_bundle(tmp_path / "trend", scope="person")
    _, results, _ = watch(folder, clip_of(walker, seconds=2), attention="trend_cam")
    person = results[-1].persons[0]
    assert [reading.head for reading in person.readings] == ["action", "trend"]
    (cam,) = person.readings[1].attention
    x, _ = hottest(cam)
    assert person.box[0] - 8 < x < person.box[2] + 8


def test_a_lifter_gives_3d_in_every_frame(tmp_path: Path) -> None:
    folder = add_lifter(build_tiny_bundle(tmp_path / "lift"))
    bundle, results, _ = watch(folder, clip_of(walker, seconds=1))
    poses = np.stack([
        np.concatenate([r.persons[0].pose.joints, r.persons[0].pose.confidence[:, None]], 1) for r in results
    ])  # fmt: skip
    clip = bundle.graph("lift").clip
    assert clip is not None
    times = np.array([result.frame.time for result in results])
    for index, result in enumerate(results):
        whole = sample_clip(times[: index + 1], poses[: index + 1], end=float(times[index]), clip=clip)
        expected = 0.01 * (whole[-1, :, :2] - whole[..., :2].mean(0))
        found = result.persons[0].pose.joints_3d
        assert found is not None
        assert np.allclose(found[:, :2], expected, atol=1e-4)
        assert np.all(found[:, 2] == 1)


def test_two_sources_share_a_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = []
    original = Graph.run

    def noting(graph: Graph, *arrays: Array) -> Outputs:
        batches.append(len(arrays[0]))
        return original(graph, *arrays)

    monkeypatch.setattr(Graph, "run", noting)
    with Engine(load_bundle(build_side_bundle(tmp_path / "side"))) as engine:
        stages = Stages(engine)
        streams = [stages.open_stream(PipelineConfig(), source=name) for name in "ab"]
        frames = [Frame(0, 0.0, tiny_picture(320, 240, [box])) for box in (LEFT, RIGHT)]
        looked = stages.detect(list(zip(streams, frames, strict=True)))
        followed = stages.track(list(zip(streams, looked, strict=True)))  # type: ignore[arg-type]
        found = stages.act(list(zip(streams, followed, strict=True)))  # type: ignore[arg-type]
    assert batches == [2]
    assert [one.observation.scene[0].labels for one in found] == [("left",), ("right",)]  # type: ignore[union-attr]


def test_of_a_live_source_a_slow_graph_is_asked_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that takes half a second is asked every one and a half seconds of a live source, every .2 s of a file."""
    calls = {}
    with Engine(load_bundle(build_side_bundle(tmp_path / "side"))) as engine:
        stages = Stages(engine)
        for live in (False, True):
            stream = stages.open_stream(PipelineConfig(), live=live)
            calls[live] = 0
            for frame in clip_of(walker, seconds=3):
                asked = stream.acting.expect(frame, _nobody(), is_new=False)
                calls[live] += len(asked)
                stream.acting.answer(_slow_answers(len(asked)))
                stream.acting.conclude(_slow_answers(0))
    assert calls == {False: 15, True: 2}


def _nobody() -> TrackStep:
    return TrackStep((), ())


def _slow_answers(count: int) -> Answers:
    row = {"actions": np.array([1, 0, 0], np.float32), "sam": np.zeros((6, 8), np.float32)}
    row["human_map"] = row["sam"]
    return Answers([row] * count, {"side": 0.5} if count else {})


def test_a_bundle_that_follows_nobody_says_so_where_somebody_is_needed(tmp_path: Path) -> None:
    plan = load_bundle(build_side_bundle(tmp_path / "side")).plan
    with pytest.raises(BundleError, match="follows no persons"):
        _ = plan.skeleton


def test_a_graph_may_read_features_and_poses_of_one_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Array, ...]] = []
    original = Graph.run

    def noting(graph: Graph, *arrays: Array) -> Outputs:
        if graph.spec.name == "both":
            given.append(tuple(array.copy() for array in arrays))
        return original(graph, *arrays)

    monkeypatch.setattr(Graph, "run", noting)
    folder = add_two_inputs(build_heads_bundle(tmp_path / "heads"))
    _, results, _ = watch(folder, clip_of(walker, seconds=1.5))
    last = results[-1].persons[0]
    assert [reading.head for reading in last.readings] == ["fused", "image", "moves", "both"]
    features, poses = given[-1]
    assert features.shape == (1, 32, 21, 2)
    assert poses.shape == (1, 32, 21, 3)
    assert np.all(poses[0, :, :, 2] == pytest.approx(0.9))
    assert not np.allclose(features[0], poses[0, :, :, :2])  # one in pixels of the crop, the other of the frame


def test_the_pose_graph_may_be_explained_at_a_rate_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    original = Graph.run

    def noting(graph: Graph, *arrays: Array) -> Outputs:
        called.append(graph.spec.name)
        return original(graph, *arrays)

    monkeypatch.setattr(Graph, "run", noting)
    folder = add_pose_explainer(build_tiny_bundle(tmp_path / "tiny"))
    bundle, results, _ = watch(folder, clip_of(walker, seconds=1), attention="bright")
    assert bundle.plan.maps == ("joints", "bright")
    assert 4 <= called.count("why_pose") <= 6
    for result in results[3:]:
        person = result.persons[0]
        (bright,) = person.attention
        x, y = hottest(bright)
        assert person.box[0] - 8 < x < person.box[2] + 8
        assert person.box[1] - 8 < y < person.box[3] + 8
