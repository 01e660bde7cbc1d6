"""What a file announces about its pictures."""

from pathlib import Path

import cv2
import pytest

from edgeact.capture.image_header import read_header
from edgeact.capture.images import ImagesSource
from edgeact.errors import SourceFormatError
from tests.media import corner_picture, write_oriented_jpeg


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff", ".gif"])
def test_the_header_of_every_format_has_the_size(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), corner_picture(width=70, height=50))
    header = read_header(path)
    assert header is not None
    assert (header.width, header.height, len(header.pages)) == (70, 50, 1)


def test_the_header_of_a_photo_with_exif_has_the_stored_size(tmp_path: Path) -> None:
    header = read_header(write_oriented_jpeg(tmp_path / "a.jpg", corner_picture(width=70, height=50), orientation=6))
    assert header is not None
    assert (header.width, header.height) == (70, 50)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_a_header_that_breaks_off_is_an_error_of_the_file(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    cv2.imwrite(str(whole), corner_picture())
    content = whole.read_bytes()
    path = tmp_path / f"a{suffix}"
    for length in (*range(1, 60), len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(SourceFormatError, match=r"a\.") as caught:
            list(ImagesSource([path]).frames())
        assert "\n" not in str(caught.value)
