"""Whose joints lie farthest off, and that both poses are drawn where they are."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.geometry import person_crop_matrix, transform_points
from trainer.data.sample import Picture, Sample, one_person, seen_where
from trainer.evaluate.held_out_people import FoundJoints, person_box
from trainer.evaluate.report.drawn_pose import OURS, TRUTH
from trainer.evaluate.worst_poses import bones_between, mean_errors, worst_poses

NAN = float("nan")
JOINTS = ("left_shoulder", "left_elbow", "left_wrist", "left_hip")


def test_a_joint_far_off_counts_for_no_more_than_five_thresholds() -> None:
    distances = np.array([[0.1, 0.3, NAN], [0.5, 80.0, 0.3], [NAN, NAN, NAN]])
    assert mean_errors(distances, 0.2) == pytest.approx([0.2, 0.6, NAN], nan_ok=True)
    assert mean_errors(distances, 0.5)[1] == pytest.approx((0.5 + 2.5 + 0.3) / 3)


def test_bones_join_joints_that_both_lists_have() -> None:
    found = {frozenset((JOINTS[one], JOINTS[other])) for one, other in bones_between(JOINTS)}
    assert found == {
        frozenset(("left_shoulder", "left_elbow")),
        frozenset(("left_elbow", "left_wrist")),
        frozenset(("left_shoulder", "left_hip")),
    }


def person(folder: Path, name: str) -> Sample:
    """Somebody on black of whom nobody labelled the hip."""
    cv2.imwrite(str(folder / name), np.zeros((200, 160, 3), np.uint8))
    places = np.array([[40.0, 40], [90, 40], [90, 120], [NAN, NAN]])
    labelled = np.isfinite(places).all(1)
    visible = seen_where(labelled, labelled=labelled)[None, None]
    return Sample(name, name, Picture(folder / name), joints=one_person(places), visibility=visible)


def test_the_worst_come_first_with_both_poses_at_their_places(tmp_path: Path) -> None:
    samples = [person(tmp_path, name) for name in ("a.png", "b.png", "c.png")]
    wanted = np.stack([sample.joints[0, 0] for sample in samples])
    places = np.nan_to_num(wanted, nan=20.0) + np.array([5.0, 15.0])
    found = FoundJoints(JOINTS, places, np.ones((3, 4)), 1.0)
    shown = worst_poses(samples, found, wanted, np.array([0.25, NAN, 0.5]), 3)
    assert [picture.caption for picture in shown] == ["c.png: 0.50", "a.png: 0.25"]
    image = shown[0].image
    matrix = person_crop_matrix(person_box(samples[0]), width=image.shape[1], height=image.shape[0], padding=1.25)
    for pose, colour in ((wanted[0], TRUTH), (places[0], OURS)):
        for x, y in transform_points(pose[:3], matrix).round().astype(int):
            assert tuple(image[y, x]) == colour
    x, y = transform_points(places[0], matrix).round().astype(int)[3]
    assert tuple(image[y, x]) == (0, 0, 0)  # nobody labelled it
    assert worst_poses(samples, found, wanted, np.array([0.25, NAN, 0.5]), 1)[0].caption == "c.png: 0.50"
