"""What measures never trains: fixed by name, and by looks."""

import csv
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from trainer.data.splits import split_by_hash
from trainer.data.wild_split import keep_apart, wild_split


def test_coco_measures_on_its_validation_part_and_chooses_on_its_training_part() -> None:
    assert wild_split("coco_mini", "val2017/000000000139.jpg") == "measure"
    assert wild_split("coco_mini", "train2017/000000000036.jpg") == "validation"
    assert wild_split("coco_more", "000000000036.jpg", official="val2017") == "measure"
    assert wild_split("coco_more", "000000000036.jpg", official="train2017") == "validation"
    assert wild_split("coco_more", "000000000036.jpg", official="unlabelled") == "train"


def test_pictures_that_the_sets_readme_excludes_are_in_no_split() -> None:
    assert wild_split("coco_mini", "val2017/000000397133.jpg") is None
    assert wild_split("stanford40", "watching_TV_061.jpg", official="test") is None


def test_official_test_photos_of_stanford_40_measure_and_no_others() -> None:
    assert wild_split("stanford40", "jumping_001.jpg", official="test") == "measure"
    splits = Counter(wild_split("stanford40", f"jumping_{n:03d}.jpg", official="train") for n in range(4000))
    assert splits["measure"] == 0
    assert abs(splits["validation"] / 4000 - 0.08) < 0.02


@pytest.mark.parametrize(
    ("source", "packed", "snapshot"),
    [
        ("vn_everyday", "vn{:06d}.jpg", "images/{:012d}.jpg"),
        ("gym_stills", "Exercise_{}.jpg", "exercises/Exercise_{}/1.jpg"),
        ("street_people", "{:06d}.jpg", "JPEGImages/{:06d}.jpg"),
    ],
)
def test_a_snapshot_follows_the_packed_set_and_shares_are_as_asked(source: str, packed: str, snapshot: str) -> None:
    splits = [wild_split(source, packed.format(n)) for n in range(2000)]
    assert splits == [wild_split(source, snapshot.format(n)) for n in range(2000)]
    assert abs(splits.count("measure") / 2000 - 0.2) < 0.03
    assert abs(splits.count("validation") / 2000 - 0.1) < 0.03


def test_neighbouring_street_frames_stay_together() -> None:
    splits = [wild_split("street_people", f"{n:06d}.jpg") for n in range(1600)]
    assert sum(a != b for a, b in itertools.pairwise(splits)) < 1600 / 25


def test_a_place_is_on_one_side_with_all_its_views_and_its_panorama() -> None:
    assert {wild_split("backgrounds", f"lobby_{n:02d}.jpg") for n in range(14)} == {"measure"}
    assert wild_split("panoramas", "pano/lobby.jpg") == "measure"
    assert {wild_split("backgrounds", f"park_{n:02d}.jpg") for n in range(14)} == {"train"}
    assert wild_split("panoramas", "pano/park.jpg") == "train"
    assert len({wild_split("textures", f"Bricks_{n:03d}.jpg") for n in range(100)}) == 1


def test_sets_that_have_a_split_keep_it() -> None:
    for n in range(200):
        name = f"im{n:05d}.jpg"
        assert wild_split("lspet", f"images/{name}") == split_by_hash(name).replace("test", "measure")
        assert wild_split("stock_upright", name) == split_by_hash(name, test=20).replace("test", "measure")


def test_what_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'holiday' is no set"):
        wild_split("holiday", "1.jpg")
    with pytest.raises(ValueError, match=r"coco_more/1\.jpg is of part ''"):
        wild_split("coco_more", "1.jpg")
    with pytest.raises(ValueError, match="say which of train, test"):
        wild_split("stanford40", "jumping_001.jpg")
    with pytest.raises(ValueError, match="no number"):
        wild_split("vn_everyday", "holiday.jpg")


def test_twins_of_pictures_that_measure_or_choose_are_left_out() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.random((5, 256)) < 0.5
    hashes[1] = hashes[0]  # trains, and looks like what measures
    hashes[3] = hashes[2]  # trains, and looks like what chooses
    kept = keep_apart(hashes, ["measure", "train", "validation", "train", "train"])
    assert kept == ["measure", None, "validation", None, "train"]


@pytest.mark.data
def test_the_packed_sets_have_pictures_in_the_splits_that_they_are_meant_for(shared_folder: Path) -> None:
    data = shared_folder / "data"
    counts = Counter(
        ("coco_mini", wild_split("coco_mini", f"{path.parent.name}/{path.name}"))
        for path in (data / "coco_mini").glob("*2017/*.jpg")
    )
    for row in json.loads((data / "coco_more/person_keypoints.json").read_text())["images"]:
        counts["coco_more", wild_split("coco_more", row["file_name"], official=row["split"])] += 1
    with (data / "stanford40/labels.csv").open() as file:
        for row in csv.DictReader(file):
            counts["stanford40", wild_split("stanford40", row["file"], official=row["split"])] += 1
    for source in ("street_people", "vn_everyday", "gym_stills"):
        for path in (data / source / "images").glob("*.jpg"):
            counts[source, wild_split(source, path.name)] += 1
    assert counts == {
        ("coco_mini", None): 1,
        ("coco_mini", "measure"): 78,
        ("coco_mini", "validation"): 80,
        ("coco_more", "measure"): 191,
        ("coco_more", "train"): 41,
        ("coco_more", "validation"): 51,
        ("gym_stills", "measure"): 168,
        ("gym_stills", "train"): 602,
        ("gym_stills", "validation"): 88,
        ("stanford40", "train"): 733,
        ("stanford40", "validation"): 67,
        ("street_people", "measure"): 39,
        ("street_people", "train"): 138,
        ("street_people", "validation"): 23,
        ("vn_everyday", "measure"): 92,
        ("vn_everyday", "train"): 276,
        ("vn_everyday", "validation"): 30,
    }
