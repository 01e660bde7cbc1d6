"""The trackers side by side on a clip of a figure that walks, with a tiny bundle."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceFormatError
from edgeact.types import Detection
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.data.known_people import KnownClip, KnownPerson, read_frames
from trainer.evaluate.tracking.followers import Detected, detect_clip, follow_with_bytetrack
from trainer.evaluate.tracking.run import BYTETRACK, OURS, known_clips, measure_tracking, tracking_tables


def test_the_same_boxes_go_through_every_tracker(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    video = write_toy_video(tmp_path / "walk.mp4")
    found = detect_clip(bundle, video, kept=tmp_path / "boxes")
    frames = tuple((KnownPerson(1, rows[0].box, rows[0].box),) if rows else () for rows in found.frames)
    clip = KnownClip("walk", "toy", 1, video, frames)
    figures = measure_tracking(bundle, [clip], kept=tmp_path / "boxes", progress=lambda items, _: items)
    assert list(figures["halves"]) == ["report"]
    trackers = figures["halves"]["report"]
    for name in (OURS, BYTETRACK):
        score = trackers[name]["all"]
        assert (score["people"], score["numbers"], score["shared"], score["switches"]) == (1, 1, 0, 0)
        assert score["recall"] > 0.9
        assert score == trackers[name]["toy"]
    assert json.loads(json.dumps(figures)) == figures
    whole, grouped = tracking_tables(figures)
    assert [row[0] for row in grouped.rows] == [f"toy: {OURS}", f"toy: {BYTETRACK}"]
    assert whole.rows[0][:5] == (OURS, "1", "1", "0", "0")


def test_boxes_are_kept_as_they_were_found(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    video = write_toy_video(tmp_path / "walk.mp4")
    first = detect_clip(bundle, video, kept=tmp_path)
    video.unlink()  # what is kept needs no video
    again = detect_clip(bundle, video, kept=tmp_path)
    assert again.frame_rate == first.frame_rate
    assert [[(*one.box, one.score) for one in rows] for rows in again.frames] == [
        [(*one.box, one.score) for one in rows] for rows in first.frames
    ]
    (file,) = tmp_path.glob("*.boxes.json")
    file.write_text("{}")
    with pytest.raises(SourceFormatError, match="delete it to have it made again"):
        detect_clip(bundle, video, kept=tmp_path)


def test_bytetrack_gets_the_boxes_of_the_chosen_frames_alone() -> None:
    box = np.array([10, 10, 30, 60], np.float32)
    found = Detected([(Detection(box, 0.9),)] * 6, 25.0)
    every = follow_with_bytetrack(found, score=0.4)
    assert [len(frame) for frame in every.frames] == [1] * 6
    assert {number for frame in every.frames for number, _ in frame} == {1}
    assert every.frames[3][0][1] == pytest.approx(box, abs=0.5)
    some = follow_with_bytetrack(found, score=0.4, detected=[True, False, True, False, True, False])
    assert [len(frame) for frame in some.frames] == [1, 0, 1, 0, 1, 0]


def test_labels_that_are_none_are_an_error_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "clip.jsonl").write_text('{"persons": [{"id": 1, "box": [1, 2, 3]}]}\n')
    with pytest.raises(SourceFormatError, match="delete it to have it made again"):
        read_frames(tmp_path / "clip.jsonl")


def test_without_the_studio_the_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="avatars"):
        known_clips(tmp_path, tmp_path, tmp_path, half=1, per_script=2, progress=lambda items, _: items)
