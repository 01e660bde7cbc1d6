"""What a paper's recipe may name is read from its official layout."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import BODY_21, COCO_17, MPII_16
from tests.trainer.data.sets.layouts import write, write_clip
from tests.trainer.data.sets.matlab_files import write_version5
from tests.trainer.studio_people import write_studio_poses
from trainer.data.clip_batches import read_clips
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import Augmentation, picture_batch
from trainer.data.recipe_sets import read_actions, read_poses
from trainer.data.sets.lsp import LSP_JOINTS
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


def write_ntu(root: Path) -> None:
    """A recording of person 1, who trains, and one of person 3, who measures; actions 1 and 50."""
    for name in ("S001C002P001R001A050", "S001C001P003R001A001"):
        write_clip(root / "nturgb+d_rgb" / f"{name}_rgb.avi")


def test_recordings_of_ntu_are_split_by_person(tmp_path: Path) -> None:
    write_ntu(tmp_path / "ntu")
    samples, actions = read_actions("ntu", tmp_path)
    assert {(actions[sample.label], sample.split) for sample in samples} == {("A050", "train"), ("A001", "test")}
    assert [clip.frames.shape for clip in read_clips(samples, 16)] == [(5, 16, 16, 3)] * 2
    write(tmp_path / "ntu" / "nturgb+d_skeletons" / "S001C001P001R001A002.skeleton", "1\n0\n")
    with pytest.raises(SourceNotFoundError, match="ntu has no frames of clip S001C001P001R001A002"):
        read_actions("ntu", tmp_path)


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


def test_people_of_lsp_that_train_stand_in_the_order_of_the_skeleton(tmp_path: Path) -> None:
    values = np.zeros((3, 14, 1001))
    values[0], values[1] = 11 + np.arange(14)[:, None], 21
    (tmp_path / "lsp").mkdir()
    savemat(tmp_path / "lsp" / "joints.mat", {"joints": values})
    people = read_poses("lsp", tmp_path)
    assert len(people) == 1000  # the other one measures
    assert people[0].path == tmp_path / "lsp" / "images" / "im0001.jpg"
    for place, name in enumerate(MPII_16.joints):
        wanted = [10 + LSP_JOINTS.index(name), 20] if name in LSP_JOINTS else [-1, -1]
        assert people[0].joints[place].tolist() == wanted


def write_vcoco(root: Path) -> None:
    """A person of each part: the first holds and sits, the second does nothing, the third holds."""
    names = [f"COCO_train2014_{number:012d}.jpg" for number in range(3)]
    content = {
        "annotations": [{"id": number, "bbox": [4, 2, 30, 40]} for number in range(3)],
        "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
    }
    write(root / "vcoco" / "data" / "instances_vcoco_all_2014.json", json.dumps(content))
    (root / "coco" / "train2014").mkdir(parents=True)
    for number, part in enumerate(("train", "val", "test")):
        verbs = [
            {"action_name": name, "ann_id": [number], "image_id": [number], "label": [int(does[number])]}
            for name, does in (("hold", "101"), ("sit", "100"))
        ]
        write(root / "vcoco" / "data" / "vcoco" / f"vcoco_{part}.json", json.dumps(verbs))
        cv2.imwrite(str(root / "coco" / "train2014" / names[number]), np.full((48, 48, 3), 60 * number, np.uint8))


def test_people_of_vcoco_may_do_several_things_at_once(tmp_path: Path) -> None:
    write_vcoco(tmp_path)
    people, actions = read_actions("vcoco", tmp_path)
    assert actions == ("hold", "sit")
    assert [(person.split, person.actions.tolist()) for person in people] == [
        ("train", [1, 1]), ("train", [0, 0]), ("test", [1, 0])
    ]  # fmt: skip
    assert people[0].box.tolist() == [4, 2, 34, 42]
    pose = LabelledSample(people[0].path, "train", joints=np.ones((16, 2), np.float32))
    batch = picture_batch([*people, pose], 32, None, Augmentation(), view="person")
    assert batch.labels.tolist() == [[1, 1], [0, 0], [1, 0], [-1, -1]]
    assert batch.has_action.tolist() == [True, True, True, False]


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


def test_rendered_people_have_depth_that_changes_sides_in_a_mirror(tmp_path: Path) -> None:
    joints = write_studio_poses(tmp_path / "studio_poses", trained=2, measured=1)
    people = read_poses("studio_poses", tmp_path)
    assert len(people) == 2
    away = joints[0, :, 2] - joints[0, BODY_21.index("pelvis"), 2]
    ankles = [MPII_16.index(f"{side}_ankle") for side in ("left", "right")]
    rows = [BODY_21.index(f"{side}_ankle") for side in ("left", "right")]
    drawn = [picture_batch(people[:1], 64, np.random.default_rng(seed), Augmentation()) for seed in range(8)]
    depths = {tuple(batch.depth[0, ankles].tolist()) for batch in drawn if batch.depth is not None}
    assert depths == {tuple(away[rows].tolist()), tuple(away[rows[::-1]].tolist())}
    plain = picture_batch([*people[:1], LabelledSample(people[0].path, "train")], 64, None, Augmentation())
    assert plain.depth is not None
    assert plain.depth[0, ankles].tolist() == away[rows].tolist()
    assert plain.depth[1].isnan().all()
