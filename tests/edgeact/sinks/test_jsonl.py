import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeact.config import PipelineConfig
from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.sinks.jsonl import JsonlSink, read_frames, read_header
from edgeact.skeleton import BODY_21
from edgeact.types import Observation, Person, Pose
from tests.results import LABELS, bundle_without_graphs, person, result, source_info


def write(path: Path, results: list[Observation]) -> Path:
    sink = JsonlSink(
        path,
        info=source_info(duration=2.0),
        bundle=bundle_without_graphs(),
        config=PipelineConfig(detect_every=3),
        every=2,
    )
    for one in results:
        sink.write(one, None)
    sink.close()
    return path


def test_the_header_says_what_is_needed_to_read_the_rest(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "a.jsonl", []))
    assert (header["schema"], header["version"], header["every"]) == ("edgeact.frames", 1, 2)
    assert header["source"] == {
        "name": "clip.mp4", "width": 64, "height": 48, "live": False, "frame_rate": 25.0, "frame_count": None,
        "duration": 2.0,
    }  # fmt: skip
    assert header["skeleton"]["joints"] == list(BODY_21.joints)
    assert header["skeleton"]["bones"] == [list(bone) for bone in BODY_21.bones]
    assert header["labels"] == list(LABELS)
    assert header["bundle"] == {"name": "paper", "version": "1", "digest": bundle_without_graphs().digest}
    assert header["config"]["detect_every"] == 3
    assert header["created"].endswith("+00:00")


def test_a_frame_holds_everything_about_its_persons(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [result(0), result(2, time=1 / 3, persons=(person(7), person(8, action=False)))])
    first, second = read_frames(path)
    assert first == {"index": 0, "time": 0.0, "epoch": 0, "persons": []}
    assert (second["index"], second["time"], second["epoch"]) == (2, 0.333333, 0)
    one, other = second["persons"]
    assert one["track"] == 7
    assert one["box"] == [1.25, 2.5, 30.12, 40.0]
    assert one["score"] == 0.8765
    assert one["joints"][:2] == [[0.33, 0.33, 0.9], [1.33, 2.33, 0.9]]
    assert len(one["joints"]) == 21
    assert one["parts"] == {"head": [1.0, 2.0, 3.0, 4.0], "left_hand": [-5.0, 6.0, 7.0, 8.0]}
    assert one["action"] == {
        "label": "wave",
        "smoothed": {"wave": 0.6, "kick": 0.3, "other": 0.1},
        "raw": {"wave": 0.7, "kick": 0.2, "other": 0.1},
    }
    assert other["action"] is None


def test_what_is_not_finite_is_null(tmp_path: Path) -> None:
    broken = person(confidence=float("nan"))
    broken.box[2] = np.inf
    path = write(tmp_path / "a.jsonl", [result(0, persons=(broken,))])
    (frame,) = read_frames(path)
    assert frame["persons"][0]["box"] == [1.25, 2.5, None, 40.0]
    assert frame["persons"][0]["joints"][0] == [0.33, 0.33, None]
    assert "NaN" not in path.read_text()
    assert "Infinity" not in path.read_text()


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [result(index, persons=(person(),)) for index in range(3)])
    content = path.read_bytes()
    for missing in (1, 2, 50, 600):
        path.write_bytes(content[:-missing])
        assert [frame["index"] for frame in read_frames(path)] == ([0, 1, 2] if missing == 1 else [0, 1])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "header"),
        ("no json\n", "header"),
        ("[" * 20_000 + "\n", "header"),
        ('{"version": ' + "9" * 5000 + "}\n", "header"),
        ('{"schema": "other"}\n', "header"),
        ("[1]\n", "header"),
        ('{"schema": "edgeact.frames", "version": 2}\n', "version 2"),
    ],
)
def test_a_foreign_file_is_refused_before_its_frames_are_read(tmp_path: Path, content: str, fault: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(SourceFormatError, match=fault):
        read_frames(tmp_path / "a.jsonl")
    with pytest.raises(SourceFormatError, match=fault):
        read_header(tmp_path / "a.jsonl")


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [result(index) for index in range(3)])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "{torn\n", *lines[3:]]))
    with pytest.raises(SourceFormatError, match="line 3"):
        list(read_frames(path))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"absent\.jsonl"):
        read_frames(tmp_path / "absent.jsonl")


pixels = st.floats(-1e5, 1e5, width=32)
probabilities = st.floats(0, 1, width=32)


@st.composite
def any_person(draw: st.DrawFn) -> Person:
    joints = draw(hnp.arrays(np.float32, (21, 2), elements=pixels))
    confidence = draw(hnp.arrays(np.float32, (21,), elements=probabilities))
    box = draw(hnp.arrays(np.float32, (4,), elements=pixels))
    return Person(
        track_id=draw(st.integers(1, 10**9)), box=box, score=draw(probabilities), pose=Pose(joints, confidence)
    )


@settings(max_examples=30)
@given(st.lists(any_person(), max_size=3), st.floats(0, 1e6))
def test_numbers_come_back_as_rounded(
    tmp_path_factory: pytest.TempPathFactory, persons: list[Person], time: float
) -> None:
    (frame,) = read_frames(
        write(tmp_path_factory.mktemp("any") / "a.jsonl", [result(0, time=time, persons=tuple(persons))])
    )
    assert frame["time"] == pytest.approx(time, abs=1e-6)
    assert [one["track"] for one in frame["persons"]] == [one.track_id for one in persons]
    for one, expected in zip(frame["persons"], persons, strict=True):
        read: Any = np.array(one["joints"])
        np.testing.assert_allclose(read[:, :2], expected.pose.joints, atol=0.00501)
        np.testing.assert_allclose(read[:, 2], expected.pose.confidence, atol=0.0000501)
        np.testing.assert_allclose(one["box"], expected.box, atol=0.00501)


def test_every_line_is_plain_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [result(index, persons=(person(),)) for index in range(3)])
    assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
