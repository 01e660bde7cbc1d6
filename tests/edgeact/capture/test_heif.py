"""HEIC and AVIF: whole pictures with the extra, a clear word without it."""

import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from edgeact.capture.open import open_source
from edgeact.errors import SourceFormatError
from tests.media import corner_picture, number_of, numbered_picture, write_png

PICTURE = corner_picture(width=128, height=128)
pillow_heif.register_heif_opener()


def write_grid(path: Path) -> Path:
    """`PICTURE` as phones store photos: four tiles that make one picture."""
    Image.fromarray(PICTURE).save(path, format="HEIF", tile_size=64, quality=90)
    return path


def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)


@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg", "photo.mp4", "photo"])
def test_a_grid_of_tiles_is_read_whole_whatever_its_name(tmp_path: Path, name: str) -> None:
    with open_source(write_grid(tmp_path / name)) as source:
        (frame,) = source.frames()
    assert frame.image.shape == (128, 128, 3)
    assert np.abs(frame.image.astype(int) - PICTURE).mean() < 5


@pytest.mark.parametrize("name", ["a.avif", "a.heic"])
def test_colours_and_orientation_are_those_of_the_photo(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    Image.fromarray(PICTURE[:96]).save(tmp_path / name, quality=95, exif=exif.tobytes())
    with open_source(tmp_path / name) as source:
        (frame,) = source.frames()
        assert (source.info.width, source.info.height) == (96, 128)
    assert np.abs(frame.image.astype(int) - np.rot90(PICTURE[:96], -1)).mean() < 5


def test_an_animated_avif_gives_all_its_pictures(tmp_path: Path) -> None:
    first, *others = (Image.fromarray(numbered_picture(number)) for number in range(3))
    first.save(tmp_path / "a.avif", save_all=True, append_images=others, duration=200)
    write_png(tmp_path / "b.png", numbered_picture(3))
    with open_source(tmp_path / "a.avif") as source:
        frames = list(source.frames())
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.2, 0.4])
    with open_source(tmp_path) as source:
        assert source.info.frame_count == 4
        assert len(list(source.frames())) == 4


def test_the_pixel_limit_holds_before_decoding(tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="announces 128×128 pixels"):
        open_source(write_grid(tmp_path / "a.heic"), max_megapixels=0.01)


def test_a_damaged_photo_is_named(tmp_path: Path) -> None:
    path = write_grid(tmp_path / "a.heic")
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(SourceFormatError, match=r"a\.heic cannot be decoded") as caught:
        list(open_source(path).frames())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["photo.heic", "photo.mp4"])
def test_without_the_extra_a_photo_is_refused_by_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_extra(monkeypatch)
    with pytest.raises(SourceFormatError, match=r'photo\.\S+ is a HEIC or AVIF picture.*pip install "edgeact\[heic\]"'):
        open_source(write_grid(tmp_path / name))


def test_without_the_extra_a_folder_says_what_it_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        write_grid(tmp_path / f"{number}.HEIC")
    with open_source(tmp_path) as source:
        assert source.message is None
    without_extra(monkeypatch)
    with pytest.raises(SourceFormatError, match=r"no image that can be read: 0\.HEIC, 1\.HEIC, 2\.HEIC and 2 more"):
        open_source(tmp_path)
    write_png(tmp_path / "9.png", numbered_picture(0))
    with open_source(tmp_path) as source:
        assert len(list(source.frames())) == 1
        assert source.message is not None
        assert "left out are 0.HEIC, 1.HEIC, 2.HEIC and 2 more" in source.message
