"""Frames of clips are drawn in time, and changed alike."""

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.data.sets.layouts import write_clip
from trainer.data.clip_batches import ReadClip, clip_batch, clip_stride, drawn_parts, read_clips
from trainer.data.labelled_samples import LabelledSample


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


def test_colours_of_clips_shift_within_bounds() -> None:
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
