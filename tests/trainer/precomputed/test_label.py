"""Labelling goes on where it was stopped, and names those whom the teachers are sure of."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.data.wild_photos import write_photo
from tests.trainer.teacher_networks import write_teachers
from trainer.data.wild_split import WILD_SETS
from trainer.folders import Folders
from trainer.precomputed import label as module
from trainer.precomputed.label import MINIMUM_HEIGHT, label


def rows(_folders: Folders) -> Iterator[dict]:
    yield {"file": "a.jpg"}
    yield {"file": "b.jpg"}


def broken(_folders: Folders) -> Iterator[dict]:
    yield {"file": "a.jpg"}
    raise KeyboardInterrupt


def test_a_finished_file_is_left_alone_and_a_broken_one_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders(data=tmp_path, teachers=tmp_path, work=tmp_path)
    monkeypatch.setattr(module, "PARTS", {"first": rows, "second": broken})
    with pytest.raises(KeyboardInterrupt):
        label(folders, ["first", "second"])
    assert not (folders.labels / "second.jsonl").exists()
    monkeypatch.setattr(module, "PARTS", {"first": broken, "second": rows})
    label(folders, ["first", "second"])
    for name in ("first", "second"):
        lines = (folders.labels / f"{name}.jsonl").read_text().splitlines()
        assert [json.loads(line)["file"] for line in lines] == ["a.jpg", "b.jpg"]
    assert sorted(path.name for path in folders.labels.iterdir()) == ["first.jsonl", "second.jsonl"]


def test_people_of_wild_pictures_are_labelled_unless_the_picture_measures(tmp_path: Path) -> None:
    person, small = (70, 60, 110, 180), (70, 60, 110, 60 + MINIMUM_HEIGHT - 8)
    folders = Folders(data=tmp_path / "data", teachers=write_teachers(tmp_path / "teachers"), work=tmp_path / "work")
    root = folders.data / "street_people/images"
    write_photo(root / "000001.jpg", 0, box=person)
    write_photo(root / "000002.jpg", 1, box=small)
    write_photo(root / "000003.jpg", 2, box=person, level=190)  # found, but the pose is not sure
    write_photo(root / "000080.jpg", 3, box=person)  # measures
    write_photo(root / "000130.jpg", 4, box=person)  # chooses
    label(folders, ["street_people"])
    found = [json.loads(line) for line in (folders.labels / "street_people.jsonl").read_text().splitlines()]
    assert {row["file"]: len(row["persons"]) for row in found} == {
        "images/000001.jpg": 1,
        "images/000002.jpg": 0,
        "images/000003.jpg": 0,
        "images/000130.jpg": 1,
    }
    assert all((row["frame"], row["size"]) == (0, [200, 240]) for row in found)
    (labelled,) = found[0]["persons"]
    assert labelled["box"] == pytest.approx(person, abs=2)
    joints = np.array(labelled["joints"])
    assert joints.shape == (17, 3)
    assert ((joints[:, :2] > (66, 56)) & (joints[:, :2] < (114, 184))).all()
    assert (joints[:, 2] > 0.3).all()


def test_every_wild_set_that_may_train_has_a_part() -> None:
    assert set(WILD_SETS) - {"coco_mini"} <= set(module.PARTS)
