"""Boxes of a teacher become tracks by place and clothes, where everybody is seen."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceNotFoundError
from trainer.precomputed.teacher_tracks import (
    CheckedClip,
    TrackTeacher,
    known_boxes,
    link_boxes,
    read_checked,
    write_tracks,
)

RED, BLUE = (0, 0, 220), (220, 0, 0)
HEIGHT = 100


def scene(*people: tuple[int, tuple[int, int, int]], score: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """People of a colour whose boxes begin at these columns, drawn one over the other."""
    picture = np.full((HEIGHT, 200, 3), 120, np.uint8)
    for left, colour in people:
        picture[10:90, left : left + 20] = colour
    return picture, np.array([[left, 10, left + 20, 90, score] for left, _ in people], np.float32)


def lefts(linked: list[np.ndarray | None]) -> list[list[float] | None]:
    return [None if boxes is None else boxes[:, 0].tolist() for boxes in linked]


def test_people_keep_their_rows_as_they_walk() -> None:
    frames = [scene((20 + 4 * step, RED), (150 - 4 * step, BLUE)) for step in range(8)]
    assert lefts(link_boxes(frames, 2)) == [[20 + 4 * step, 150 - 4 * step] for step in range(8)]


def test_clothes_tell_who_is_who_where_people_come_apart_again() -> None:
    apart, hidden, changed = scene((70, RED), (86, BLUE)), scene((75, RED)), scene((70, BLUE), (86, RED))
    linked = link_boxes([apart, hidden, changed], 2)
    assert lefts(linked) == [[70, 86], None, [86, 70]]


def test_a_frame_is_unknown_where_the_teacher_does_not_see_exactly_everybody() -> None:
    _, two = scene((20, RED), (100, BLUE))
    assert known_boxes(two, height=HEIGHT, people=2) is not None
    assert known_boxes(two, height=HEIGHT, people=3) is None
    assert known_boxes(two, height=HEIGHT, people=None) is not None  # any number
    assert known_boxes(two[:0], height=HEIGHT, people=None) is None  # but nobody
    assert known_boxes(two, height=400, people=2) is None  # too small to be one of them
    unsure = two.copy()
    unsure[1, 4] = 0.4
    assert known_boxes(unsure, height=HEIGHT, people=2) is None
    assert known_boxes(unsure, height=HEIGHT, people=None) is None
    _, double = scene((20, RED), (22, RED))
    assert known_boxes(double, height=HEIGHT, people=2) is None


def test_the_checked_clips_are_of_all_kinds_and_named_once() -> None:
    clips = read_checked()
    assert len({clip.file for clip in clips}) == len(clips) >= 20
    assert {clip.sequence % 2 for clip in clips} == {0, 1}
    assert all(clip.people == 2 and f"_{clip.sequence}_" in clip.file for clip in clips)


def test_a_missing_clip_is_named_and_labels_that_are_there_need_no_teacher(tmp_path: Path) -> None:
    clip, teacher = CheckedClip("set1_0.mp4", 1, 2), TrackTeacher(tmp_path / "no teachers")
    (tmp_path / "set1_0.jsonl").write_text(json.dumps({"persons": None}))
    write_tracks(tmp_path, tmp_path, clip, teacher)
    assert json.loads((tmp_path / "set1_0.jsonl").read_text()) == {"persons": None}


@pytest.mark.data
def test_a_clip_that_is_not_there_is_named(tmp_path: Path, shared_folder: Path) -> None:
    teacher = TrackTeacher(shared_folder / "teachers")
    with pytest.raises(SourceNotFoundError, match=r"set1_none\.mp4 not found; give the folder of the data sets"):
        write_tracks(tmp_path, tmp_path / "out", CheckedClip("set1_none.mp4", 1, 2), teacher)
