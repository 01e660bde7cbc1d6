"""Files that hold more than one picture."""

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeact.capture.images import ImagesSource
from edgeact.capture.open import open_source
from edgeact.errors import SourceFormatError
from tests.media import number_of, numbered_picture, write_png


def write_animation(path: Path, numbers: range, *, milliseconds: int) -> Path:
    animation: Any = cv2.Animation()
    # Animated pictures have an alpha channel.
    animation.frames = [cv2.cvtColor(numbered_picture(number), cv2.COLOR_RGB2RGBA) for number in numbers]
    animation.durations = np.full(len(numbers), milliseconds)
    cv2.imwriteanimation(str(path), animation)
    return path


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_an_animation_gives_all_its_pictures_with_its_times(tmp_path: Path, name: str) -> None:
    path = write_animation(tmp_path / name, range(5), milliseconds=200)
    with open_source(path) as source:
        frames = list(source.frames())
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize("every", [1, 2])
def test_a_tiff_gives_all_its_pages(tmp_path: Path, every: int) -> None:
    path = tmp_path / "a.tiff"
    cv2.imwritemulti(str(path), [numbered_picture(number) for number in range(5)])
    with open_source(path, every=every) as source:
        assert source.info.frame_count == 5
        assert [number_of(frame.image) for frame in source.frames()] == list(range(0, 5, every))


def test_a_folder_takes_the_pictures_of_each_file_one_after_the_other(tmp_path: Path) -> None:
    write_png(tmp_path / "1.png", numbered_picture(0))
    cv2.imwritemulti(str(tmp_path / "2.tif"), [numbered_picture(1), numbered_picture(2)])
    write_animation(tmp_path / "3.webp", range(3, 5), milliseconds=200)
    with open_source(tmp_path) as source:
        assert source.info.frame_count == 5
        frames = list(source.frames())
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.16])


def write_tiff(path: Path, pages: list[tuple[int, int, int]]) -> Path:
    """A TIFF of grey pages: side in pixels, level and subfile type each."""
    content = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for side, level, subfile in pages:
        data = len(content)
        content += bytes([level]) * (side * side)
        content += b"\0" * (len(content) % 2)
        struct.pack_into("<I", content, link, len(content))
        fields = {254: subfile, 256: side, 257: side, 258: 8, 259: 1, 262: 1, 273: data, 277: 1, 278: side}
        fields[279] = side * side
        content += struct.pack("<H", len(fields))
        for tag, value in sorted(fields.items()):
            content += struct.pack("<HHII", tag, 4, 1, value)
        link = len(content)
        content += b"\0\0\0\0"
    path.write_bytes(content)
    return path


def test_small_copies_and_masks_in_a_tiff_are_no_pictures_of_their_own(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", [(32, 20, 0), (16, 200, 1), (32, 255, 4), (32, 40, 0)])
    with open_source(path) as source:
        assert [(frame.image.shape, number_of(frame.image)) for frame in source.frames()] == [
            ((32, 32, 3), 0),
            ((32, 32, 3), 2),
        ]


def test_a_damaged_page_is_named_after_those_before_it(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", [(32, 20, 0), (32, 40, 0), (32, 60, 0)])
    content = bytearray(path.read_bytes())
    fields = content.rindex(struct.pack("<HHII", 254, 4, 1, 0))  # of the last page
    struct.pack_into("<I", content, fields + 6 * 12 + 8, 1_000_000)  # its pixels: beyond the end of the file
    path.write_bytes(content)
    frames = ImagesSource([path]).frames()
    assert [number_of(next(frames).image) for _ in range(2)] == [0, 2]
    with pytest.raises(SourceFormatError, match=r"a\.tif cannot be decoded as an image \(3 of 3\)"):
        next(frames)
