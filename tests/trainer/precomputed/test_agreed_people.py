"""On whom two detectors agree, beside whom a human boxed, and in which pictures surely nobody is."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainer.data.wild_photos import write_photo
from tests.trainer.evaluate.wild.wild_sets import write_wild_sets
from trainer.data.mixes import DETECTOR_SOURCES
from trainer.folders import Folders
from trainer.models.person_detector import PersonDetector
from trainer.precomputed import agreed_people as module
from trainer.precomputed.agreed_people import agree, make_pictures

NOBODY = np.zeros((0, 4), np.float32)


def _boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_two_detectors_agree_on_who_is_surely_there() -> None:
    first = _boxes((0, 0, 10, 20), (50, 0, 60, 20), (80, 0, 90, 20)), np.array([0.9, 0.9, 0.1], np.float32)
    second = _boxes((0, 0, 12, 20), (30, 0, 40, 20), (80, 0, 90, 20)), np.array([0.8, 0.9, 0.9], np.float32)
    # Of the others one detector each saw nobody, or was not sure.
    assert np.allclose(agree(first, second, NOBODY), [(0, 0, 11, 20)])


def test_a_person_that_a_human_boxed_is_there_once_and_as_boxed() -> None:
    both = _boxes((0, 0, 10, 20)), np.array([0.9], np.float32)
    known = _boxes((1, 0, 11, 21))
    assert np.allclose(agree(both, both, known), known)


def test_where_nobody_is_the_line_says_so_and_photos_that_choose_have_all_their_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sees_the_bright(bgr: np.ndarray) -> np.ndarray:
        return np.array([[70, 60, 110, 180, 0.8]], np.float32) if bgr.max() > 200 else np.zeros((0, 5), np.float32)

    monkeypatch.setattr(module, "_known_people", lambda folders: iter(()))
    monkeypatch.setattr(module, "TeacherDetector", lambda folder: sees_the_bright)
    data = write_wild_sets(tmp_path / "data")
    write_photo(data / "animals/images/dog.jpg", 0)
    write_photo(data / "animals/images/rider.jpg", 1, box=(70, 60, 110, 180))
    write_photo(data / "studio/textures/Wood_001.jpg", 2)
    write_photo(data / "studio/panoramas/pano/park.jpg", 3)
    folders = Folders(data=data, teachers=tmp_path, work=tmp_path / "work")
    folders.labels.mkdir(parents=True)
    for name in DETECTOR_SOURCES:
        (folders.labels / f"{name}.jsonl").touch()
    torch.manual_seed(0)
    make_pictures(folders, PersonDetector(4).eval())
    rows = [json.loads(line) for line in folders.detector_pictures.read_text().splitlines()]
    assert {(row["set"], Path(row["file"]).name, row["split"], row["nobody"]) for row in rows} == {
        ("coco_mini", "000000000012.jpg", "validation", False),  # nobody in it, but it chooses; the other has a crowd
        ("animals", "dog.jpg", "train", True),
        ("animals", "rider.jpg", "train", False),
        ("backgrounds", "park_00.jpg", "train", True),
        ("panoramas", "park.jpg", "train", True),
        ("textures", "Wood_001.jpg", "train", True),
    }
    before = folders.detector_pictures.stat().st_mtime_ns
    make_pictures(folders, PersonDetector(4).eval())  # done
    assert folders.detector_pictures.stat().st_mtime_ns == before
