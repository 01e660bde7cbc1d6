"""Postures are counted beside labels frame by frame, and the rule's event beside the first lying frame."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeact.config import PipelineConfig
from edgeact.errors import SourceNotFoundError
from edgeact.sinks.jsonl import JsonlSink
from edgeact.types import Person
from tests.edgeact.rules.test_posture import LYING, STANDING, pose
from tests.results import bundle_without_graphs, person, result, source_info
from trainer.evaluate.posture import (
    LabelledSequence,
    SequenceOutcome,
    measure_posture,
    measure_sequence,
    posture_tables,
    read_sequences,
)


def somebody(places: dict[str, tuple[float, float]]) -> Person:
    places_of_joints, box = pose(places)
    return replace(person(action=False), pose=places_of_joints, box=box)


def write_frames(path: Path, persons: list[tuple[Person, ...]], *, every: int = 1) -> None:
    """Frames of 10 a second, of each ``every``-th frame of a clip."""
    info = source_info(width=640, height=480)
    sink = JsonlSink(path, info=info, bundle=bundle_without_graphs(), config=PipelineConfig(), every=every)
    for index, seen in enumerate(persons):
        picture = np.zeros((480, 640, 3), np.uint8)
        sink.write(result(index * every, picture, time=index / 10, persons=seen), None)
    sink.close()


def test_a_fall_is_told_after_its_time_and_frames_in_between_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "fall-01.frames.jsonl"
    write_frames(path, [(somebody(STANDING),)] * 5 + [()] * 5 + [(somebody(LYING),)] * 10)
    labels = dict.fromkeys(range(6), -1) | {6: 0, 7: 0} | dict.fromkeys(range(8, 20), 1)
    outcome = measure_sequence(LabelledSequence("fall-01", False, labels), path, confidence=0.3)
    assert outcome.lying_since == 0.8
    assert outcome.told == {0.5: 1.5, 1.0: None}
    frames, events = posture_tables([outcome])
    assert frames.rows[0] == ("falls", "18", "12", "100 % (10/10)", "83 % (10/12)", "100 % (10/10)")
    assert events.rows[0] == ("falls, 0.5 s", "1", "1", "0.70, 0.70", "0 of 0")
    assert events.rows[1] == ("falls, 1 s", "1", "0", "", "0 of 0")


def test_who_is_said_to_lie_and_does_not_is_a_false_event() -> None:
    frames = ((-1, True, True), (-1, True, False))
    outcome = SequenceOutcome(LabelledSequence("adl-01", True, {}), frames, {0.5: 1.0, 1.0: None}, None)
    by_name = {row[0]: row for table in posture_tables([outcome]) for row in table.rows}
    assert by_name["daily life, dark"] == ("daily life, dark", "2", "0", "0 % (0/1)", "", "")
    assert by_name["daily life, dark, 0.5 s"][-1] == "1 of 1"
    assert by_name["falls, 0.5 s"][-1] == "0 of 0"


def write_labels(folder: Path) -> None:
    folder.mkdir()
    (folder / "index.csv").write_text(
        "file,label,sequence,cam,light\nadl-01-cam0.mp4,sit,adl-01,0,dark\nfall-01-cam1.mp4,fall,fall-01,1,normal\n"
    )
    (folder / "frames_cam0.csv").write_text("sequence,frame,posture\nfall-01,1,-1\nfall-01,2,1\nadl-01,6,-1\n")


def test_labels_are_read_by_the_numbers_of_their_frames(tmp_path: Path) -> None:
    write_labels(tmp_path / "urfd_clips")
    assert read_sequences(tmp_path / "urfd_clips") == [
        LabelledSequence("adl-01", True, {5: -1}),
        LabelledSequence("fall-01", False, {0: -1, 1: 1}),
    ]
    with pytest.raises(SourceNotFoundError, match="--data"):
        read_sequences(tmp_path)


def test_every_sequence_is_measured_also_from_each_third_frame(tmp_path: Path) -> None:
    write_labels(tmp_path / "urfd_clips")
    for name in ("adl-01", "fall-01"):
        write_frames(tmp_path / f"{name}-cam0.frames.jsonl", [(somebody(STANDING),)] * 3, every=5)
    outcomes = measure_posture(
        tmp_path / "urfd_clips", tmp_path, confidence=0.3, progress=lambda sequences, _: sequences
    )
    assert [outcome.frames for outcome in outcomes] == [
        ((0, True, False), (-1, True, False), (0, True, False)),
        ((-1, True, False), (0, True, False), (0, True, False)),
    ]
