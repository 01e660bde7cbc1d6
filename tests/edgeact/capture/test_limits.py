"""Pictures that would take more memory than allowed are refused before they are decoded."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.capture.open import open_source
from edgeact.errors import SourceFormatError
from tests.media import numbered_picture, write_png, write_video


def write_bomb(path: Path, *, width: int, height: int) -> Path:
    """The beginning of a PNG that announces that many grey pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width + 1))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("name", ["bomb.png", "bomb.mp4", "bomb"])
def test_a_small_file_of_very_many_pixels_is_refused_by_its_header(tmp_path: Path, name: str) -> None:
    path = write_bomb(tmp_path / name, width=20_000, height=6000)
    with pytest.raises(SourceFormatError, match=r"announces 20000×6000 pixels: 120 megapixels.*max_megapixels"):
        open_source(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif", ".gif"])
def test_the_limit_holds_for_every_format_and_can_be_raised(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), np.zeros((100, 200, 3), np.uint8))
    with pytest.raises(SourceFormatError, match="announces 200×100 pixels"):
        open_source(path, max_megapixels=0.019)
    with open_source(path, max_megapixels=0.02) as source:
        assert source.info.width == 200


def test_the_limit_holds_for_videos_and_for_later_images_of_a_folder(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [numbered_picture(0, width=200, height=100)])
    with pytest.raises(SourceFormatError, match="announces 200×100 pixels"):
        open_source(video, max_megapixels=0.019)
    folder = tmp_path / "frames"
    folder.mkdir()
    write_png(folder / "1.png", numbered_picture(0))
    write_png(folder / "2.png", numbered_picture(0, width=200, height=100))
    with pytest.raises(SourceFormatError, match=r"2\.png announces 200×100 pixels"):
        open_source(folder, max_megapixels=0.019)


def test_pictures_that_grow_within_a_video_are_not_decoded(tmp_path: Path) -> None:
    """A raw stream may change its size at any picture, whatever its beginning announces."""
    path = tmp_path / "a.mjpeg"
    small, large = (cv2.imencode(".jpg", numbered_picture(0, width=w, height=w))[1].tobytes() for w in (64, 1200))
    path.write_bytes(small * 3 + large)
    with open_source(path, max_megapixels=0.1) as source:
        assert {frame.image.shape for frame in source.frames()} == {(64, 64, 3)}
    with open_source(path) as source:
        assert {frame.image.shape for frame in source.frames()} == {(64, 64, 3), (1200, 1200, 3)}
