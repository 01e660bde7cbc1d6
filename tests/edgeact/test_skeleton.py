"""COCO-17 and MPII-16 come out exactly."""

import numpy as np
import pytest

from edgeact.drawing.overlay import draw
from edgeact.geometry import joint_sigmas
from edgeact.perception.parts import part_crops
from edgeact.perception.tracking.appearance import ClothingSampler
from edgeact.skeleton import BODY_21, COCO_17, LIMB_JOINTS, MPII_16, SKELETONS, select_joints
from edgeact.types import Frame, Observation, Person, Pose

# COCO keypoint order, as in person_keypoints_*.json, and MPII's, as in its annotation's README.
COCO_ORDER = "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"  # noqa: E501
MPII_ORDER = "right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax upper_neck head_top right_wrist right_elbow right_shoulder left_shoulder left_elbow left_wrist"  # noqa: E501


def test_the_orders_are_the_data_sets_own() -> None:
    assert COCO_17.joints == tuple(COCO_ORDER.split())
    assert MPII_16.joints == tuple(MPII_ORDER.split())


@pytest.mark.parametrize("target", [COCO_17, MPII_16])
def test_subsets_are_taken_not_computed(target) -> None:  # type: ignore[no-untyped-def]
    values = np.random.default_rng(0).normal(size=(4, 21, 3)).astype(np.float32)
    chosen = select_joints(values, BODY_21, target)
    for position, joint in enumerate(target.joints):
        assert np.array_equal(chosen[:, position], values[:, BODY_21.index(joint)])


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)
def test_mirroring_twice_is_nothing_and_bones_join_joints(skeleton) -> None:  # type: ignore[no-untyped-def]
    assert [skeleton.mirror[partner] for partner in skeleton.mirror] == list(range(len(skeleton.joints)))
    assert all(0 <= joint < len(skeleton.joints) for bone in skeleton.bones for joint in bone)


def test_the_limb_joints_are_shoulders_to_ankles() -> None:
    assert {BODY_21.joints[index].split("_")[1] for index in LIMB_JOINTS} == {
        "shoulder",
        "elbow",
        "wrist",
        "hip",
        "knee",
        "ankle",
    }
    assert len(LIMB_JOINTS) == 12


def test_wrong_shapes_and_names_are_refused() -> None:
    with pytest.raises(ValueError, match="21 joints"):
        select_joints(np.zeros((17, 3), np.float32), BODY_21, COCO_17)
    with pytest.raises(ValueError, match="no joint 'tail'"):
        COCO_17.index("tail")


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)
def test_persons_of_every_skeleton_can_be_followed_and_drawn(skeleton) -> None:  # type: ignore[no-untyped-def]
    count = len(skeleton.joints)
    assert joint_sigmas(skeleton.joints).shape == (count,)
    assert {joint for bone in skeleton.bones for joint in bone} == set(range(count))
    places = np.random.default_rng(0).uniform(20, 80, (count, 2)).astype(np.float32)
    pose = Pose(places, np.ones(count, np.float32))
    assert [part.name for part in part_crops(pose, skeleton=skeleton, threshold=0.5)] == [
        "head",
        "right_hand",
        "left_hand",
    ]
    colours = ClothingSampler(skeleton).sample(
        np.zeros((100, 100, 3), np.uint8), places, pose.confidence, threshold=0.5
    )
    assert np.isfinite(colours).any()
    person = Person(1, np.array([10, 10, 90, 90], np.float32), 0.9, pose)
    image = np.zeros((100, 100, 3), np.uint8)
    assert draw(Observation(Frame(0, 0.0, image), (person,)), skeleton=skeleton, joint_confidence=0.5).any()
