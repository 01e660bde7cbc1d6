"""COCO keypoints, on a tiny copy of its official layout."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, write, write_picture
from trainer.data.sample import HIDDEN, SEEN, Picture
from trainer.data.sets.coco import read_coco_keypoints, read_packed_keypoints


def test_coco_keypoints(tmp_path: Path) -> None:
    keypoints = [0, 0, 0] * 15 + [5, 6, 1] + [7, 8, 2]
    square = {"segmentation": [[2, 2, 6, 2, 6, 5, 2, 5]], "bbox": [2, 2, 4, 3]}
    lengths = {"segmentation": {"counts": [12, 3, 85], "size": [10, 10]}, "bbox": [1, 2, 1, 3]}
    people = [
        {"id": 1, "image_id": 9, "keypoints": keypoints, "iscrowd": 0, **square},
        {"id": 2, "image_id": 9, "keypoints": keypoints, "iscrowd": 1, **lengths},
        {"id": 3, "image_id": 9, "keypoints": keypoints, "iscrowd": 0, **lengths},
    ]
    images = [{"id": 9, "file_name": "000000000009.jpg", "height": 10, "width": 10}]
    file = tmp_path / "annotations" / "person_keypoints_val2017.json"
    write(file, json.dumps({"images": images, "annotations": people}))
    first, second = read_coco_keypoints(tmp_path, parts=("val",)).samples
    assert first.media == Picture(tmp_path / "val2017" / "000000000009.jpg")
    write_picture(tmp_path / "val2017" / "000000000009.jpg")
    assert pixels_of(first) == PICTURE
    assert first.boxes[0, 0].tolist() == [2, 2, 6, 5]
    assert first.visibility[0, 0, -2:].tolist() == [HIDDEN, SEEN]
    assert np.isnan(first.joints[0, 0, 0]).all()
    assert first.masks is not None
    assert first.masks().shape == (1, 1, 10, 10)
    assert int(first.masks().sum()) == 12
    assert np.argwhere(second.masks()[0, 0]).tolist() == [[2, 1], [3, 1], [4, 1]]


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_coco_keypoints(tmp_path)


def test_packed_pictures_may_name_their_part_and_lack_outlines(tmp_path: Path) -> None:
    keypoints = [0, 0, 0] * 16 + [7, 8, 2]
    people = [
        {"id": row, "image_id": row, "keypoints": keypoints, "iscrowd": 0, "bbox": [2, 2, 4, 3]} for row in (1, 2, 3)
    ]
    images = [
        {"id": 1, "file_name": "a.jpg", "split": "train2017"},
        {"id": 2, "file_name": "b.jpg", "split": "val2017"},
        {"id": 3, "file_name": "c.jpg"},
    ]
    write(tmp_path / "person_keypoints.json", json.dumps({"images": images, "annotations": people}))
    found = read_packed_keypoints(tmp_path).samples
    assert [(sample.picture.name, sample.split) for sample in found] == [
        ("a.jpg", "train"), ("b.jpg", "validation"), ("c.jpg", None),
    ]  # fmt: skip
    assert found[0].picture.parent == tmp_path / "images"
    assert found[0].masks is None
    with pytest.raises(SourceNotFoundError, match="give the folder that"):
        read_packed_keypoints(tmp_path / "other")
    for damaged, said in (({"image_id": 9}, "annotation 1 is of picture 9, which it lacks"), ({}, "has no id, bbox")):
        person = people[0] | damaged if damaged else {"image_id": 1, "keypoints": keypoints}
        write(tmp_path / "person_keypoints.json", json.dumps({"images": images, "annotations": [person]}))
        with pytest.raises(SourceFormatError, match=said):
            read_packed_keypoints(tmp_path)
