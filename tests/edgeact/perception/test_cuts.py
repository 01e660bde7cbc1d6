"""Cuts are found, movement is none."""

import numpy as np
import pytest

from edgeact.perception.cuts import CutDetector
from edgeact.types import UInt8


def scene(seed: int, *, size: tuple[int, int] = (180, 320)) -> UInt8:
    """A smooth random picture."""
    import cv2

    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_another_place_is_a_cut_once() -> None:
    cuts = CutDetector()
    assert [cuts.is_cut(image) for image in (scene(0), scene(0), scene(1), scene(1))] == [False, False, True, False]


def test_a_pan_is_no_cut() -> None:
    wide = scene(2, size=(180, 640))
    cuts = CutDetector()
    assert not any(cuts.is_cut(wide[:, shift : shift + 320]) for shift in range(0, 320, 16))


def test_light_and_noise_are_no_cuts() -> None:
    rng = np.random.default_rng(0)
    cuts = CutDetector()
    dark = rng.integers(0, 12, (20, 90, 160, 3), np.uint8)
    assert not any(cuts.is_cut(image) for image in dark)
    cuts.reset()
    assert not any(cuts.is_cut((scene(3) * share).astype(np.uint8)) for share in (1.0, 0.5, 1.0))


@pytest.mark.parametrize("size", [(1, 1), (2, 500)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    cuts = CutDetector()
    assert not cuts.is_cut(np.zeros((*size, 3), np.uint8))
    assert not cuts.is_cut(np.full((*size, 3), 255, np.uint8))  # a flash has no pattern to disagree
