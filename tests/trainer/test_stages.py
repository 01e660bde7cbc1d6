"""Stages say what they miss before they start."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError
from trainer.folders import Folders
from trainer.recipe import load_recipe
from trainer.stages import POSE_SETS, check_folders, train_action


def folders_in(root: Path) -> Folders:
    return Folders(data=root / "data", teachers=root / "teachers", work=root / "work")


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    for name in (*POSE_SETS, "penn_action", "studio", "utkinect", "nwucla"):
        (folders.data / name).mkdir(parents=True)
    with pytest.raises(SourceNotFoundError) as caught:
        check_folders(folders)
    assert str(folders.data / "jhmdb") in str(caught.value)
    assert str(folders.imagenet) in str(caught.value)
    assert str(folders.tinypose) in str(caught.value)
    assert "penn_action" not in str(caught.value)
    (folders.data / "jhmdb").mkdir()
    folders.teachers.mkdir()
    folders.imagenet.touch()
    folders.tinypose.touch()
    check_folders(folders)


def test_the_action_network_says_what_makes_its_tracks(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="edgeact deploy reproduce"):
        train_action(load_recipe(), folders_in(tmp_path))
