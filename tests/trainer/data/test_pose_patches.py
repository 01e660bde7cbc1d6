"""Patches with joints on their pixels, and only clean ones to train on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edgeact.skeleton import BODY_21
from trainer.data.lspet import LSP_JOINTS
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH, build, torso_length

# By the hash of its name (see test_splits): 1 to 4 train, 5 tests.
TRAIN, TWIN, TEST = "im00001.jpg", "im00002.jpg", "im00005.jpg"


def test_the_torso_is_the_mean_of_the_labelled_sides() -> None:
    joints = np.zeros((21, 3))
    for name, place in (
        ("left_shoulder", (0, 0)),
        ("left_hip", (3, 4)),
        ("right_shoulder", (10, 0)),
        ("right_hip", (10, 15)),
    ):
        joints[BODY_21.index(name)] = (*place, 1)
    assert torso_length(joints) == 10
    joints[BODY_21.index("right_hip"), 2] = 0
    assert torso_length(joints) == 5
    joints[BODY_21.index("left_shoulder"), 2] = 0
    assert torso_length(joints) == 0


def write_coco(data: Path) -> None:
    """A picture a part with one person whose nose and left ankle are painted, a crowd and one too small."""
    for part in ("train2017", "val2017"):
        (data / "coco_mini" / part).mkdir(parents=True)
        image = np.full((240, 320, 3), 30, np.uint8)
        keypoints = np.zeros((17, 3))
        keypoints[:5] = [(100 + 2 * i, 60, 2) for i in range(5)]
        keypoints[15] = (120, 180, 1)
        for x, y, _ in keypoints[[0, 15]].astype(int):
            image[y - 4 : y + 5, x - 4 : x + 5] = (0, 0, 255)  # red, as OpenCV writes it
        cv2.imwrite(str(data / "coco_mini" / part / "a.png"), image)
        person = {
            "image_id": 1,
            "iscrowd": 0,
            "num_keypoints": 6,
            "bbox": [80, 40, 60, 160],
            "keypoints": keypoints.ravel().tolist(),
        }
        rows = [person, person | {"iscrowd": 1}, person | {"bbox": [80, 40, 20, 39]}, person | {"num_keypoints": 4}]
        file = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": rows}
        (data / "coco_mini/annotations").mkdir(exist_ok=True)
        (data / f"coco_mini/annotations/person_keypoints_{part}.json").write_text(json.dumps(file))


def test_joints_lie_on_their_pixels(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "pose"
    write_coco(data)
    build(data, tmp_path, tmp_path, out, ["coco_mini"])
    patches, joints = np.load(out / "coco_mini/patches.npy"), np.load(out / "coco_mini/joints.npy")
    assert patches.shape == (2, PATCH_HEIGHT, PATCH_WIDTH, 3)
    assert [row["split"] for row in json.loads((out / "coco_mini/index.json").read_text())] == ["train", "test"]
    for patch, rows in zip(patches, joints, strict=True):
        for index in (BODY_21.index("nose"), BODY_21.index("left_ankle")):
            x, y = rows[index, :2].round().astype(int)
            assert patch[y, x].tolist() == [255, 0, 0]
        assert np.flatnonzero(rows[:, 2]).tolist() == [0, 1, 2, 3, 4, 15]
        assert not rows[rows[:, 2] == 0].any()
    assert (np.load(out / "coco_mini/torso.npy") == 0).all()  # no hip is labelled


def test_a_set_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pose/coco_mini").mkdir(parents=True)
    (tmp_path / "pose/coco_mini/index.json").write_text("[]")
    build(tmp_path / "no data", tmp_path, tmp_path, tmp_path / "pose", ["coco_mini"])
    assert [path.name for path in (tmp_path / "pose/coco_mini").iterdir()] == ["index.json"]


@pytest.fixture
def sports(tmp_path: Path) -> tuple[np.ndarray, list[dict], np.ndarray]:
    """Patches of a small Leeds Sports Pose: a training photo, one that repeats the test photo, and the test photo."""
    data, labels = tmp_path / "data", tmp_path / "labels"
    (data / "lspet/images").mkdir(parents=True)
    labels.mkdir()
    joints = np.zeros((14, 3, 5))
    joints[:, 0], joints[:, 1] = np.linspace(60, 100, 14)[:, None], np.linspace(40, 160, 14)[:, None]
    joints[:, 2, [0, 1, 4]] = 1
    savemat(data / "lspet/joints.mat", {"joints": joints})
    rng = np.random.default_rng(0)
    pictures = {name: cv2.resize(rng.integers(0, 256, (8, 8, 3), np.uint8), (160, 200)) for name in (TRAIN, TEST)}
    for name, picture in (pictures | {TWIN: np.clip(pictures[TEST].astype(int) + 3, 0, 255)}).items():
        cv2.imwrite(str(data / "lspet/images" / name), picture)
    teacher = np.zeros((17, 3))
    teacher[:, 2] = 0.9
    for name, index in ((name, BODY_21.index(name)) for name in LSP_JOINTS if BODY_21.index(name) < 17):
        teacher[index, :2] = joints[LSP_JOINTS.index(name), :2, 0]
    teacher[:5, :2] = (75, 45)
    teacher[BODY_21.index("left_wrist"), :2] += 500  # nowhere near the crowd's label
    teacher[BODY_21.index("left_eye"), 2] = 0.2  # not sure
    rows = [
        {"file": f"images/{name}", "size": [160, 200], "persons": [], "joints": teacher.tolist()}
        for name in (TRAIN, TWIN, TEST)
    ]
    (labels / "lspet.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build(data, labels, tmp_path, tmp_path / "pose", ["lspet"])
    folder = tmp_path / "pose/lspet"
    return (
        np.load(folder / "joints.npy"),
        json.loads((folder / "index.json").read_text()),
        np.load(folder / "torso.npy"),
    )


def test_a_training_photo_that_repeats_a_test_photo_is_left_out(
    sports: tuple[np.ndarray, list[dict], np.ndarray],
) -> None:
    _, index, torso = sports
    assert index == [{"split": "train", "name": TRAIN}, {"split": "test", "name": TEST}]
    assert (torso > 0).all()


def test_the_teacher_corrects_training_photos_and_never_test_photos(
    sports: tuple[np.ndarray, list[dict], np.ndarray],
) -> None:
    (train, test), _, _ = sports
    wrist, nose, eye = BODY_21.index("left_wrist"), BODY_21.index("nose"), BODY_21.index("left_eye")
    assert train[wrist, 2] == 0
    assert test[wrist, 2] == 1
    assert train[nose, 2] == 1
    assert train[eye, 2] == 0
    assert not test[:5].any()
    agreed = BODY_21.index("right_wrist")
    assert train[agreed, 2] == test[agreed, 2] == 1
