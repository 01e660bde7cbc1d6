"""Stages say what they miss before they start."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError
from trainer.data.label import PARTS
from trainer.data.teachers import TEACHER_FILES
from trainer.folders import Folders
from trainer.recipe import load_recipe
from trainer.stages import (
    _FIRST_READ,
    POSE_SETS,
    check_folders,
    check_made,
    train_action,
    train_detector,
    train_pose,
)


def folders_in(root: Path) -> Folders:
    return Folders(data=root / "data", teachers=root / "teachers", work=root / "work")


def complete_folders(root: Path) -> Folders:
    """Data sets and teachers as far as they are looked at before the work begins: empty files."""
    folders = folders_in(root)
    files = [folders.data / name / first for name, first in _FIRST_READ.items()]
    for file in (*files, folders.imagenet, *(folders.teachers / name for name in TEACHER_FILES)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folders


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    with pytest.raises(SourceNotFoundError) as caught:
        check_folders(folders)
    for path in (folders.data / "jhmdb", folders.imagenet, folders.tinypose):
        assert str(path) in str(caught.value)
    check_folders(complete_folders(tmp_path))


@pytest.mark.parametrize("name", sorted({*POSE_SETS, *_FIRST_READ}))
def test_an_empty_folder_is_no_data_set(name: str, tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    (folders.data / name / _FIRST_READ[name]).unlink()
    with pytest.raises(SourceNotFoundError, match=f"{name}.* not found; give the folders") as caught:
        check_folders(folders)
    assert "teachers" not in str(caught.value).partition(" not found")[0]


def test_labelling_networks_are_missed_only_while_there_is_something_to_label(tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    (folders.teachers / "EfficientPoseII.tflite").unlink()
    with pytest.raises(SourceNotFoundError, match="EfficientPoseII"):
        check_folders(folders)
    folders.labels.mkdir(parents=True)
    for name in PARTS:
        (folders.labels / f"{name}.jsonl").touch()
    check_folders(folders)


@pytest.mark.data
def test_the_shared_data_sets_have_what_is_looked_for(shared_folder: Path, tmp_path: Path) -> None:
    check_folders(Folders(data=shared_folder / "data", teachers=shared_folder / "teachers", work=tmp_path))


def test_stages_that_follow_the_data_need_none_yet(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    check_made(["data", "detector", "pose"], folders)
    for name in ("lspet", "stock_upright"):
        (folders.pose / name).mkdir(parents=True)
        (folders.pose / name / "index.json").touch()
    check_made(["pose"], folders)
    with pytest.raises(SourceNotFoundError, match="edgeact train --stage data --stage detector, with the same --work"):
        check_made(["detector", "pose"], folders)


def test_the_frame_networks_say_what_makes_their_pictures(tmp_path: Path) -> None:
    for train in (train_detector, train_pose):
        with pytest.raises(SourceNotFoundError, match="make the data first: edgeact train --stage data"):
            train(load_recipe(), folders_in(tmp_path))
    assert not (tmp_path / "work").exists()


def test_the_action_network_says_what_makes_its_tracks(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="edgeact deploy reproduce"):
        train_action(load_recipe(), folders_in(tmp_path))
