"""The wild sets on disk: which picture trains, which chooses, which measures, and which is left out."""

import json
from collections import Counter
from pathlib import Path

import cv2
import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.wild_photos import write_photo
from trainer.data.wild_pictures import wild_pictures
from trainer.data.wild_split import wild_split


def splits(root: Path, name: str) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): split for path, split in wild_pictures(root, name)}


def test_pictures_have_the_splits_of_their_names_in_a_stable_order(tmp_path: Path) -> None:
    names = [f"{number:06d}.jpg" for number in (1, 80, 81, 130, 210)]
    for seed, name in enumerate(reversed(names)):
        write_photo(tmp_path / "images" / name, seed)
    found = splits(tmp_path, "street_people")
    assert list(found) == [f"images/{name}" for name in names]
    assert found == {f"images/{name}": wild_split("street_people", name) for name in names}
    assert set(found.values()) == {"train", "validation", "measure"}


def test_twins_of_pictures_that_are_kept_more_strictly_are_left_out(tmp_path: Path) -> None:
    """Another file name does not make another picture."""
    measures, chooses, trains = "000080.jpg", "000130.jpg", ("000001.jpg", "000002.jpg", "000003.jpg")
    for seed, name in enumerate((measures, chooses, trains[0])):
        write_photo(tmp_path / name, seed)
    for twin, of in zip(trains[1:], (measures, chooses), strict=True):
        picture = cv2.imread(str(tmp_path / of))
        brighter = cv2.convertScaleAbs(picture, alpha=1.0, beta=6)
        cv2.imwrite(str(tmp_path / twin), brighter, [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert splits(tmp_path, "street_people") == {
        trains[0]: "train",
        measures: "measure",
        chooses: "validation",
    }


@pytest.mark.parametrize("whole", [False, True], ids=["packed", "the whole set"])
def test_stanford_40_measures_on_its_official_test_photos(whole: bool, tmp_path: Path) -> None:
    parts = {"jumping_001.jpg": "test", "jumping_002.jpg": "train", "watching_TV_061.jpg": "test"}
    for seed, name in enumerate([*parts, "of_no_list_001.jpg"]):
        write_photo(tmp_path / ("JPEGImages" if whole else "images") / name, seed)
    if whole:
        for part in ("train", "test"):
            path = tmp_path / f"ImageSplits/jumping_{part}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"{name}\n" for name, of in parts.items() if of == part))
    else:
        rows = "".join(f"{name},jumping,{part}\n" for name, part in parts.items())
        (tmp_path / "labels.csv").write_text("file,action,split\n" + rows)
    found = {Path(file).name: split for file, split in splits(tmp_path, "stanford40").items()}
    assert found == {"jumping_001.jpg": "measure", "jumping_002.jpg": "train"}


def test_coco_more_trains_on_what_has_no_official_labels(tmp_path: Path) -> None:
    parts = {"a.jpg": "unlabelled", "b.jpg": "val2017", "c.jpg": "train2017"}
    for seed, name in enumerate([*parts, "unlisted.jpg"]):
        write_photo(tmp_path / "images" / name, seed)
    images = [{"file_name": name, "split": part} for name, part in parts.items()]
    (tmp_path / "person_keypoints.json").write_text(json.dumps({"images": images}))
    assert splits(tmp_path, "coco_more") == {
        "images/a.jpg": "train",
        "images/b.jpg": "measure",
        "images/c.jpg": "validation",
    }


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"has no \.jpg of vn_everyday"):
        list(wild_pictures(tmp_path, "vn_everyday"))


@pytest.mark.data
def test_the_packed_photos_of_vietnam_have_every_split_and_lose_few_to_twins(shared_folder: Path) -> None:
    root = shared_folder / "data/vn_everyday"
    counts = Counter(splits(root, "vn_everyday").values())
    assert set(counts) == {"train", "validation", "measure"}
    assert 0.9 * len(list(root.rglob("*.jpg"))) < counts.total() <= len(list(root.rglob("*.jpg")))
