"""What is known of a picture moves with it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.skeleton import MPII_16
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import Augmentation, picture_batch

STRONG = Augmentation(flip=True, rotation=40, zoom=0.2)


def marked(path: Path) -> LabelledSample:
    """A dark picture with a bright red square; the box is around it, a right and a left joint at its sides."""
    image = np.full((120, 90, 3), 20, np.uint8)
    image[50:71, 30:61, 2] = 250
    cv2.imwrite(str(path), image)
    joints = np.full((16, 2), -1, np.float32)
    joints[MPII_16.joints.index("right_wrist")] = (30, 60)
    joints[MPII_16.joints.index("left_wrist")] = (60, 60)
    return LabelledSample(path, "train", 3, np.array([30, 50, 60, 70], np.float32), joints)


def test_box_and_joints_follow_the_pixels(tmp_path: Path) -> None:
    sample = marked(tmp_path / "a.png")
    for seed in range(6):
        batch = picture_batch([sample], 96, np.random.default_rng(seed), STRONG)
        rows, columns = np.nonzero(batch.pixels[0, :, :, 0].numpy() > 200)
        found = [columns.min(), rows.min(), columns.max(), rows.max()]
        assert batch.boxes[0].numpy() == pytest.approx(np.array(found), abs=2.5)
        right, left = (batch.joints[0, MPII_16.joints.index(f"{side}_wrist")].numpy() for side in ("right", "left"))
        middle = (right + left) / 2
        assert middle == pytest.approx(np.array([columns.mean(), rows.mean()]), abs=2)
        assert right[0] < left[0]  # mirrored people have their right hand where it is seen
        assert int((batch.joints[0] != -1).any(-1).sum()) == 2
        assert int(batch.labels[0]) == 3


def test_measuring_changes_nothing_and_what_nobody_said_is_missing(tmp_path: Path) -> None:
    sample = marked(tmp_path / "a.png")
    bare = LabelledSample(sample.path, "test")
    one, other = (picture_batch([sample, bare], 60, None, STRONG) for _ in range(2))
    assert (one.pixels == other.pixels).all()
    assert one.boxes[0].numpy() == pytest.approx(np.array([14.75, 24.75, 29.75, 34.75]), abs=0.6)
    assert bool(one.has_box[0])
    assert not bool(one.has_box[1] | one.has_action[1] | one.has_pose[1])


def test_a_person_is_cut_out_as_at_run_time(tmp_path: Path) -> None:
    """The longer side of the box over 1.25 fills the crop, black lies beyond the picture."""
    sample = marked(tmp_path / "a.png")
    batch = picture_batch([sample], 100, None, STRONG, view="person")
    assert batch.boxes[0].numpy() == pytest.approx(np.array([9.5, 22.83, 89.5, 76.17]), abs=0.1)
    edge = LabelledSample(sample.path, "train", 0, np.array([-40, 0, 20, 60], np.float32))
    assert (picture_batch([edge], 100, None, STRONG, view="person").pixels[0, :, 0] == 0).all()
    drawn = picture_batch([sample], 100, np.random.default_rng(1), STRONG, view="person")
    rows, columns = np.nonzero(drawn.pixels[0, :, :, 0].numpy() > 200)
    found = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
    assert np.clip(drawn.boxes[0].numpy(), 0, 99) == pytest.approx(found, abs=4)


def test_pictures_with_joints_may_be_turned_further_than_others(tmp_path: Path) -> None:
    posed = marked(tmp_path / "a.png")
    bare = replace(posed, joints=None)
    change = Augmentation(flip=False, rotation=0, pose_rotation=90)
    turned, upright = picture_batch([posed, bare], 96, np.random.default_rng(0), change).boxes.numpy()
    plain = picture_batch([bare], 96, None, change).boxes[0].numpy()
    assert upright == pytest.approx(plain, abs=1e-3)
    assert np.abs(turned - plain).max() > 5


def test_colours_of_pictures_shift_within_bounds(tmp_path: Path) -> None:
    sample, change = marked(tmp_path / "a.png"), Augmentation(flip=False, colour_shift=0.1)
    plain = picture_batch([sample], 60, None, change)
    shifted = picture_batch([sample], 60, np.random.default_rng(0), change)
    again = picture_batch([sample], 60, np.random.default_rng(0), change)
    assert (shifted.pixels == again.pixels).all()
    assert shifted.pixels.shape == plain.pixels.shape
    difference = np.abs(shifted.pixels.numpy().astype(int) - plain.pixels.numpy())
    assert 0 < difference.max() <= 12  # of 20 and 250 and what lies between
