import contextlib
import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeact
from edgeact.errors import ArgumentTypeError, SourceFormatError, SourceNotFoundError, UsageError
from edgeact.results.records import EventRecord
from edgeact.skeleton import BODY_21
from edgeact.types import Observation
from tests.results import LABELS, ended_event, person, result, write_results
from tests.tiny_readers import build_side_bundle
from tests.toy_video import write_toy_video


def three_frames() -> list[Observation]:
    return [result(0), result(1, persons=(person(7), person(8, action=False))), result(2, persons=(person(7),))]


def change_line(path: Path, number: int, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a line of JSON, counted from 0."""
    lines = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[number])
    change(record)
    lines[number] = json.dumps(record)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_result_becomes_the_records_that_it_was_made_of(tmp_path: Path) -> None:
    observations = three_frames()
    results = edgeact.load_results(write_results(tmp_path, observations, [ended_event(7), ended_event(None)]))
    header = results.header
    assert (header.source.name, header.source.width, header.source.frame_rate) == ("clip.mp4", 64, Fraction(25))
    assert (header.skeleton, header.labels, header.every) == (BODY_21, LABELS, 1)
    assert header.bundle["name"] == "paper"
    frames = list(results.frames)
    assert [(frame.index, frame.time, frame.epoch) for frame in frames] == [(0, 0.0, 0), (1, 0.04, 0), (2, 0.08, 0)]
    assert [[one.track_id for one in frame.persons] for frame in frames] == [[], [7, 8], [7]]
    read, made = frames[1].persons[0], observations[1].persons[0]
    np.testing.assert_allclose(read.box, made.box, atol=0.005)
    np.testing.assert_allclose(read.pose.joints, made.pose.joints, atol=0.005)
    np.testing.assert_allclose(read.pose.confidence, made.pose.confidence, atol=5e-5)
    assert {str(values.dtype) for values in (read.pose.joints, read.pose.confidence, read.box)} == {"float32"}
    assert [part.name for part in read.parts] == ["head", "left_hand"]
    (reading,) = read.readings
    assert (reading.head, reading.labels) == ("action", ("wave",))
    assert reading.scores == pytest.approx((0.6,))
    np.testing.assert_allclose(reading.raw, [0.7, 0.2, 0.1], atol=1e-4)
    assert frames[1].persons[1].readings == ()
    assert results.events == (EventRecord(7, "wave", 0.0, 1.0, 0.9), EventRecord(None, "wave", 0.0, 1.0, 0.9))
    assert len(list(results.frames)) == 3  # as often as one likes


def test_heads_of_the_scene_and_depth_are_read(tmp_path: Path) -> None:
    path = write_results(tmp_path, [result(0, persons=(person(7),))])
    heads = [
        {"name": "action", "scope": "person", "labels": list(LABELS)},
        {"name": "parts", "scope": "person", "labels": ["sit", "stand"]},
        {"name": "place", "scope": "scene", "labels": ["fire", "smoke"]},
    ]
    both = {
        "label": "fire",
        "labels": ["fire", "smoke"],
        "smoothed": {"fire": 0.9, "smoke": 0.8},
        "raw": {"fire": 1, "smoke": 1},
    }

    def add(frame: dict[str, Any]) -> None:
        frame["scene"] = {"place": both}
        frame["persons"][0]["heads"] = {"parts": None}
        frame["persons"][0]["joints_3d"] = [[0.1, 0.2, None]] * 21

    change_line(path, 0, lambda header: header.update(heads=heads))
    change_line(path, 1, add)
    results = edgeact.load_results(path)
    (frame,) = results.frames
    assert [head.name for head in results.header.heads] == ["action", "parts", "place"]
    assert [(reading.head, reading.labels) for reading in frame.scene] == [("place", ("fire", "smoke"))]
    assert frame.scene[0].scores == pytest.approx((0.9, 0.8))
    assert [reading.head for reading in frame.persons[0].readings] == ["action"]
    depth = frame.persons[0].pose.joints_3d
    assert depth is not None
    assert depth.shape == (21, 3)
    assert np.isnan(depth[:, 2]).all()


@pytest.mark.parametrize("name", ["clip", "clip.mp4", "clip.frames.jsonl", "clip.events.csv", "clip.run.json", ""])
def test_a_result_may_be_named_by_any_of_its_files(name: str, tmp_path: Path) -> None:
    frames = write_results(tmp_path, [])
    assert edgeact.load_results(str(tmp_path / name)).path == frames


@pytest.mark.parametrize("scope", ["scene", "person"])
def test_what_was_written_of_heads_and_maps_is_what_was_seen(scope: str, tmp_path: Path) -> None:
    bundle = build_side_bundle(tmp_path / "sides", multi_label=scope == "scene", scope=scope)
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.6, size=(160, 120), boxes=lambda time: [(20, 20, 44, 100)])
    edgeact.annotate(clip, out=tmp_path / "out", bundle=bundle, config={"attention": "all"}, video=False)
    results = edgeact.load_results(tmp_path / "out")
    seen = list(edgeact.watch(clip, bundle=bundle, config={"attention": "all"}))
    maps = 0
    for read, live in zip(results.frames, seen, strict=True):
        assert [one.track_id for one in read.persons] == [one.track_id for one in live.persons]
        pairs = [
            (read.scene, live.scene),
            *((one.readings, other.readings) for one, other in zip(read.persons, live.persons, strict=True)),
        ]
        for readings, expected in pairs:
            assert [(one.head, one.labels) for one in readings] == [(one.head, one.labels) for one in expected]
            for one, other in zip(readings, expected, strict=True):
                np.testing.assert_allclose(one.smoothed, other.smoothed, atol=1e-4)
                assert [found.name for found in one.attention] == [found.name for found in other.attention]
                for found, expected_map in zip(one.attention, other.attention, strict=True):
                    np.testing.assert_allclose(found.values, expected_map.values, atol=0.006)
                    maps += 1
    assert maps > 0
    table = results.to_dataframe()
    assert len(table) == sum(len(one.persons) for one in seen) + (len(seen) if scope == "scene" else 0)


def test_how_much_joints_count_is_read_and_must_fit_the_skeleton(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=2.0, size=(160, 120), boxes=lambda time: [(20, 20, 44, 100)])
    config = {"attention": "joints"}
    edgeact.annotate(clip, out=tmp_path / "out", bundle=tiny_bundle, config=config, video=False)
    pairs = zip(
        edgeact.load_results(tmp_path / "out").frames,
        edgeact.watch(clip, bundle=tiny_bundle, config=config),
        strict=True,
    )
    read, live = [(one, other) for one, other in pairs if one.persons and one.persons[0].readings][-1]
    (found,), (expected,) = (one.persons[0].readings[0].attention for one in (read, live))
    assert found.joints is not None
    assert expected.joints is not None
    np.testing.assert_allclose(found.joints, expected.joints, atol=0.006)
    path = tmp_path / "out" / "clip.frames.jsonl"
    (tmp_path / "out" / "clip.run.json").unlink()  # which knows that the file was changed
    change_line(path, read.index + 1, lambda frame: frame["persons"][0]["attention"][0]["joints"].pop())
    with pytest.raises(SourceFormatError, match="is no frame"):
        list(edgeact.load_results(path).frames)


def test_what_is_no_result_says_what_to_name(tmp_path: Path) -> None:
    for name in ("missing", "clip.mp4", ""):
        with pytest.raises(SourceNotFoundError, match=r"no (such )?\.frames\.jsonl file; name what edgeact annotate"):
            edgeact.load_results(tmp_path / name)
    for stem in "ab":
        write_results(tmp_path, []).rename(tmp_path / f"{stem}.frames.jsonl")
    with pytest.raises(UsageError, match=r"the results of 2 sources: a\.frames\.jsonl, b\.frames\.jsonl; name one"):
        edgeact.load_results(tmp_path)
    with pytest.raises(ArgumentTypeError, match="path is 3"):
        edgeact.load_results(3)  # type: ignore[arg-type]


def test_a_file_that_was_cut_in_a_line_is_refused(tmp_path: Path) -> None:
    path = write_results(tmp_path, three_frames())
    content = path.read_bytes()
    for end in (len(content) - 40, len(content) - 1):  # also where only the line's end is gone
        path.write_bytes(content[:end])
        with pytest.raises(SourceFormatError, match="was cut off in line 4; copy it again"):
            list(edgeact.load_results(path).frames)


def test_a_file_that_was_cut_between_lines_is_refused(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2, size=(64, 48))
    edgeact.annotate(clip, out=tmp_path / "out", bundle=tiny_bundle, video=False)
    results = edgeact.load_results(tmp_path / "out" / "clip")
    assert results.run is not None
    assert (results.run.state, len(list(results.frames))) == ("done", 5)
    lines = results.path.read_text(encoding="utf-8").splitlines(keepends=True)
    results.path.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(
        SourceFormatError, match=r"has [\d,]+ bytes, but [\d,]+ were written: it was cut off or changed"
    ):
        edgeact.load_results(tmp_path / "out")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value inside a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "labels", "x"]), inner),
    max_leaves=4,
)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), value=JSON, number=st.integers(0, 1))
def test_any_value_in_any_place_is_read_or_refused(
    data: st.DataObject, value: Any, number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_results(tmp_path_factory.mktemp("damaged"), [result(0, persons=(person(7),))])

    def replace(record: dict[str, Any]) -> None:
        *way, last = data.draw(st.sampled_from(list(places(record))))
        inner: Any = record
        for key in way:
            inner = inner[key]
        inner[last] = value

    change_line(path, number, replace)
    with contextlib.suppress(SourceFormatError):
        list(edgeact.load_results(path).frames)


@pytest.mark.parametrize(
    ("line", "change", "message"),
    [
        (0, lambda header: header.update(version=2), "has version 2 of edgeact.frames, this edgeact reads 1"),
        (0, lambda header: header.update(schema="other"), "does not begin with a header of edgeact.frames"),
        (0, lambda header: header.pop("source"), "its header is damaged .'source' is missing."),
        (0, lambda header: header["skeleton"].update(name="body_99"), "its skeleton 'body_99' is not known"),
        (1, lambda frame: frame.pop("time"), "line 2 is no frame .'time' is missing."),
        (1, lambda frame: frame.update(persons=3), "line 2 is no frame"),
        (1, lambda frame: frame["persons"][0].update(joints=[[1, 2, 3]]), r"line 2 is no frame .*shape \(1, 3\) where"),
        (1, lambda frame: frame["persons"][0].update(box=[1, 2, 3, "x"]), "line 2 is no frame"),
        (1, lambda frame: frame["persons"][0].update(box=[[1], 2, 3, 4]), "line 2 is no frame"),
        (1, lambda frame: frame["persons"][0]["action"].update(label="fly"), "line 2 is no frame"),
        (1, lambda frame: frame["persons"][0].update(parts=[]), "line 2 is no frame"),
        (1, lambda frame: frame["persons"][0].update(attention=[{"head": None}]), "line 2 is no frame .'name' is"),
    ],
)
def test_what_is_damaged_or_of_another_version_is_refused(
    line: int, change: Callable[[dict[str, Any]], object], message: str, tmp_path: Path
) -> None:
    path = write_results(tmp_path, [result(0, persons=(person(7),))])
    change_line(path, line, change)
    with pytest.raises(SourceFormatError, match=message) as raised:
        list(edgeact.load_results(path).frames)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "track,label\n1,wave\n",
        "track,label,start,end,peak_score\n1,wave,a,1,1\n",
        "track,label,start,end,peak_score\nx,wave,0,1,1\n",
        "\0",
    ],
)
def test_damaged_events_are_refused(content: str, tmp_path: Path) -> None:
    frames = write_results(tmp_path, [])
    frames.with_name("clip.events.csv").write_text(content, encoding="utf-8")
    with pytest.raises(SourceFormatError, match=r"clip\.events\.csv .*annotate its source again"):
        edgeact.load_results(frames)


def test_a_label_that_a_spreadsheet_would_execute_is_read_as_it_was(tmp_path: Path) -> None:
    frames = write_results(tmp_path, [], [ended_event(label="=wave()"), ended_event(label="'quoted")])
    assert [event.label for event in edgeact.load_results(frames).events] == ["=wave()", "'quoted"]
