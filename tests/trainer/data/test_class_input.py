"""What lies in a folder decides how its classes are read."""

import json
from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError, UsageError
from tests.trainer.data.test_class_coco import person
from tests.trainer.data.test_class_coco import write as write_coco
from tests.trainer.data.test_class_corrections import kept
from tests.trainer.data.test_class_cvat import box, track
from tests.trainer.data.test_class_cvat import write as write_cvat
from trainer.data.class_input import read_classes


def test_a_folder_of_classes_with_results_beside_the_clips(tmp_path: Path) -> None:
    (tmp_path / "wave").mkdir()
    (tmp_path / "wave" / "a.mp4").touch()
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "broken.json").write_text("{")
    assert read_classes(tmp_path).labels == ("wave",)


def test_several_exports_of_a_folder_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "gate_1.mp4").touch()
    (tmp_path / "a.jpg").touch()
    write_cvat(tmp_path, track(0, box(0, "walk"), box(9, "walk")))
    write_coco(
        tmp_path, images=[{"id": 1, "file_name": "a.jpg"}], annotations=[person(1, 1, attributes={"action": "wave"})]
    )
    assert read_classes(tmp_path).labels == ("walk", "wave") or read_classes(tmp_path).labels == ("wave", "walk")
    assert read_classes(tmp_path / "annotations.xml").labels == ("walk",)
    assert read_classes(tmp_path / "instances.json").labels == ("wave",)


def test_corrections_of_the_window(tmp_path: Path) -> None:
    kept(tmp_path / "kept")
    assert read_classes(tmp_path / "kept").labels == ("walk fast",)
    assert read_classes(tmp_path / "kept" / "corrections.json").labels == ("walk fast",)
    (tmp_path / "kept" / "corrections.json").rename(tmp_path / "gate.corrections.json")
    (tmp_path / "kept").rename(tmp_path / "gate.corrections")
    (tmp_path / "gate.frames.jsonl").touch()
    assert [clip.label for clip in read_classes(tmp_path).clips] == ["walk fast", "other"]


def test_what_is_none_of_these_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="does not exist"):
        read_classes(tmp_path / "none")
    (tmp_path / "task.zip").touch()
    with pytest.raises(UsageError, match="unpack it and give the folder"):
        read_classes(tmp_path / "task.zip")
    (tmp_path / "list.json").write_text(json.dumps([1]))
    with pytest.raises(SourceNotFoundError, match="make one for each class"):
        read_classes(tmp_path)
