"""``edgeact eval`` from outside."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edgeact.bundle.load import packaged_bundle_path
from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import COCO_17
from tests.toy_video import write_toy_video
from tests.trainer.data.sets.layouts import write
from tests.trainer.data.sets.matlab_files import write_version5
from trainer.data.recipe_sets import CLIP_SETS, PICTURE_SETS, SEVERAL_ACTIONS_SETS
from trainer.data.sets.mpii import JOINTS as MPII_JOINTS
from trainer.data.splits import split_by_hash
from trainer.eval_cli import DataSet, app
from trainer.evaluate.evaluation import POSE_SETS as EVALUATED_POSE_SETS


def test_a_table_and_a_page_come_out(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    rows = "\n".join(f"{label}.mp4,{label},set1,seq09" for label in ("wave", "walk"))
    write(tmp_path / "ut" / "index.csv", f"file,label,set,group\n{rows}\n")
    (tmp_path / "ut" / "clips").mkdir()
    for label in ("wave", "walk"):
        write_toy_video(tmp_path / "ut" / "clips" / f"{label}.mp4", seconds=0.4)
    arguments = [str(example_bundle("C")), "--set", "ut_interaction", "--data", str(tmp_path / "ut")]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert result.exit_code == 0
    assert "mAP" in result.output
    assert (tmp_path / "out" / "evaluation.html").is_file()
    assert (tmp_path / "out" / "evaluation.json").is_file()


def test_every_set_of_recipes_with_actions_can_be_measured_on() -> None:
    assert {one.value for one in DataSet} == {
        *PICTURE_SETS,
        *SEVERAL_ACTIONS_SETS,
        *CLIP_SETS,
        *EVALUATED_POSE_SETS,
    }


def test_a_set_that_is_not_there_is_named(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    arguments = [str(example_bundle("C")), "--set", "ut_interaction", "--data", str(tmp_path)]
    with pytest.raises(SourceNotFoundError, match="index"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def standing(joints: tuple[str, ...]) -> np.ndarray:
    """Places ``(J, 2)`` of somebody upright in a picture of 120 pixels."""
    rows = (
        "head",
        "eye",
        "nose",
        "ear",
        "neck",
        "shoulder",
        "thorax",
        "elbow",
        "wrist",
        "pelvis",
        "hip",
        "knee",
        "ankle",
    )
    heights = [next(row for row, part in enumerate(rows) if part in name) for name in joints]
    sides = [70.0 if name.startswith("left") else 50.0 if name.startswith("right") else 60.0 for name in joints]
    return np.stack([sides, 12.0 + 8.0 * np.array(heights)], 1)


def write_noise(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8))


def figures_of(name: str, root: Path, out: Path) -> dict[str, float]:
    """The shares that a bundle that ships gets, by the name of the figure; the page is written, too."""
    arguments = [str(packaged_bundle_path()), "--set", name, "--data", str(root), "--out", str(out)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert "<svg" in (out / "evaluation.html").read_text(encoding="utf-8")
    found = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))["figures"]
    assert "time of a call" in {figure["name"] for figure in found}
    return {figure["name"]: figure["measured"] for figure in found if figure["unit"] == "%"}


def test_coco_in_its_official_layout(tmp_path: Path) -> None:
    keypoints = np.concatenate([standing(COCO_17.joints), np.full((17, 1), 2)], 1)
    keypoints[COCO_17.index("left_wrist")] = 0
    person = {"id": 1, "image_id": 9, "iscrowd": 0, "bbox": [40, 10, 40, 105], "keypoints": keypoints.ravel().tolist()}
    person["segmentation"] = [[40, 10, 80, 10, 80, 115, 40, 115]]
    hidden = {**person, "id": 2, "keypoints": [0.0] * 51}
    image = {"id": 9, "file_name": "000000000009.jpg", "height": 120, "width": 120}
    write_noise(tmp_path / "val2017" / "000000000009.jpg")
    file = tmp_path / "annotations" / "person_keypoints_val2017.json"
    write(file, json.dumps({"images": [image], "annotations": [person, hidden]}))
    figures = figures_of("coco", tmp_path, tmp_path / "out")
    assert {"AP, own boxes", "PCK of the torso@0.2, wrist", "PCK of the torso@0.2, face"} <= set(figures)
    assert "PCK of the torso@0.2, head" not in figures  # COCO labels no top of the head
    assert all(0 <= value <= 1 for value in figures.values())


def test_mpii_in_its_official_layout(tmp_path: Path) -> None:
    names = [f"{number:09}.jpg" for number in range(60)]
    measured = [name for name in names if split_by_hash(name) == "test"]
    points = [
        {"id": float(row), "x": x + 1.0, "y": y + 1.0, "is_visible": 1.0}
        for row, (x, y) in enumerate(standing(MPII_JOINTS))
    ]
    person = {"x1": 52.0, "y1": 8.0, "x2": 70.0, "y2": 34.0, "annopoints": {"point": points}}
    release = {
        "annolist": [{"image": {"name": name}, "annorect": [person], "vididx": 1.0} for name in names],
        "img_train": np.ones((1, len(names))),
    }
    write_version5(tmp_path / "mpii_human_pose_v1_u12_1.mat", {"RELEASE": release})
    for name in measured:
        write_noise(tmp_path / "images" / name)
    figures = figures_of("mpii", tmp_path, tmp_path / "out")
    assert {"PCKh@0.5, head", "PCKh@0.5, mean", "area under PCKh to .5"} <= set(figures)
    assert "PCKh@0.5, face" not in figures
    assert all(0 <= value <= 1 for value in figures.values())
