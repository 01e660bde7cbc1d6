"""Looks change, shapes and originals do not."""

from collections.abc import Callable

import numpy as np
import pytest

from trainer.data.appearance import erase, lower_resolution, recolour

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.mark.parametrize("change", [lower_resolution, recolour, erase])
def test_shape_and_type_stay_and_the_original_is_not_touched(change: Change) -> None:
    image = noise()
    for seed in range(20):
        found = change(image, np.random.default_rng(seed))
        assert found.shape == image.shape
        assert found.dtype == np.uint8
    assert (image == noise()).all()


def test_fine_detail_goes() -> None:
    image = noise()
    for seed in range(20):
        found = lower_resolution(image, np.random.default_rng(seed))
        assert (
            np.abs(np.diff(found.astype(int), axis=1)).mean() < 0.75 * np.abs(np.diff(image.astype(int), axis=1)).mean()
        )


def test_brighter_stays_brighter() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    for seed in range(30):
        found = recolour(ramp, np.random.default_rng(seed), grey=0.0).astype(int)
        assert (np.diff(found, axis=1) >= 0).all()
        assert np.ptp(found) > 90  # never so dark or flat that nothing is left to see


def test_grey_pictures_have_no_colour() -> None:
    found = recolour(noise(), np.random.default_rng(0), grey=1.0)
    assert (found == found[..., :1]).all()


def test_one_rectangle_of_one_colour_is_covered() -> None:
    image = noise()
    for seed in range(20):
        found = erase(image, np.random.default_rng(seed))
        changed = (found != image).any(-1)
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        block = found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert len(np.unique(block.reshape(-1, 3), axis=0)) == 1
        assert 0.005 < changed.mean() < 0.2
