"""TinyPose in larger crops: it sees the same part of the picture, and what is right is counted by set and group."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edgeact.errors import SourceFormatError
from edgeact.skeleton import COCO_17
from tests.trainer.evaluate.wild.wild_sets import write_wild_sets
from tests.trainer.teacher_networks import write_teachers
from trainer.cli import app
from trainer.data.wild_people import WildPerson, WildPicture
from trainer.evaluate.teacher_sizes import (
    COMPARED,
    LOOKS,
    MERGED,
    measure_teacher_sizes,
    teacher_size_tables,
    validation_pictures,
)
from trainer.precomputed.teachers import TeacherPose, tinypose_matrix

SPOT = (200.0, 150.0)


@pytest.mark.parametrize("size", [(192, 256), (224, 288), (288, 384)])
def test_the_bright_spot_is_found_in_crops_of_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(picture, (round(SPOT[0]), round(SPOT[1])), 4, (255, 255, 255), -1)
    teacher = TeacherPose(write_teachers(tmp_path), (1.25,), size)
    joints = teacher(picture, np.array([150, 60, 250, 260], np.float32))
    assert joints.shape == (17, 3)
    assert np.abs(joints[:, :2] - SPOT).max() < 4


def test_a_larger_crop_holds_the_same_part_of_the_picture() -> None:
    box = np.array([150, 60, 250, 260], np.float32)
    small, large = (tinypose_matrix(box, padding=1.25, size=size) for size in ((192, 256), (288, 384)))
    assert np.allclose(large, 1.5 * small)


def test_people_of_three_sets_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_wild_sets(tmp_path)
    assert [picture.path.name for picture in validation_pictures(data) if picture.people] == ["000000000002.jpg"]
    monkeypatch.setattr("trainer.evaluate.teacher_sizes.wild_split", lambda source, name: "validation")
    (data / "stock_upright").mkdir()
    row = {"id": 1, "image_id": 7, "bbox": [10, 20, 30, 100], "keypoints": [1, 2, 2] * 17}
    content = {"images": [{"id": 7, "file_name": "a.jpg"}], "annotations": [row]}
    (data / "stock_upright/person_keypoints.json").write_text(json.dumps(content))
    *_, last = validation_pictures(data)
    assert last.source == "stock_upright"
    assert last.people[0].box.tolist() == [10, 20, 40, 120]


def _spotted(path: Path) -> WildPicture:
    """Somebody 200 pixels high with all joints on a bright spot but the hips, which are a torso's length below it."""
    picture = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(picture, (round(SPOT[0]), round(SPOT[1])), 4, (255, 255, 255), -1)
    cv2.imwrite(str(path), picture)
    joints = np.tile(np.float32([*SPOT, 2]), (17, 1))
    for hip in ("left_hip", "right_hip"):
        joints[COCO_17.index(hip), 1] += 60
    person = WildPerson(np.array([150, 60, 250, 260], np.float32), joints)
    return WildPicture("lspet", path, (person,), np.zeros((0, 4), np.float32), False)


def test_right_joints_are_counted_for_every_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [_spotted(tmp_path / f"{number}.png") for number in range(3)]
    monkeypatch.setattr("trainer.evaluate.teacher_sizes.validation_pictures", lambda data: iter(pictures))
    teachers = write_teachers(tmp_path / "teachers")
    figures = measure_teacher_sizes(tmp_path, teachers, limit=2, progress=lambda items, title: items)
    assert figures["people"] == {"all": 2}  # every second one of three; no group has enough people
    shares = {look: [limit["value"] for limit in limits] for look, limits in figures["pck"]["all"].items()}
    assert list(shares) == [*LOOKS, *MERGED]
    assert all(values == pytest.approx([10 / 12, 10 / 12]) for values in shares.values())
    assert len(figures["differences"]["all"]) == len(COMPARED)
    assert all(limit["value"] == 0 for limits in figures["differences"]["all"].values() for limit in limits)
    joints, gains = teacher_size_tables(figures)
    assert joints.rows[0][:2] == ("everybody (2)", "83.3 / 83.3")
    assert gains.rows[0][1] == "+0.0 (+0.0 to +0.0); +0.0 (+0.0 to +0.0)"


def test_the_command_writes_both_tables(tmp_path: Path) -> None:
    data, teachers = write_wild_sets(tmp_path / "data"), write_teachers(tmp_path / "teachers")
    arguments = ["teacher-sizes", "--data", str(data), "--teachers", str(teachers), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads((tmp_path / "out/teacher_sizes.json").read_text())["people"] == {
        "all": 1,
    }
    assert "288×384" in (tmp_path / "out/teacher_sizes.md").read_text()
    with pytest.raises(SourceFormatError, match="no wild pictures"):
        measure_teacher_sizes(tmp_path / "nothing", teachers, limit=1, progress=lambda items, title: items)
