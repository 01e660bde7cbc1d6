"""Joints stay on their pixels through every augmentation."""

import numpy as np
import pytest

from edgeact.skeleton import BODY_21
from trainer.data.pose_augment import MILD, USUAL, PoseAugmentation, augment, centre_crop, view_scale
from trainer.data.pose_patches import NETWORK_PADDING, PATCH_HEIGHT, PATCH_WIDTH
from trainer.inputs.crop_size import InputSize

GEOMETRY_ONLY = USUAL.model_copy(update={"low_resolution": 0.0, "erase": 0.0})
PLAIN = GEOMETRY_ONLY.model_copy(update={"lying": 0.0, "upper_body": 0.0, "cut_off": 0.0})
SIZE = InputSize(height=160, width=128)
BOX = np.array([100.0, 200.0], np.float32)
SHOULDER, ANKLE = BODY_21.index("right_shoulder"), BODY_21.index("left_ankle")


def patch_with_dots() -> tuple[np.ndarray, np.ndarray]:
    """A dark patch with a bright square on the right shoulder and on the left ankle."""
    joints = np.zeros((21, 4), np.float32)
    patch = np.full((PATCH_HEIGHT, PATCH_WIDTH, 3), 20, np.uint8)
    for index, (x, y) in ((SHOULDER, (107, 110)), (ANKLE, (146, 212))):
        joints[index] = (x, y, 1, 0.9)
        patch[y - 3 : y + 4, x - 3 : x + 4] = 250
    return patch, joints


def brightest(crop: np.ndarray, near: np.ndarray) -> float:
    x, y = near.round().astype(int)
    window = crop[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
    return float(window.max()) - float(np.median(crop))


@pytest.mark.parametrize(
    "strength",
    [
        PLAIN,
        PLAIN.model_copy(update={"lying": 1.0}),
        PLAIN.model_copy(update={"cut_off": 1.0}),
        PLAIN.model_copy(update={"lying": 1.0, "cut_off": 1.0}),
    ],
    ids=["plain", "lying", "cut off", "lying and cut off"],
)
@pytest.mark.parametrize("size", [SIZE, InputSize(height=256, width=192)], ids=["compact", "accurate"])
def test_joints_follow_their_pixels(strength: PoseAugmentation, size: InputSize) -> None:
    patch, joints = patch_with_dots()
    seen = 0
    for seed in range(20):
        crop, moved = augment(patch, joints, BOX, np.random.default_rng(seed), strength, size)
        assert crop.shape == (size.height, size.width, 3)
        for row in moved[(moved[:, 2] > 0) & (moved[:, 3] > 0)]:
            seen += 1
            assert brightest(crop, row[:2]) > 60
    assert seen > 15


def test_joints_follow_their_pixels_where_only_the_upper_body_is_seen() -> None:
    patch, joints = patch_with_dots()
    others = [index for index, name in enumerate(BODY_21.joints) if "knee" not in name and "ankle" not in name]
    joints[others] = (107, 110, 1, 0.9)
    joints[BODY_21.index("left_hip"), :2] = (140, 150)
    scales = []
    for seed in range(20):
        crop, moved = augment(
            patch, joints, BOX, np.random.default_rng(seed), PLAIN.model_copy(update={"upper_body": 1.0}), SIZE
        )
        assert moved[SHOULDER, 3] > 0
        assert brightest(crop, moved[SHOULDER, :2]) > 60
        scales.append(np.linalg.norm(moved[SHOULDER, :2] - moved[ANKLE, :2]))
    plain = view_scale(BOX, SIZE) * np.linalg.norm(joints[SHOULDER, :2] - joints[ANKLE, :2])
    assert np.mean(scales) > 1.3 * plain  # closer up


def test_mirrored_people_change_sides() -> None:
    patch, joints = patch_with_dots()
    names = {
        BODY_21.joints[i]
        for seed in range(40)
        for i in np.flatnonzero(augment(patch, joints, BOX, np.random.default_rng(seed), PLAIN, SIZE)[1][:, 2])
    }
    assert names == {"right_shoulder", "left_shoulder", "left_ankle", "right_ankle"}


def test_joints_outside_of_the_crop_are_unseen_and_only_those() -> None:
    patch, joints = patch_with_dots()
    joints[ANKLE, :2] = (2, 2)  # in the patch's corner, which no plain view shows
    outside = 0
    for seed in range(30):
        _, moved = augment(patch, joints, BOX, np.random.default_rng(seed), GEOMETRY_ONLY, SIZE)
        assert np.count_nonzero(moved[:, 2]) == 2  # they still teach: that there is nothing to be seen
        inside = (moved[:, :2] >= 0).all(1) & (moved[:, :2] <= (SIZE.width - 1, SIZE.height - 1)).all(1)
        labelled = moved[:, 2] > 0
        assert (moved[labelled & inside, 3] == np.float32(0.9)).all()
        assert not moved[labelled & ~inside, 3].any()
        outside += np.count_nonzero(labelled & ~inside)
    assert outside >= 25


def test_the_networks_view_is_the_middle_with_the_room_that_the_runtime_leaves() -> None:
    patch, joints = patch_with_dots()
    crop, moved = centre_crop(patch, joints, BOX, SIZE)
    assert crop.shape == (160, 128, 3)
    x, y = moved[SHOULDER, :2].round().astype(int)
    assert crop[y, x].tolist() == [250, 250, 250]
    assert moved[SHOULDER, 2:].tolist() == joints[SHOULDER, 2:].tolist()
    middle = np.array([[(PATCH_WIDTH - 1) / 2, (PATCH_HEIGHT - 1) / 2]], np.float32)
    assert centre_crop(patch, middle, BOX, SIZE)[1][0] == pytest.approx(SIZE.centre, abs=1e-3)
    # A box of 1:2 fills the height of a crop of 4:5.
    edges = np.repeat(middle, 2, 0)
    edges[:, 1] += (-100, 100)
    top, bottom = centre_crop(patch, edges, BOX, SIZE)[1][:, 1]
    assert bottom - top == pytest.approx(160 / NETWORK_PADDING, rel=1e-4)
    assert view_scale(np.array([200.0, 100.0]), SIZE) == pytest.approx(128 / 200 / NETWORK_PADDING)


def test_mild_views_stay_closer_to_the_networks_own() -> None:
    patch, joints = patch_with_dots()
    pelvis = BODY_21.index("pelvis")
    # In the middle, so that mirroring leaves it there, and low, so that scale and rotation move it.
    joints[pelvis] = (127.5, 235, 1, 0.9)

    def spread(strength: PoseAugmentation) -> float:
        views = np.stack(
            [augment(patch, joints, BOX, np.random.default_rng(seed), strength, SIZE)[1][pelvis] for seed in range(150)]
        )
        return float(views[:, :2].std(0).sum())

    assert spread(MILD) < 0.85 * spread(USUAL)
