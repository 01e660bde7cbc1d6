"""COCO-17 and MPII-16 come out exactly."""

import numpy as np
import pytest

from edgeact.skeleton import BODY_21, COCO_17, LIMB_JOINTS, MPII_16, SKELETONS, select_joints

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
