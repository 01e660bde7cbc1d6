"""Transforms that undo each other, boxes that overlap as they should, and the pixels that end up where the matrix
says.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.geometry import (
    box_iou,
    crop_box,
    invert_matrix,
    joint_sigmas,
    joints_box,
    letterbox,
    letterbox_matrix,
    letterbox_size,
    person_crop_matrix,
    pose_similarity,
    suppress_boxes,
    transform_box,
    transform_points,
    warp,
)
from edgeact.skeleton import BODY_21

coordinate = st.floats(-500, 3000, width=32)
side = st.floats(1, 900, width=32)
boxes = st.tuples(coordinate, coordinate, side, side).map(
    lambda v: np.array([v[0], v[1], v[0] + v[2], v[1] + v[3]], np.float32)
)


@given(boxes, st.floats(1, 2), st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=5))
def test_a_crop_can_be_undone(box: np.ndarray, padding: float, points: list[tuple[float, float]]) -> None:
    matrix = person_crop_matrix(box, width=144, height=192, padding=padding)
    there = transform_points(points, matrix)
    back = transform_points(there, invert_matrix(matrix))
    assert back == pytest.approx(np.array(points, np.float32), abs=0.02 * max(1, float(np.abs(points).max()) / 100))


@given(boxes, st.floats(1, 2))
def test_the_crop_holds_the_padded_box_in_its_middle(box: np.ndarray, padding: float) -> None:
    matrix = person_crop_matrix(box, width=144, height=192, padding=padding)
    shown = crop_box(matrix, width=144, height=192)
    tolerance = 1e-3 * float(np.abs(box).max()) + 0.01
    assert (shown[:2] + shown[2:]) / 2 == pytest.approx((box[:2] + box[2:]) / 2, abs=tolerance)
    width, height = shown[2:] - shown[:2]
    assert width / height == pytest.approx(144 / 192, rel=1e-2)
    wanted = max(box[3] - box[1], (box[2] - box[0]) * 192 / 144, 1) * padding
    assert height == pytest.approx(wanted, rel=1e-2, abs=tolerance)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_letterboxed_pictures_fit_and_keep_their_aspect(width: int, height: int) -> None:
    fitted = letterbox_size(width, height, width=416, height=256)
    assert 1 <= fitted[0] <= 416
    assert 1 <= fitted[1] <= 256
    assert fitted[0] == 416 or fitted[1] == 256
    corners = transform_points(
        [[-0.5, -0.5], [width - 0.5, height - 0.5]], letterbox_matrix(width, height, width=416, height=256)
    )
    assert corners[0] == pytest.approx([-0.5, -0.5], abs=1e-3)
    assert corners[1] == pytest.approx([fitted[0] - 0.5, fitted[1] - 0.5], abs=1e-2)


def test_letterbox_fills_the_rest_with_grey() -> None:
    found = letterbox(np.full((100, 100, 3), 7, np.uint8), width=416, height=256)
    assert found.shape == (256, 416, 3)
    assert (found[:, :256] == 7).all()
    assert (found[:, 256:] == 114).all()


@pytest.mark.parametrize("scale", [0.2, 0.5, 1.0, 2.5])
def test_pixels_go_where_the_matrix_says(scale: float) -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[98:103, 148:153] = 255  # centre (150, 100)
    matrix = np.array([[scale, 0, 20 - 100 * scale], [0, scale, 30 - 50 * scale]], np.float32)
    crop = warp(image, matrix, width=200, height=200)
    weight = crop[..., 0].astype(float)
    rows, columns = np.mgrid[:200, :200]
    centre = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    assert centre == pytest.approx(transform_points([150, 100], matrix), abs=0.3)


def test_a_crop_beyond_the_picture_is_black() -> None:
    matrix = person_crop_matrix([5000, 5000, 5100, 5200], width=144, height=192, padding=1.25)
    assert not warp(np.full((50, 50, 3), 255, np.uint8), matrix, width=144, height=192).any()


def test_a_flat_matrix_cannot_be_undone() -> None:
    with pytest.raises(ValueError, match="determinant"):
        invert_matrix(np.zeros((2, 3), np.float32))


@given(boxes, boxes)
def test_iou_is_symmetric_bounded_and_one_for_equals(first: np.ndarray, second: np.ndarray) -> None:
    forward, backward = box_iou(first[None], second[None])[0, 0], box_iou(second[None], first[None])[0, 0]
    assert forward == pytest.approx(backward, abs=1e-6)
    assert 0 <= forward <= 1 + 1e-5
    assert box_iou(first[None], first[None])[0, 0] == pytest.approx(1, abs=1e-5)


def test_iou_of_a_known_case() -> None:
    assert box_iou(np.array([[0, 0, 10, 10]], np.float32), np.array([[5, 0, 15, 10]], np.float32))[
        0, 0
    ] == pytest.approx(1 / 3)


@given(st.lists(st.tuples(boxes, st.floats(0, 1, width=32)), max_size=12), st.floats(0.1, 0.9))
def test_suppression_keeps_the_best_and_no_two_that_overlap(rows: list[tuple[np.ndarray, float]], iou: float) -> None:
    stacked = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score in rows], np.float32)
    kept = suppress_boxes(stacked, scores, iou=iou)
    overlaps = box_iou(stacked[kept], stacked[kept]) - np.eye(len(kept))
    assert (overlaps <= iou).all()
    assert (np.diff(scores[kept]) <= 0).all()
    for index in set(range(len(rows))) - set(kept.tolist()):
        assert any(scores[k] >= scores[index] and box_iou(stacked[[index]], stacked[[k]])[0, 0] > iou for k in kept)


def test_the_box_of_sure_joints() -> None:
    joints = np.array([[0, 0], [10, 20], [99, 99]], np.float32)
    confidence = np.array([0.9, 0.9, 0.1], np.float32)
    found = joints_box(joints, confidence, threshold=0.5)
    assert found is not None
    assert found.tolist() == [0, 0, 10, 20]
    assert joints_box(joints, confidence, threshold=0.95) is None


def test_pose_similarity_is_cocos() -> None:
    """Reference: COCO's OKS, exp(−d² / (2·s²·k²)) with k = 2σ and s² the area."""
    pose = np.zeros((1, 21, 3), np.float32)
    pose[..., 2] = 1
    moved = pose.copy()
    moved[..., 0] += 5
    sigmas = joint_sigmas(BODY_21.joints)
    area = np.array([4000.0], np.float32)
    wanted = np.exp(-25 / (2 * 4000 * 0.53 * (2 * sigmas) ** 2)).mean()
    assert pose_similarity(pose, moved, areas=area, sigmas=sigmas)[0, 0] == pytest.approx(wanted, abs=1e-5)
    assert pose_similarity(pose, pose, areas=area, sigmas=sigmas)[0, 0] == pytest.approx(1.0)


def test_joints_that_nobody_knows_do_not_count() -> None:
    pose = np.zeros((1, 2, 3), np.float32)
    assert pose_similarity(pose, pose, areas=np.ones(1, np.float32), sigmas=np.ones(2, np.float32))[0, 0] == 0


def test_a_joint_without_sigma_is_named() -> None:
    with pytest.raises(ValueError, match="tail"):
        joint_sigmas(["nose", "tail"])


def test_boxes_keep_their_corners_in_order() -> None:
    assert transform_box([0, 0, 4, 8], np.array([[0.5, 0, 1], [0, 0.5, 2]], np.float32)).tolist() == [1, 2, 3, 6]
