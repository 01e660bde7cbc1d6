"""Pictures of more than eight bits: what is black and what is white."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgeact.capture.levels import Levels
from edgeact.capture.open import open_source
from edgeact.errors import SourceFormatError

RAMP = np.tile(np.arange(256), (4, 1))  # what eight bits would show


@pytest.mark.parametrize(
    "stored",
    [
        (RAMP * 257).astype(np.uint16),
        (RAMP * 1023 / 255).astype(np.uint16),
        (RAMP * 4095 / 255).astype(np.uint16),
        (RAMP * 16383 / 255).astype(np.uint16),
        RAMP.astype(np.uint16),
        (RAMP / 255).astype(np.float32),
        RAMP.astype(np.float32),
        (RAMP / 255).astype(np.float64),
    ],
    ids=["16 bits", "10 bits", "12 bits", "14 bits", "8 bits", "0 to 1", "0 to 255", "double"],
)
@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_the_bits_in_use_decide_what_is_white(tmp_path: Path, stored: npt.NDArray[Any], name: str) -> None:
    if name == "a.png" and stored.dtype != np.uint16:
        name = "a.tiff"
    path = tmp_path / name
    cv2.imwrite(str(path), stored)
    with open_source(path) as source:
        (frame,) = source.frames()
        assert np.abs(frame.image[..., 0].astype(int) - RAMP).max() <= 1
        # Sixteen bits say their scale; for all others the result says what was taken.
        assert (source.message is None) == (stored.max() == 65535)


def test_colours_keep_their_order_and_share_one_scale(tmp_path: Path) -> None:
    picture = np.zeros((4, 4, 3), np.uint16)
    picture[:] = (4000, 2000, 1000)  # blue, green, red
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    with open_source(tmp_path / "a.png") as source:
        (frame,) = source.frames()
    assert frame.image[0, 0].tolist() == [62, 125, 249]


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_temperatures_are_stretched_and_hot_pixels_do_not_decide(kind: type) -> None:
    """Thermal cameras store hundredths of a kelvin in 16 bits: 20 to 40 °C are the values 29315 to 31315."""
    image: npt.NDArray[Any] = np.tile(np.linspace(29315, 31315, 200), (100, 1)).astype(kind)
    image[0, 0] = 60000
    levels = Levels()
    shown = levels.reduce(image)
    assert shown.min() < 10
    assert np.median(shown) == pytest.approx(127, abs=10)
    assert np.percentile(shown, 99) > 240
    assert levels.message is not None
    assert "293" in levels.message


def test_the_scale_never_narrows_within_a_source() -> None:
    levels = Levels()
    bright = levels.reduce(np.full((2, 2), 3000, np.uint16))
    levels.reduce(np.full((2, 2), 60000, np.uint16))
    assert bright.max() > 100 > levels.reduce(np.full((2, 2), 3000, np.uint16)).max()
    # Another type is another scale.
    assert levels.reduce(np.full((2, 2), 0.5, np.float32)).max() == 128


def test_values_that_are_no_numbers_are_black_and_infinite_ones_white() -> None:
    image = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (8, 1))
    image[0, :3] = (np.nan, np.inf, -np.inf)
    assert Levels().reduce(image)[0, :3].tolist() == [0, 255, 0]


def test_a_picture_without_any_number_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.tif"), np.full((4, 4), np.nan, np.float32))
    with pytest.raises(SourceFormatError, match=r"a\.tif holds no finite value"):
        open_source(tmp_path / "a.tif")
