"""UR Fall, on a tiny copy of its official layout."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, PICTURE, pixels_of, write, write_clip, write_picture
from trainer.data.sample import FrameFiles, Video
from trainer.data.sets.ur_fall import FALLING, LYING, read_postures, read_ur_fall


def test_ur_fall(tmp_path: Path) -> None:
    write_picture(tmp_path / "fall-01-cam0-rgb" / "fall-01-cam0-rgb-001.png")
    write_clip(tmp_path / "fall-01-cam1.mp4")
    write_clip(tmp_path / "adl-02-cam0.mp4")
    write(tmp_path / "fall-01-cam0-d" / "fall-01-cam0-d-001.png", "")
    write(tmp_path / "urfall-cam0-falls.csv", "fall-01,1,-1,0.2\nfall-01,2,0,0.3\nfall-01,3,1,0.4\n")
    daily, first, second = read_ur_fall(tmp_path).samples
    assert (daily.name, daily.actions) == ("adl-02-cam0", (0,))
    assert (first.source, second.source, first.actions) == ("fall-01", "fall-01", (1,))
    assert isinstance(first.media, FrameFiles)
    assert isinstance(second.media, Video)
    assert (pixels_of(first), pixels_of(second)) == (PICTURE, CLIP)
    assert read_postures(tmp_path) == {"fall-01": {1: -1, 2: FALLING, 3: LYING}}


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ur_fall(tmp_path)
