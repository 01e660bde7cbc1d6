"""Which samples train, which choose (validation) and which only measure (test): by hash of the name, so that it never
changes.
"""

import hashlib
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from trainer.data.read_picture import read_grey

Split = Literal["train", "validation", "test"]

# UT-Interaction sequences (recording sessions: people, clothes, place) that nothing is trained on.
UT_INTERACTION_TEST = frozenset({"seq09", "seq10", "seq19", "seq20"})


def split_by_hash(name: str, *, validation: int = 10, test: int = 10) -> Split:
    """The split of a sample by name; ``validation`` and ``test`` are percentages."""
    bucket = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100
    return "test" if bucket < test else "validation" if bucket < test + validation else "train"


def fight_split(video: str) -> Split:
    """The split of a source video of Surveillance Fights in the trainings of the bundles that ship."""
    return split_by_hash(video, validation=0, test=20)


def difference_hash(path: Path) -> np.ndarray:
    """Sign of the horizontal brightness steps of a 17×16 thumbnail: ``(256,)`` bool, close for near-duplicate images.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: The file is no picture.
    """
    return difference_hash_of(read_grey(path))


def difference_hash_of(grey: np.ndarray) -> np.ndarray:
    """`difference_hash` of a picture ``(H, W)`` uint8 brightness."""
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return (small[:, 1:] > small[:, :-1]).reshape(-1)


def near_duplicates(hashes: np.ndarray, others: np.ndarray, *, bits: int = 24) -> np.ndarray:
    """Which rows of ``hashes`` (n, 256) differ from some row of ``others`` (m, 256) in at most ``bits`` places:
    ``(n,)`` bool.
    """
    # Hamming distance as a matrix product of ±1 vectors: equal bits minus different bits = 256 − 2·distance.
    signs, other_signs = hashes.astype(np.float32) * 2 - 1, others.astype(np.float32) * 2 - 1
    return ((256 - signs @ other_signs.T) / 2 <= bits).any(1)
