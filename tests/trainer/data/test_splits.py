"""Splits never move and never leak."""

import numpy as np

from trainer.data.splits import near_duplicates, split_by_hash


def test_the_split_of_a_name_never_changes() -> None:
    # Fixed by sha256: the published numbers depend on it.
    assert [split_by_hash(f"im{index:05d}.jpg") for index in range(1, 9)] == [
        "train",
        "train",
        "train",
        "train",
        "test",
        "train",
        "validation",
        "train",
    ]


def test_shares_are_as_asked() -> None:
    splits = [split_by_hash(str(index), validation=10, test=20) for index in range(5000)]
    assert abs(splits.count("test") / 5000 - 0.2) < 0.02
    assert abs(splits.count("validation") / 5000 - 0.1) < 0.02


def test_near_duplicates_are_found_by_hamming_distance() -> None:
    rng = np.random.default_rng(0)
    others = rng.random((5, 256)) < 0.5
    close, far = others[3].copy(), others[3].copy()
    close[:24] ^= True
    far[:25] ^= True
    assert near_duplicates(np.stack([close, far]), others).tolist() == [True, False]
