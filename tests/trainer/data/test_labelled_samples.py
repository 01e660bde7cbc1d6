"""What is known of a picture moves with it, and clips are drawn in time."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import MPII_16
from tests.trainer.data.sets.layouts import write_clip
from trainer.data.labelled_samples import (
    Augmentation,
    LabelledSample,
    ReadClip,
    clip_batch,
    clip_stride,
    lspet_poses,
    picture_batch,
    read_clips,
    stanford40,
    ut_interaction,
)

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


def test_the_official_clips_of_ut_interaction_are_read_too(tmp_path: Path) -> None:
    for name in ("0_1_4", "9_9_2"):
        write_clip(tmp_path / "segmented_set1" / f"{name}.avi")
    samples, names = ut_interaction(tmp_path)
    assert [(names[sample.label], sample.split) for sample in samples] == [("punch", "train"), ("kick", "test")]
    assert len(read_clips(samples, 16)) == 2


def test_the_stride_of_clips_is_that_of_what_is_drawn() -> None:
    """Of clips of 1, 2 and 6 seconds five sixths of the middle one are drawn on the whole, as six frames."""
    clips = [ReadClip(np.zeros((2, 4, 4, 3), np.uint8), seconds) for seconds in (1.0, 6.0, 2.0)]
    assert clip_stride(clips, 6) == pytest.approx(2.0 * 5 / 6 / 5)


def test_frames_of_a_clip_are_even_and_in_order() -> None:
    clip = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    whole = clip_batch([clip], [2], 4, None, flip=True)
    assert whole.pixels[0, :, 0, 0, 0].tolist() == [0, 10, 19, 29]
    drawn = clip_batch([clip], [2], 4, np.random.default_rng(0), flip=True).pixels[0, :, 0, 0, 0].tolist()
    assert drawn == sorted(drawn)
    assert drawn[-1] - drawn[0] >= 18


def test_stanford40_has_a_held_out_part_and_names(tmp_path: Path) -> None:
    rows = [f"{action}_{n:03d}.jpg,{action},train,90,120,1,2,30,40" for action in ("run", "eat") for n in range(30)]
    rows.append("eat_900.jpg,eat,test,90,120,1,2,30,40")
    (tmp_path / "labels.csv").write_text("\n".join(["file,action,split,width,height,x,y,w,h", *rows]))
    samples, names = stanford40(tmp_path)
    assert names == ("eat", "run")
    assert {sample.split for sample in samples} == {"train", "validation", "test"}
    assert samples[0].box.tolist() == [1, 2, 31, 42]
    assert samples[0].label == 1


@pytest.mark.parametrize("read", [stanford40, lspet_poses, ut_interaction])
def test_a_missing_set_is_named(tmp_path: Path, read: object) -> None:
    with pytest.raises(SourceNotFoundError, match="give the folder of the data sets with --data"):
        read(tmp_path)  # type: ignore[operator]
