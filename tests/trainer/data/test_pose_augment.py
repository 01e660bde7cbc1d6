"""Joints stay on their pixels through every augmentation."""

import numpy as np

from edgeact.skeleton import BODY_21
from trainer.data.pose_augment import MILD, PoseAugmentation, augment, centre_crop
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH

GEOMETRY_ONLY = PoseAugmentation(low_resolution=0.0, erase=0.0)


def patch_with_dots() -> tuple[np.ndarray, np.ndarray]:
    """A dark patch with a bright square on the right shoulder and on the left ankle."""
    joints = np.zeros((21, 3), np.float32)
    patch = np.full((PATCH_HEIGHT, PATCH_WIDTH, 3), 20, np.uint8)
    for name, (x, y) in (("right_shoulder", (80, 90)), ("left_ankle", (110, 170))):
        joints[BODY_21.index(name)] = (x, y, 1)
        patch[y - 3 : y + 4, x - 3 : x + 4] = 250
    return patch, joints


def brightest(crop: np.ndarray, near: np.ndarray) -> float:
    x, y = near.round().astype(int)
    window = crop[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
    return float(window.max()) - float(np.median(crop))


def test_joints_follow_their_pixels() -> None:
    patch, joints = patch_with_dots()
    seen = 0
    for seed in range(60):
        crop, moved = augment(patch, joints, np.random.default_rng(seed), GEOMETRY_ONLY)
        for row in moved[moved[:, 2] > 0]:
            seen += 1
            assert brightest(crop, row[:2]) > 60
    assert seen > 60


def test_mirrored_people_change_sides() -> None:
    patch, joints = patch_with_dots()
    names = {
        BODY_21.joints[i]
        for seed in range(40)
        for i in np.flatnonzero(augment(patch, joints, np.random.default_rng(seed), GEOMETRY_ONLY)[1][:, 2])
    }
    assert names == {"right_shoulder", "left_shoulder", "left_ankle", "right_ankle"}


def test_joints_outside_of_the_crop_do_not_count() -> None:
    patch, joints = patch_with_dots()
    joints[BODY_21.index("left_ankle"), :2] = (2, 2)
    for seed in range(30):
        _, moved = augment(patch, joints, np.random.default_rng(seed), GEOMETRY_ONLY)
        inside = moved[moved[:, 2] > 0, :2]
        assert (inside >= 0).all()
        assert (inside <= (127, 159)).all()


def test_the_networks_view_is_the_middle() -> None:
    patch, joints = patch_with_dots()
    crop, moved = centre_crop(patch, joints)
    assert crop.shape == (160, 128, 3)
    x, y = moved[BODY_21.index("right_shoulder"), :2].round().astype(int)
    assert crop[y, x].tolist() == [250, 250, 250]


def test_mild_views_stay_closer_to_the_networks_own() -> None:
    patch, joints = patch_with_dots()
    pelvis = BODY_21.index("pelvis")
    joints[pelvis] = (
        96,
        190,
        1,
    )  # in the middle, so that mirroring leaves it there, and low, so that scale and rotation move it

    def spread(strength: PoseAugmentation) -> float:
        views = np.stack(
            [augment(patch, joints, np.random.default_rng(seed), strength)[1][pelvis] for seed in range(150)]
        )
        return float(views[:, :2].std(0).sum())

    assert spread(MILD) < 0.7 * spread(PoseAugmentation())
