"""Steadiness over tracks, each by its length."""

import numpy as np
import pytest

from tests.trainer.data.lifting.walkers import standing
from trainer.evaluate.lifting_clips import Tracks, clips_at, summarise


def test_short_tracks_are_left_out_and_long_ones_weigh_more() -> None:
    still = [(frame / 10, standing()) for frame in range(31)]
    growing = [(frame / 10, standing() * np.float32(1 + frame % 2)) for frame in range(11)]
    short = [(frame / 10, standing() * np.float32(1 + frame)) for frame in range(5)]
    tracks: Tracks = {("a", 1): still, ("a", 2): growing, ("b", 1): short}
    figures = summarise(tracks)
    assert figures["tracks"] == 2
    assert figures["seconds"] == pytest.approx(4.0)
    assert figures["bone_variation"] == pytest.approx(0.25 * 1 / 3, abs=0.01)
    assert figures["flips_a_minute"] == 0


def test_flips_are_counted_a_minute() -> None:
    flipping = [(frame / 10, standing() * np.float32([1, 1, 1])) for frame in range(61)]
    for frame in range(30, 61):
        flipping[frame][1][15] = flipping[frame][1][13] + [0, -0.2, -0.35]
    for frame in range(30):
        flipping[frame][1][15] = flipping[frame][1][13] + [0, -0.2, 0.35]
    assert summarise({("a", 1): flipping})["flips_a_minute"] == pytest.approx(10.0)


def test_nobody_gives_figures_too() -> None:
    assert summarise({})["tracks"] == 0


def test_folders_stand_for_their_videos(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for name in ("b.mp4", "a.mp4", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in clips_at([tmp_path, tmp_path / "x.mp4"])] == ["a.mp4", "b.mp4", "x.mp4"]
