"""Patches with joints on their pixels, and only clean ones to train on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edgeact.errors import SourceFormatError
from edgeact.skeleton import BODY_21
from tests.trainer.data.wild_photos import write_photo
from trainer.data.pose_patches import (
    HUMAN_SCORE,
    LARGEST_DISAGREEMENT,
    MINIMUM_HEIGHT,
    PATCH_CENTRE,
    PATCH_HEIGHT,
    PATCH_PADDING,
    PATCH_WIDTH,
    build,
    torso_length,
)
from trainer.data.sets.lsp import LSP_JOINTS
from trainer.folders import Folders


def folders_in(root: Path) -> Folders:
    """The work lies beside the data, so that labels are in ``work/labels`` and patches in ``work/pose``."""
    return Folders(data=root / "data", teachers=root / "teachers", work=root / "work")


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
        few = keypoints.copy()
        few[1:3] = 0
        person = {
            "id": 1,
            "image_id": 1,
            "iscrowd": 0,
            "bbox": [80, 40, 60, 160],
            "keypoints": keypoints.ravel().tolist(),
        }
        rows = [
            person,
            person | {"iscrowd": 1},
            person | {"bbox": [80, 40, 20, 39]},
            person | {"keypoints": few.ravel().tolist()},
        ]
        file = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": rows}
        (data / "coco_mini/annotations").mkdir(exist_ok=True)
        (data / f"coco_mini/annotations/person_keypoints_{part}.json").write_text(json.dumps(file))
    # Of `coco_more` the labelled training photos choose too; its validation photos measure elsewhere.
    (data / "coco_more/images").mkdir(parents=True)
    cv2.imwrite(str(data / "coco_more/images/b.png"), image)
    images = [
        {"id": 1, "file_name": "b.png", "split": "train2017"},
        {"id": 2, "file_name": "c.png", "split": "val2017"},
    ]
    file = {"images": images, "annotations": [person, person | {"image_id": 2}]}
    (data / "coco_more/person_keypoints.json").write_text(json.dumps(file))


def test_joints_lie_on_their_pixels(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    write_coco(folders.data)
    build(folders, ["coco_mini"])
    folder = folders.pose / "coco_mini"
    patches, joints, boxes = (np.load(folder / f"{name}.npy") for name in ("patches", "joints", "boxes"))
    assert patches.shape == (3, PATCH_HEIGHT, PATCH_WIDTH, 3)
    # What COCO calls its training part chooses, its validation part measures: human joints of anybody are rare.
    rows = [(row["name"], row["split"]) for row in json.loads((folder / "index.json").read_text())]
    assert rows == [("a.png", "validation"), ("a.png", "test"), ("b.png", "validation")]
    for patch, rows in zip(patches, joints, strict=True):
        for index in (BODY_21.index("nose"), BODY_21.index("left_ankle")):
            x, y = rows[index, :2].round().astype(int)
            assert patch[y, x].tolist() == [255, 0, 0]
        assert np.flatnonzero(rows[:, 2]).tolist() == [0, 1, 2, 3, 4, 15]
        assert (rows[rows[:, 2] > 0, 3] == np.float32(HUMAN_SCORE)).all()
        assert not rows[rows[:, 2] == 0].any()
    assert (np.load(folder / "torso.npy") == 0).all()  # no hip is labelled
    # The box, 60×160 pixels of the picture, fills the height of the patch but for the room around it.
    assert boxes == pytest.approx(np.full((3, 2), (PATCH_HEIGHT * 60 / 160, PATCH_HEIGHT)) / PATCH_PADDING, rel=1e-3)
    assert sorted(path.name for path in folder.iterdir()) == [
        "boxes.npy",
        "index.json",
        "joints.npy",
        "patches.npy",
        "torso.npy",
    ]


def test_a_set_of_nobody_is_refused_by_name_and_leaves_nothing(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    write_coco(folders.data)
    for path in (*(folders.data / "coco_mini/annotations").iterdir(), folders.data / "coco_more/person_keypoints.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"annotations": []}))
    with pytest.raises(SourceFormatError, match="nobody in coco_mini has labels"):
        build(folders, ["coco_mini"])
    assert not (folders.pose / "coco_mini").exists()


def test_a_set_that_is_there_is_left_alone(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    (folders.pose / "coco_mini").mkdir(parents=True)
    (folders.pose / "coco_mini/index.json").write_text("[]")
    build(folders, ["coco_mini"])
    assert [path.name for path in (folders.pose / "coco_mini").iterdir()] == ["index.json"]


def test_people_of_a_wild_set_train_or_choose_with_the_teachers_joints_and_scores(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    box, root = (60, 50, 110, 190), folders.data / "street_people"
    joints = np.zeros((17, 3))
    joints[:, :2], joints[:, 2] = (85, 120), 0.8
    joints[BODY_21.index("nose")] = (80, 60, 0.05)  # the teacher does not see it
    for name, place in (
        ("left_shoulder", (95, 80, 0.9)),
        ("right_shoulder", (75, 80, 0.6)),
        ("left_hip", (92, 120, 0.7)),
        ("right_hip", (78, 120, 0.8)),
    ):
        joints[BODY_21.index(name)] = place
    person = {"box": box, "score": 0.9, "joints": joints.tolist()}
    low = person | {"box": [60, 50, 80, 50 + MINIMUM_HEIGHT - 1]}
    lines = []
    for seed, name in enumerate(("000001.jpg", "000080.jpg", "000130.jpg")):
        write_photo(root / "images" / name, seed, box=box)
        lines.append(
            {"file": f"images/{name}", "frame": 0, "size": [200, 240], "persons": [person, low] if seed else [person]}
        )
    lines.append({"file": "images/no_more.jpg", "frame": 0, "size": [200, 240], "persons": [person]})
    folders.agreed_labels.mkdir(parents=True)
    (folders.agreed_labels / "street_people.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    build(folders, ["street_people"])
    folder = folders.pose / "street_people"
    assert json.loads((folder / "index.json").read_text()) == [
        {"split": "train", "name": "images/000001.jpg"},
        {"split": "validation", "name": "images/000130.jpg"},
    ]
    stored = np.load(folder / "joints.npy")[0]
    patch, torso = np.load(folder / "patches.npy")[0], np.load(folder / "torso.npy")[0]
    scale = PATCH_HEIGHT / 140 / PATCH_PADDING
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    expected = (joints[:, :2] - middle) * scale + PATCH_CENTRE
    assert stored[:17, :2] == pytest.approx(expected, abs=1.0)
    assert stored[:17, 3] == pytest.approx(joints[:, 2])
    assert (stored[:17, 2] == 1).all()  # what the teacher does not see teaches that there is nothing to be seen
    # What COCO lacks of the trunk lies between both sides, as sure as the less sure of them.
    thorax, pelvis = stored[BODY_21.index("thorax")], stored[BODY_21.index("pelvis")]
    assert thorax[2:] == pytest.approx([1, 0.6])
    assert pelvis[2:] == pytest.approx([1, 0.7])
    assert thorax[:2] == pytest.approx(expected[[5, 6]].mean(0), abs=1.0)
    assert not stored[[BODY_21.index("head_top"), BODY_21.index("upper_neck")]].any()
    assert torso == pytest.approx(scale * np.hypot(3, 40), rel=0.01)
    assert patch[tuple(stored[11, [1, 0]].round().astype(int))].min() > 240  # a hip lies on the bright person


@pytest.fixture
def sports(tmp_path: Path) -> tuple[np.ndarray, list[dict], np.ndarray]:
    """Patches of a small Leeds Sports Pose: a training photo, one that repeats the test photo, and the test photo."""
    folders = folders_in(tmp_path)
    data, labels = folders.data, folders.agreed_labels
    (data / "lspet/images").mkdir(parents=True)
    labels.mkdir(parents=True)
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
    places = np.zeros((21, 4))
    places[[BODY_21.index(name) for name in LSP_JOINTS], :3] = joints[:, :, 0]
    torso = torso_length(places)
    assert torso > 20
    for name, apart, score in (
        ("left_wrist", LARGEST_DISAGREEMENT + 0.02, 0.9),
        ("right_wrist", LARGEST_DISAGREEMENT - 0.02, 0.9),
        ("left_knee", 10.0, 0.4),  # nowhere near, but not sure
    ):
        teacher[BODY_21.index(name), 0] += apart * torso
        teacher[BODY_21.index(name), 2] = score
    teacher[BODY_21.index("left_eye"), 2] = 0.2
    rows = [
        {"file": f"images/{name}", "size": [160, 200], "persons": [], "joints": teacher.tolist()}
        for name in (TRAIN, TWIN, TEST)
    ]
    (labels / "lspet.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build(folders, ["lspet"])
    folder = folders.pose / "lspet"
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
    index = BODY_21.index
    assert not train[index("left_wrist")].any()  # the crowd's label is more than .3 torso lengths off
    assert test[index("left_wrist"), 2] == 1
    for name in ("right_wrist", "left_knee", "right_ankle"):  # near enough, and not contradicted by a sure teacher
        assert train[index(name)] == pytest.approx(test[index(name)])
        assert train[index(name), 2:] == pytest.approx([1, HUMAN_SCORE])
    # The face, which the set lacks, is the teacher's: where it is unsure, so is the label.
    assert train[index("nose"), 2:] == pytest.approx([1, 0.9])
    assert train[index("left_eye"), 2:] == pytest.approx([1, 0.2])
    assert not test[:5].any()
