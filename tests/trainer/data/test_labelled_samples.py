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
    drawn_parts,
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
    clips = [ReadClip(np.zeros((2, 4, 4, 3), np.uint8), seconds, 41) for seconds in (1.0, 6.0, 2.0)]
    assert clip_stride(clips, 6) == pytest.approx(2.0 * 5 / 6 / 5)
    assert clip_stride(clips, 6, (2, 4)) == pytest.approx(2.0 * 3 / 40)  # every third of 41 frames on the whole


def test_frames_of_a_clip_are_so_many_filmed_frames_apart_as_far_as_it_is_long(tmp_path: Path) -> None:
    clip = np.arange(41, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    parts = drawn_parts(41, 4, (3, 10))
    assert parts == pytest.approx(np.arange(3, 11) * 3 / 40)
    apart = set()
    for seed in range(40):
        batch = clip_batch([clip], [0], 4, np.random.default_rng(seed), flip=False, parts=[parts])
        again = clip_batch([clip], [0], 4, np.random.default_rng(seed), flip=False, parts=[parts])
        assert (batch.pixels == again.pixels).all()
        steps = np.diff(batch.pixels[0, :, 0, 0, 0].numpy().astype(int))
        assert np.ptp(steps) <= 1  # of rounding
        apart.add(round(float(steps.mean())))
    assert apart == set(range(3, 11))
    assert drawn_parts(10, 4, (3, 10)).tolist() == [1.0] * 8  # no factor fits a clip of ten frames but the first
    write_clip(tmp_path / "clip.avi")
    sample = LabelledSample(tmp_path / "clip.avi", "train", 0)
    (whole,), (thirds,) = read_clips([sample], 16), read_clips([sample], 16, every=3)
    assert whole.filmed == thirds.filmed == len(whole.frames)
    assert len(thirds.frames) == -(-whole.filmed // 3)


def test_colours_of_clips_and_pictures_shift_within_bounds(tmp_path: Path) -> None:
    grey = np.full((5, 8, 8, 3), 100, np.uint8)
    grey[:, 0], grey[:, 1] = 0, 255
    low, high = (255 * (100 / 255) ** power for power in (1.1, 0.9))
    for seed in range(10):
        one, other = (
            clip_batch([grey], [0], 3, np.random.default_rng(seed), flip=False, colour_shift=0.1).pixels[0].numpy()
            for _ in range(2)
        )
        assert (one == other).all()
        assert one.shape == (3, 8, 8, 3)
        assert one.dtype == np.uint8
        assert not one[:, 0].any()
        assert (one[:, 1] == 255).all()
        assert (one[:, 2:] == one[0, 2, 0]).all()  # alike in all frames
        assert (np.abs(one[0, 2, 0] - (low + high) / 2) <= (high - low) / 2 + 0.5).all()
        assert len(set(one[0, 2, 0].tolist())) > 1  # not alike in all colours
    unchanged = clip_batch([grey], [0], 3, None, flip=False, colour_shift=0.1)
    assert (unchanged.pixels[0, 0].numpy() == grey[0]).all()
    sample, change = marked(tmp_path / "a.png"), Augmentation(flip=False, colour_shift=0.1)
    plain = picture_batch([sample], 60, None, change)
    shifted = picture_batch([sample], 60, np.random.default_rng(0), change)
    again = picture_batch([sample], 60, np.random.default_rng(0), change)
    assert (shifted.pixels == again.pixels).all()
    assert shifted.pixels.shape == plain.pixels.shape
    difference = np.abs(shifted.pixels.numpy().astype(int) - plain.pixels.numpy())
    assert 0 < difference.max() <= 12  # of 20 and 250 and what lies between


def test_frames_of_a_clip_are_even_and_in_order() -> None:
    clip = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    whole = clip_batch([clip], [2], 4, None, flip=True)
    assert whole.pixels[0, :, 0, 0, 0].tolist() == [0, 10, 19, 29]
    drawn = clip_batch([clip], [2], 4, np.random.default_rng(0), flip=True).pixels[0, :, 0, 0, 0].tolist()
    assert drawn == sorted(drawn)
    assert drawn[-1] - drawn[0] >= 18


def test_all_frames_of_a_clip_are_zoomed_and_shifted_alike() -> None:
    rng = np.random.default_rng(0)
    clip = np.repeat(rng.integers(0, 255, (1, 16, 16, 3), np.uint8), 6, 0)
    plain, zoomed = (
        clip_batch([clip], [2], 4, np.random.default_rng(1), flip=False, zoom=zoom).pixels[0].numpy()
        for zoom in (0.0, 0.3)
    )
    assert (plain == clip[:4]).all()
    assert (zoomed == zoomed[:1]).all()
    assert np.abs(zoomed.astype(int) - plain).mean() > 5


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
    with pytest.raises(SourceNotFoundError, match="give the folder "):
        read(tmp_path)  # type: ignore[operator]
