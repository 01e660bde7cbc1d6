"""V-COCO, on a tiny copy of its official layout."""

import json
from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, write, write_picture
from trainer.data.sample import Picture
from trainer.data.sets.vcoco import read_vcoco


def test_vcoco(tmp_path: Path) -> None:
    file = "COCO_train2014_000000000009.jpg"
    boxes = [{"id": 5, "bbox": [1, 2, 3, 4]}, {"id": 6, "bbox": [1, 2, 3, 4]}]
    write(
        tmp_path / "data" / "instances_vcoco_all_2014.json",
        json.dumps({"annotations": boxes, "images": [{"id": 9, "file_name": file}]}),
    )
    for part, people in (("train", [5, 6]), ("val", []), ("test", [])):
        verbs = [
            {"action_name": name, "ann_id": people, "image_id": [9] * len(people), "label": label[: len(people)]}
            for name, label in (("hold", [1, 0]), ("sit", [1, 0]))
        ]
        write(tmp_path / "data" / "vcoco" / f"vcoco_{part}.json", json.dumps(verbs))
    with pytest.raises(
        SourceNotFoundError, match=r"train2014 not found; it holds pictures of COCO 2014.*give the folder"
    ):
        read_vcoco(tmp_path, tmp_path / "coco")
    write_picture(tmp_path / "coco" / "train2014" / file)
    found = read_vcoco(tmp_path, tmp_path / "coco")
    assert found.actions == ("hold", "sit")
    assert [(s.split, s.actions) for s in found.samples] == [("train", (0, 1)), ("train", ())]
    assert found.samples[0].media == Picture(tmp_path / "coco" / "train2014" / file)
    assert pixels_of(found.samples[0]) == PICTURE
    assert found.samples[0].source == found.samples[1].source


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Boxes and verb files are checked in this order; a damaged file gets another error than a missing one."""
    boxes = "data/instances_vcoco_all_2014.json, coco/annotations/instances_vcoco_all_2014.json"
    with pytest.raises(SourceNotFoundError, match=f"{tmp_path} has none of {boxes};.*give the folder that the set"):
        read_vcoco(tmp_path, tmp_path / "coco")
    write(tmp_path / "data" / "instances_vcoco_all_2014.json", '{"annotations": [], "images": []}')
    verbs = tmp_path / "data" / "vcoco" / "vcoco_train.json"
    with pytest.raises(SourceNotFoundError, match=f"{verbs} not found; it holds the annotations of V-COCO: give the"):
        read_vcoco(tmp_path, tmp_path / "coco")
    write(verbs, "[")
    with pytest.raises(SourceFormatError, match="is no JSON"):
        read_vcoco(tmp_path, tmp_path / "coco")
