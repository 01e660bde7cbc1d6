"""The measures of a pose graph on persons of the toy world, whose errors are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import Bundle, load_bundle
from tests.tiny_bundle import BRIGHT, FIGURE, FIGURE_CONFIDENCE, GROUND, build_tiny_bundle
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH, torso_length
from trainer.evaluate.pose import POSE_SETS, evaluate_pose, pose_error_banks

# How far the label of each set's joints lies to the left of where the graph finds them, in torso lengths.
SHIFTS = {"lspet": 0.15, "stock_upright": 0.0, "coco_mini": 0.5, "ut_interaction": 0.0, "surveillance_fights": 0.0}
PERSONS = 3


@pytest.fixture
def patches(tmp_path: Path) -> Path:
    left, top, width, height = 92, 85, 70, 150
    patch = np.full((PATCH_HEIGHT, PATCH_WIDTH, 3), GROUND, np.uint8)
    patch[top : top + height, left : left + width] = BRIGHT
    joints = np.ones((21, 4), np.float32)
    joints[:, :2] = (left + (width - 1) / 2, top + (height - 1) / 2) + FIGURE * (width / 2, height / 2)
    torso = torso_length(joints)
    for name, shift in SHIFTS.items():
        folder = tmp_path / "pose" / name
        folder.mkdir(parents=True)
        moved = joints - np.array([shift * torso, 0, 0, 0], np.float32)
        np.save(folder / "patches.npy", np.repeat(patch[None], 2 * PERSONS, 0))
        np.save(folder / "joints.npy", np.repeat(moved[None], 2 * PERSONS, 0))
        np.save(folder / "boxes.npy", np.full((2 * PERSONS, 2), (width, height), np.float32))
        np.save(folder / "torso.npy", np.full(2 * PERSONS, torso, np.float32))
        rows = [{"split": split, "name": str(number)} for split in ("validation", "test") for number in range(PERSONS)]
        (folder / "index.json").write_text(json.dumps(rows))
    return tmp_path / "pose"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(build_tiny_bundle(tmp_path / "tiny"))


def test_known_errors_give_known_scores(bundle: Bundle, patches: Path) -> None:
    scores = evaluate_pose(bundle, patches, teachers=None)
    assert set(scores) == set(POSE_SETS)
    assert [scores["stock_upright"][name] for name in ("persons", "pck_0.2", "pck_0.1")] == [PERSONS, 1.0, 1.0]
    assert [scores["lspet"][name] for name in ("pck_0.2", "pck_0.1")] == [1.0, 0.0]
    assert [scores["coco_mini"][name] for name in ("pck_0.2", "pck_0.1")] == [0.0, 0.0]
    # Every confidence is the same: all joints are right, or all are wrong.
    assert scores["stock_upright"]["confidence_calibration_error"] == pytest.approx(1 - FIGURE_CONFIDENCE, abs=1e-3)
    assert scores["coco_mini"]["confidence_calibration_error"] == pytest.approx(FIGURE_CONFIDENCE, abs=1e-3)


def test_the_banks_hold_the_errors_of_each_split(bundle: Bundle, patches: Path) -> None:
    banks = pose_error_banks(bundle, patches)
    assert set(banks) == {"validation", "test"}
    for bank in banks.values():
        assert bank.shape == (2 * PERSONS, 13, 3)
        lspet, stock = bank[:PERSONS], bank[PERSONS:]
        assert lspet[:, 1:, 0] == pytest.approx(np.full((PERSONS, 12), 0.15), abs=0.01)
        assert not lspet[:, 0, :2].any()  # Leeds Sports Pose has no face joints
        assert np.abs(stock[..., :2]).max() < 0.02
        assert bank[..., 2] == pytest.approx(np.full((2 * PERSONS, 13), FIGURE_CONFIDENCE), abs=1e-3)
