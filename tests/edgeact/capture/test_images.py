from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.image_decode import read_image
from edgeact.capture.images import ImagesSource
from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from tests.media import corner_picture, number_of, numbered_picture, write_oriented_jpeg, write_png

PICTURE = corner_picture(width=64, height=48)

# What a viewer does to a stored picture by its EXIF orientation.
TURNS = {
    1: PICTURE,
    2: np.fliplr(PICTURE),
    3: np.rot90(PICTURE, 2),
    4: np.flipud(PICTURE),
    5: PICTURE.transpose(1, 0, 2),
    6: np.rot90(PICTURE, -1),
    7: np.rot90(PICTURE, 2).transpose(1, 0, 2),
    8: np.rot90(PICTURE, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    path = write_oriented_jpeg(tmp_path / "a.jpg", PICTURE, orientation=orientation)
    image = read_image(path)
    assert image.shape == TURNS[orientation].shape
    assert np.abs(image.astype(int) - TURNS[orientation]).mean() < 3
    assert ImagesSource([path]).info.width == image.shape[1]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_colours_come_as_rgb_from_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ä{suffix}"
    path.write_bytes(cv2.imencode(suffix, cv2.cvtColor(PICTURE, cv2.COLOR_RGB2BGR))[1].tobytes())
    assert np.abs(read_image(path).astype(int) - PICTURE).mean() < 5


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 4)])
def test_grey_sixteen_bit_and_transparent_images_become_rgb(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image = np.full(shape, 200 * 257, np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    read = read_image(tmp_path / "a.png")
    assert read.shape == (5, 7, 3)
    assert read.dtype == np.uint8
    assert np.abs(read.astype(int) - 200).max() <= 1


def test_sizes_may_differ_and_time_is_position_over_rate(tmp_path: Path) -> None:
    paths = [
        write_png(tmp_path / f"{number}.png", numbered_picture(number, width=20 + number, height=10))
        for number in range(3)
    ]
    source = ImagesSource(paths, frame_rate=10.0)
    frames = list(source.frames())
    assert [frame.image.shape for frame in frames] == [(10, 20, 3), (10, 21, 3), (10, 22, 3)]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2])
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2]
    assert source.info.duration == pytest.approx(0.3)


@pytest.mark.parametrize("content", [b"", b"no image at all", "half"])
def test_an_unreadable_image_is_named(tmp_path: Path, content: bytes | str) -> None:
    good = write_png(tmp_path / "good.png", PICTURE)
    bad = tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:100] if isinstance(content, str) else content)
    source = ImagesSource([good, bad])
    frames = source.frames()
    next(frames)
    with pytest.raises(SourceFormatError, match=r"bad\.png"):
        next(frames)
    assert source.state is SourceState.FAILED


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", PICTURE)
    with pytest.raises(SourceNotFoundError, match="name at least one"):
        ImagesSource([])
    with pytest.raises(SourceNotFoundError, match=r"absent\.png"):
        ImagesSource([tmp_path / "absent.png"])
    with pytest.raises(SourceFormatError, match="cannot be read"):
        ImagesSource([tmp_path])
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="frame rate"):
            ImagesSource([path], frame_rate=rate)
    with pytest.raises(UsageError, match="every is 0"):
        ImagesSource([path], every=0)
