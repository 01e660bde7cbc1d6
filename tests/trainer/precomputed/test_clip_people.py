"""The people of clips as pictures and as clips of their own; whom the default bundle finds in clips of the demo."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.skeleton import MPII_16
from tests.demo_pieces import write_demo_pieces
from tests.toy_video import write_toy_video
from trainer.data.labelled_samples import LabelledSample
from trainer.inputs.action_clip import COMMON_JOINTS
from trainer.precomputed.class_people import Track
from trainer.precomputed.clip_people import clip_pictures, find_clip_people, person_clips


def track(first: int, count: int, x: float) -> Track:
    """Somebody of 24×80 pixels who stands: seen in every second frame; the left wrist is not sure."""
    joints = np.full((count, 13, 3), 0.9, np.float32)
    joints[..., 0], joints[..., 1] = x + np.arange(13), 40 + np.arange(13)
    joints[:, COMMON_JOINTS.index("left_wrist"), 2] = 0.1
    boxes = np.tile(np.float32([x, 40, x + 24, 120]), (count, 1))
    return Track(joints, boxes, first + 2 * np.arange(count))


@pytest.fixture
def clip(tmp_path: Path) -> LabelledSample:
    return LabelledSample(write_toy_video(tmp_path / "walk.mp4", seconds=1.0, size=(160, 144), rate=30), "test", 3)


def test_each_person_of_a_picture_has_box_and_joints_and_the_action_of_the_clip(
    clip: LabelledSample, tmp_path: Path
) -> None:
    people = [[track(0, 15, 20), track(14, 4, 90)]]  # the second one comes late
    found = clip_pictures([clip], people, tmp_path / "pictures", count=3, view="person")
    assert [(sample.path.stem[-5:], float(sample.box[0])) for sample in found] == [
        ("00010", 20), ("00014", 20), ("00014", 90), ("00018", 20), ("00018", 90)
    ]  # fmt: skip
    assert {(sample.split, sample.label) for sample in found} == {("test", 3)}
    places = dict(zip(MPII_16.joints, found[0].joints.tolist(), strict=True))
    left_hip, right_hip = (20.0 + COMMON_JOINTS.index(f"{side}_hip") for side in ("left", "right"))
    assert places["left_hip"][0] == left_hip
    assert places["pelvis"][0] == (left_hip + right_hip) / 2
    assert places["left_wrist"] == places["head_top"] == [-1, -1]  # not sure, and not found at all
    assert cv2.imread(str(found[0].path)).shape == (144, 160, 3)


def test_of_whole_pictures_one_box_is_around_everybody(clip: LabelledSample, tmp_path: Path) -> None:
    people = [[track(0, 15, 20), track(0, 15, 90)], []]  # in the second clip nobody is found
    found = clip_pictures([clip, clip], people, tmp_path / "pictures", count=2, view="frame")
    assert [sample.box.tolist() for sample in found] == [[20, 40, 114, 120]] * 2
    assert all(sample.joints is None for sample in found)
    before = found[0].path.stat().st_mtime_ns
    clip_pictures([clip, clip], people, tmp_path / "pictures", count=2, view="frame")
    assert found[0].path.stat().st_mtime_ns == before  # written once


def test_each_person_is_a_clip_of_crops(clip: LabelledSample) -> None:
    samples, read = person_clips([clip], [[track(0, 15, 20), track(10, 4, 90)]], 32)
    assert [sample.label for sample in samples] == [3, 3]
    assert [one.frames.shape for one in read] == [(15, 32, 32, 3), (4, 32, 32, 3)]
    assert read[0].seconds == pytest.approx(14 / 15)


def test_people_of_the_demo_are_found_and_kept(tmp_path: Path) -> None:
    (path,) = islice(write_demo_pieces(tmp_path / "clips", 1), 1)
    clips = [LabelledSample(path, "train", 0)]
    (found,) = find_clip_people(clips, tmp_path / "people")
    assert len(found) == 2
    assert len(list((tmp_path / "people").glob("*.json"))) == 1
    (again,) = find_clip_people(clips, tmp_path / "people")
    assert [one.frames.tolist() for one in again] == [one.frames.tolist() for one in found]
