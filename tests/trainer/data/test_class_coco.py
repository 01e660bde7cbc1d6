"""COCO files with actions: pictures, frames of videos, numbered people and people without numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgeact.errors import SourceFormatError
from trainer.data.class_coco import read_coco_actions

PERSON = [{"id": 1, "name": "person"}]


def write(folder: Path, **content: Any) -> Path:
    file = folder / "instances.json"
    file.write_text(json.dumps({"images": [], "annotations": [], "categories": PERSON, **content}))
    return file


def person(number: int, image: int, *, category: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image, "category_id": category, "bbox": [10, 5, 20, 55], "iscrowd": 0, **more}


def test_frames_of_videos_with_numbered_people_are_stretches(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "gate.mp4").touch()
    images = [{"id": n, "file_name": f"gate/{n:06}.jpg", "video_id": 5, "frame_id": n - 1} for n in range(1, 21)]
    rows = [person(n, n, attributes={"action": "wave", "track_id": 3}) for n in range(1, 13)]
    rows += [person(99, 20, attributes={"action": "", "track_id": 3}), {**person(100, 20), "iscrowd": 1}]
    file = write(tmp_path, images=images, annotations=rows, videos=[{"id": 5, "name": "gate.mp4"}])
    (clip,) = read_coco_actions(file).clips
    assert (clip.path, clip.label) == (tmp_path / "videos" / "gate.mp4", "wave")
    assert clip.part is not None
    assert (clip.part.first, clip.part.last, clip.part.who) == (0, 11, "track 3")
    assert clip.part.boxes[0] == (0, (10.0, 5.0, 30.0, 60.0))


def test_categories_that_are_actions_and_frames_as_cvat_names_them(tmp_path: Path) -> None:
    (tmp_path / "only.mp4").touch()
    images = [{"id": n, "file_name": f"frame_{n:06}.PNG"} for n in range(8)]
    categories = [{"id": 1, "name": "walk"}, {"id": 2, "name": "sit"}]
    rows = [person(n, n, category=1 + (n >= 4)) for n in range(8)]
    clips = read_coco_actions(write(tmp_path, images=images, annotations=rows, categories=categories)).clips
    assert [(clip.label, clip.part.first, clip.part.last) for clip in clips if clip.part] == [
        ("walk", 0, 3),
        ("sit", 4, 7),
    ]


def test_pictures_that_are_there_are_stills_or_with_numbers_a_video(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        (tmp_path / "images" / f"{number}.jpg").touch()
    images = [{"id": n, "file_name": f"{n}.jpg"} for n in range(3)]
    still = write(tmp_path, images=images, annotations=[person(n, n, attributes={"action": "wave"}) for n in range(3)])
    assert [(clip.path.name, clip.still) for clip in read_coco_actions(still).clips] == [
        (f"{n}.jpg", True) for n in range(3)
    ]
    rows = [person(n, n, track_id=1, attributes={"action": "wave"}) for n in range(3)]
    found = read_coco_actions(write(tmp_path, images=images, annotations=rows))
    assert [(clip.path, clip.still) for clip in found.clips] == [(tmp_path / "images", False)]
    assert "25 pictures a second" in found.notes[0]


def test_what_is_missing_or_unknown_is_listed(tmp_path: Path) -> None:
    rows = [person(1, 1), person(2, 7), person(3, 1, category=9)]
    with pytest.raises(SourceFormatError) as refused:
        read_coco_actions(write(tmp_path, images=[{"id": 1, "file_name": "gate.jpg"}], annotations=rows))
    message = str(refused.value)
    assert "'gate.jpg' is not there; put the video or the pictures" in message
    assert "annotation 2 is of the image 7, which instances.json does not list" in message
    assert "annotation 3 has the category 9, which instances.json does not name" in message


def test_other_files_and_people_without_actions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(SourceFormatError, match="calls everybody person; give people an attribute 'action'"):
        read_coco_actions(write(tmp_path, images=[{"id": 1, "file_name": "a.jpg"}], annotations=[person(1, 1)]))
    with pytest.raises(SourceFormatError, match="is not as COCO files are"):
        read_coco_actions(write(tmp_path, images=[{"id": 1}], annotations=[person(1, 1)]))
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(SourceFormatError, match="has no images, annotations and categories"):
        read_coco_actions(tmp_path / "other.json")
