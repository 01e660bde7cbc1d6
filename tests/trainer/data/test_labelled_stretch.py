"""Boxes of frames become stretches of one person and one action."""

from pathlib import Path

import numpy as np
import pytest

from trainer.data.labelled_stretch import LabelledBox, stretches_of

VIDEO = Path("a.mp4")


def boxes(frames: range, label: str, left: float, track: str | None) -> list[LabelledBox]:
    return [LabelledBox(VIDEO, frame, label, (left + frame, 0.0, left + frame + 20, 50.0), track) for frame in frames]


def test_a_track_is_cut_where_its_label_changes() -> None:
    found = stretches_of(boxes(range(10), "wave", 0, "7") + boxes(range(10, 16), "walk", 0, "7"))
    assert [(label, part.first, part.last, part.who) for _, label, part in found] == [
        ("wave", 0, 9, "track 7"),
        ("walk", 10, 15, "track 7"),
    ]


def test_people_without_numbers_are_told_apart_by_their_place_and_end_with_a_pause() -> None:
    rows = boxes(range(0, 10, 2), "wave", 0, None) + boxes(range(0, 10, 2), "wave", 200, None)
    rows += boxes(range(40, 50, 2), "wave", 0, None)
    assert [(part.first, part.last) for _, _, part in stretches_of(rows)] == [(0, 8), (0, 8), (40, 48)]


def test_boxes_between_two_known_ones_are_on_a_straight_line() -> None:
    (_, _, part), *_ = stretches_of(boxes(range(0, 11, 10), "wave", 0, "1"))
    assert part.box_at(np.array([5.0, 99.0])) == pytest.approx(np.array([[5, 0, 25, 50], [10, 0, 30, 50]]))
