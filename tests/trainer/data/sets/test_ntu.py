"""NTU RGB+D, on a tiny copy of its official layout."""

from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, pixels_of, write, write_clip
from trainer.data.sample import SEEN, UNKNOWN, Video
from trainer.data.sets.ntu import read_ntu


def body(number: str, x: float) -> str:
    joints = "\n".join(f"{x} {joint} 2 0 0 {10 * x} {joint} 0 0 0 0 2" for joint in range(25))
    return f"{number} 0 1 1 0 0 0 0.1 0.2 2\n25\n{joints}\n"


def test_ntu_skeletons_and_videos(tmp_path: Path) -> None:
    text = "2\n1\n" + body("722", 1) + "2\n" + body("723", 5) + body("722", 3)
    write(tmp_path / "nturgb+d_skeletons" / "S001C002P003R001A050.skeleton", text)
    write(tmp_path / "nturgb+d_skeletons" / "S001C001P001R001A001.skeleton", "1\n0\n")
    write(tmp_path / "nturgb+d_skeletons" / "S018C001P001R001A061.skeleton", "1\n0\n")
    write_clip(tmp_path / "nturgb+d_rgb" / "S001C002P003R001A050_rgb.avi")
    nobody, two = read_ntu(tmp_path).samples
    assert (nobody.split, nobody.actions, nobody.joints, nobody.media) == ("train", (0,), None, None)
    assert (two.split, two.actions, two.source) == ("test", (49,), "person3")
    assert two.joints_3d.shape == (2, 2, 25, 3)
    assert two.joints_3d[:, 0, 4].tolist() == [[1, 4, 2], [3, 4, 2]]
    assert two.joints[1, 1, 4].tolist() == [50, 4]
    assert two.visibility[:, 1, 0].tolist() == [UNKNOWN, SEEN]
    assert isinstance(two.media, Video)
    assert pixels_of(two) == CLIP
    assert [s.split for s in read_ntu(tmp_path, protocol="cross_view").samples] == ["test", "train"]
    write(tmp_path / "nturgb+d_skeletons" / "S001C002P003R001A050.skeleton", text[:-30])
    with pytest.raises(SourceFormatError, match="is no whole skeleton file"):
        read_ntu(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_ntu(tmp_path)
