"""What a paper's recipe may name is read from its official layout."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import COCO_17, MPII_16
from tests.trainer.data.sets.layouts import write, write_clip
from tests.trainer.data.sets.matlab_files import write_version5
from trainer.data.labelled_samples import read_clips
from trainer.data.recipe_sets import read_actions, read_poses
from trainer.data.sets.mpii import JOINTS as MPII_JOINTS


def write_ucf101(root: Path) -> None:
    write(root / "ucfTrainTestlist" / "classInd.txt", "1 Diving\n2 Fencing\n")
    write(root / "ucfTrainTestlist" / "trainlist01.txt", "Fencing/v_Fencing_g01_c02.avi 2\n")
    write(root / "ucfTrainTestlist" / "testlist01.txt", "Diving/v_Diving_g02_c01.avi\n")
    for name in ("Fencing/v_Fencing_g01_c02", "Diving/v_Diving_g02_c01"):
        write_clip(root / "UCF-101" / f"{name}.avi")


def write_hmdb51(root: Path) -> None:
    lists = root / "testTrainMulti_7030_splits"
    write(lists / "dive_test_split1.txt", "A_dive_u_0.avi 2\nC_dive_u_0.avi 0\n")
    write(lists / "fence_test_split1.txt", "B_fence_u_0.avi 1\n")
    for name in ("dive/A_dive_u_0", "fence/B_fence_u_0"):
        write_clip(root / f"{name}.avi")


def write_jhmdb(root: Path) -> None:
    for action, name, part in (("fence", "b_fence_1", 1), ("dive", "a_dive_1", 2)):
        joints = root / "joint_positions" / action / name / "joint_positions.mat"
        joints.parent.mkdir(parents=True)
        savemat(joints, {"pos_img": np.ones((2, 15, 5))})
        write(root / "splits" / f"{action}_test_split1.txt", f"{name}.avi {part}\n")
        write_clip(root / "ReCompress_Videos" / action / f"{name}.avi")


def write_penn_action(root: Path, *, frames: bool = True) -> None:
    for number, (action, train) in enumerate((("fence", 1.0), ("dive", -1.0)), 1):
        (root / "labels").mkdir(parents=True, exist_ok=True)
        places = np.ones((3, 13))
        content = {"x": places, "y": places, "visibility": places, "bbox": np.ones((3, 4)), "train": train}
        savemat(root / "labels" / f"{number:04d}.mat", {**content, "action": action})
        (root / "frames" / f"{number:04d}").mkdir(parents=True)
        for frame in range(1, 4 if frames else 1):
            picture = np.full((24, 32, 3), 60 * number, np.uint8)
            cv2.imwrite(str(root / "frames" / f"{number:04d}" / f"{frame:06d}.jpg"), picture)


@pytest.mark.parametrize(
    ("name", "make", "frames"),
    [
        ("ucf101", write_ucf101, 5),
        ("hmdb51", write_hmdb51, 5),
        ("jhmdb", write_jhmdb, 5),
        ("penn_action", write_penn_action, 3),
    ],
)
def test_clips_with_actions_come_with_their_split_and_can_be_read(name, make, frames: int, tmp_path: Path) -> None:
    make(tmp_path / name)
    samples, actions = read_actions(name, tmp_path)
    assert {(actions[sample.label].lower().rstrip("ing"), sample.split) for sample in samples} == {
        ("fenc" if name == "ucf101" else "fence", "train"),
        ("div" if name == "ucf101" else "dive", "test"),
    }
    assert [clip.frames.shape for clip in read_clips(samples, 16)] == [(frames, 16, 16, 3)] * 2


def test_labels_without_frames_say_what_lacks(tmp_path: Path) -> None:
    write_penn_action(tmp_path / "penn_action", frames=False)
    with pytest.raises(SourceNotFoundError, match="penn_action has no frames of clip 0001; copy the frames"):
        read_actions("penn_action", tmp_path)


def test_people_of_mpii_stand_in_the_order_of_the_skeleton_in_a_box_around_them(tmp_path: Path) -> None:
    points = [{"id": float(row), "x": 11.0 + row, "y": 21.0, "is_visible": 1.0} for row in range(7)]
    people = [{"annopoints": {"point": points}}, {"annopoints": {"point": points[:5]}}]  # the second is hardly seen
    picture = {"image": {"name": "a.jpg"}, "annorect": people}
    (tmp_path / "mpii").mkdir()
    release = {"annolist": [picture, picture], "img_train": np.array([[1.0, 0.0]])}
    write_version5(tmp_path / "mpii" / "mpii_human_pose_v1_u12_1.mat", {"RELEASE": release})
    (person,) = read_poses("mpii", tmp_path)
    assert person.path == tmp_path / "mpii" / "images" / "a.jpg"
    for row, name in enumerate(MPII_JOINTS):
        wanted = [10 + row, 20] if row < 7 else [-1, -1]
        assert person.joints[MPII_16.joints.index(name)].tolist() == wanted
    assert person.box == pytest.approx(np.array([9.1, 19.1, 16.9, 20.9]))


def test_people_of_coco_lack_what_coco_does_not_label(tmp_path: Path) -> None:
    keypoints = [value for row in range(17) for value in (10 + row, 20, 2 if row != 5 else 0)]
    person = {"id": 3, "image_id": 9, "bbox": [1, 2, 30, 40], "keypoints": keypoints, "segmentation": []}
    content = {"images": [{"id": 9, "file_name": "a.jpg", "width": 50, "height": 60}], "annotations": [person]}
    write(tmp_path / "coco" / "annotations" / "person_keypoints_train2017.json", json.dumps(content))
    (found,) = read_poses("coco", tmp_path)
    assert found.box.tolist() == [1, 2, 31, 42]
    for place, name in enumerate(MPII_16.joints):
        row = COCO_17.joints.index(name) if name in COCO_17.joints else None
        wanted = [-1, -1] if row in (None, 5) else [10 + row, 20]
        assert found.joints[place].tolist() == wanted
