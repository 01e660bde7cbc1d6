"""What each set's labels become."""

import json
from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError
from tests.trainer.evaluate.wild.wild_sets import write_wild_sets
from trainer.data.wild_from_above import MEASURED, VALIDATION
from trainer.data.wild_people import read_empty, read_wild


def test_every_set_is_read_as_what_it_labels(tmp_path: Path) -> None:
    pictures = read_wild(write_wild_sets(tmp_path), "measure")
    rows = [(p.source, p.path.name, len(p.people), len(p.crowds), p.is_complete) for p in pictures]
    assert rows == [
        ("coco_mini", "000000000001.jpg", 1, 1, True),
        ("coco_mini", "000000000011.jpg", 0, 0, True),
        ("coco_more", "000000000003.jpg", 1, 0, False),
        ("stanford40", "jumping_001.jpg", 1, 0, False),
        ("street_people", "000080.jpg", 1, 0, False),  # the head is no person
    ]
    assert pictures[0].people[0].box.tolist() == [100, 40, 140, 180]
    assert pictures[0].people[0].joints is not None
    assert pictures[3].people[0].action == "jumping"


def test_validation_is_made_of_other_pictures(tmp_path: Path) -> None:
    pictures = read_wild(write_wild_sets(tmp_path), "validation")
    assert [p.path.name for p in pictures] == ["000000000002.jpg", "000000000012.jpg"]


def test_a_limit_keeps_the_same_few(tmp_path: Path) -> None:
    data = write_wild_sets(tmp_path)
    assert read_wild(data, "measure", limit=1)[0].path == read_wild(data, "measure", limit=1)[0].path
    assert len(read_wild(data, "measure", limit=1)) == 4


def test_the_whole_of_stanford_40_takes_the_place_of_the_packed_part(tmp_path: Path) -> None:
    root = tmp_path / "snapshots/stanford40"
    for folder in ("JPEGImages", "XMLAnnotations", "ImageSplits"):
        (root / folder).mkdir(parents=True)
    (root / "ImageSplits/riding_a_horse_test.txt").write_text("riding_a_horse_002.jpg\n")
    (root / "ImageSplits/riding_a_horse_train.txt").write_text("riding_a_horse_001.jpg\n")
    box = "<xmax>258</xmax>\n<xmin>28</xmin> <ymax>400</ymax><ymin>57</ymin>"
    (root / "XMLAnnotations/riding_a_horse_002.xml").write_text(
        f"<annotation><object><bndbox>{box}</bndbox></object></annotation>"
    )
    pictures = read_wild(write_wild_sets(tmp_path / "data"), "measure", snapshots=tmp_path / "snapshots")
    (photo,) = (picture for picture in pictures if picture.source == "stanford40")
    assert photo.path == root / "JPEGImages/riding_a_horse_002.jpg"
    assert photo.people[0].box.tolist() == [28, 57, 258, 400]
    assert photo.people[0].action == "riding_a_horse"


def test_empty_pictures_are_of_places_that_measure_and_of_coco(tmp_path: Path) -> None:
    pictures = read_empty(write_wild_sets(tmp_path), "measure", ("backgrounds", "textures", "coco_mini"))
    assert [picture.path.name for picture in pictures] == ["lobby_00.jpg", "000000000011.jpg"]


def test_people_seen_from_above_are_marked_by_name_and_place(tmp_path: Path) -> None:
    root = write_wild_sets(tmp_path) / "coco_more"
    labels = json.loads((root / "person_keypoints.json").read_text())
    labels["images"][0] |= {"file_name": "000000243148.jpg"}  # of the two in this picture the first
    labels["annotations"].append(labels["annotations"][0])
    (root / "person_keypoints.json").write_text(json.dumps(labels))
    marks = {p.source: [person.from_above for person in p.people] for p in read_wild(tmp_path, "measure")}
    assert marks["coco_more"] == [True, False]
    assert marks["street_people"] == [False]


@pytest.mark.data
def test_every_listed_person_is_in_the_part_that_the_list_says(shared_folder: Path) -> None:
    for split, listed in (("measure", MEASURED), ("validation", VALIDATION)):
        pictures = read_wild(shared_folder / "data", split)
        found = {
            f"{p.source}/{p.path.name}": tuple(row for row, person in enumerate(p.people) if person.from_above)
            for p in pictures
        }
        # Of the photos of Stanford 40 few are in the packed set, and none that measures.
        known = {name: rows for name, rows in listed.items() if name in found or name.startswith("coco")}
        assert known
        assert known == {name: rows for name, rows in found.items() if rows}


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="no wild pictures"):
        read_wild(tmp_path, "measure")
    data = write_wild_sets(tmp_path)
    (data / "coco_more/person_keypoints.json").write_text("{")
    with pytest.raises(SourceFormatError, match=r"person_keypoints\.json is not JSON"):
        read_wild(data, "measure")
