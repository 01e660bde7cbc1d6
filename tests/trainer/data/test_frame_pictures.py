"""Single frames of a clip, and pictures of them."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import OutputError
from tests.demo_pieces import write_demo_pieces
from trainer.data.frame_pictures import frames_at, write_picture
from trainer.data.read_picture import read_rgb


def test_wanted_frames_come_in_order_and_those_beyond_the_end_do_not(tmp_path: Path) -> None:
    (clip,) = write_demo_pieces(tmp_path / "clips", 1)
    every = dict(frames_at(clip, range(12)))
    found = list(frames_at(clip, [9, 2, 40]))
    assert [index for index, _ in found] == [2, 9]
    assert all(np.array_equal(image, every[index]) for index, image in found)
    assert not list(frames_at(tmp_path / "missing.mp4", []))  # nothing is read where nothing is wanted


def test_a_picture_is_written_without_loss_or_refused_by_name(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    write_picture(tmp_path / "a.png", image)
    assert np.array_equal(read_rgb(tmp_path / "a.png"), image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"file/a\.png cannot be written"):
        write_picture(tmp_path / "file" / "a.png", image)
