"""Which wild pictures train, which choose (validation) and which only measure: other people's pictures of other people.

`wild_split` decides by set and file name alone, so that a full-size snapshot of a packed set follows the packed set's
split. Names do not tell of twins: `keep_apart` leaves out what looks like a picture that measures.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from trainer.data.splits import near_duplicates, split_by_hash

WildSplit = Literal["train", "validation", "measure"]

WILD_SETS = ("coco_mini", "coco_more", "stanford40", "street_people", "vn_everyday", "gym_stills")
# Pictures without people: photographs of places and of surfaces.
EMPTY_SETS = ("backgrounds", "panoramas", "textures")

# Left out of training and tables everywhere, by the data sets' README.
_LEFT_OUT = {
    "coco_mini": frozenset({"000000397133.jpg"}),
    "coco_more": frozenset({"000000397133.jpg"}),
    # Official test photos of Stanford 40 that have a twin among the official training photos.
    "stanford40": frozenset({"using_a_computer_054.jpg", "watching_TV_061.jpg"}),
}
# COCO's human joints are rare: its training part chooses checkpoints and calibrates, its validation part measures.
_COCO: dict[str, WildSplit] = {"val2017": "measure", "train2017": "validation", "unlabelled": "train"}
# Percent of the official training photos of Stanford 40 that choose; its official test photos measure.
_STANFORD_VALIDATION = 8
# Street frames with neighbouring numbers show the same place. Of ten blocks of so many numbers two measure and one
# chooses; a fixed pattern spreads so few blocks more evenly than a hash.
_STREET_BLOCK = 25
_STREET_PATTERN: dict[int, WildSplit] = {3: "measure", 5: "validation", 8: "measure"}
# All views of one place stay together, and all tiles of one material. With so few places a hash would choose badly: two
# indoors, one outdoors, one at night.
_MEASURED_PLACES = frozenset({"lobby", "workshop", "venice", "night"})


def wild_split(source: str, file: str, *, official: str = "") -> WildSplit | None:
    """The split of one picture, None for a picture that is left out everywhere.

    Args:
        source: One of `WILD_SETS` or `EMPTY_SETS`, or ``stock_upright`` or ``lspet``, which keep the splits that they
            have.
        file: Name of the picture, with or without its folders; of ``gym_stills`` the packed name or the snapshot's
            (``<exercise>/0.jpg``).
        official: The set's own part: ``train2017``, ``val2017`` or ``unlabelled`` of COCO (not needed where the
            picture's folder has that name), ``train`` or ``test`` of ``stanford40``.

    Raises:
        ValueError: The set is unknown, or the official part is missing or unknown.
    """
    path = PurePosixPath(file)
    if path.name in _LEFT_OUT.get(source, ()):
        return None
    if source in ("coco_mini", "coco_more"):
        part = official or path.parent.name
        if part not in _COCO:
            raise ValueError(f"{source}/{file} is of part {part!r}; say which of {', '.join(_COCO)} it is of")
        return _COCO[part]
    if source == "stanford40":
        if official not in ("train", "test"):
            raise ValueError(f"stanford40/{file} is of part {official!r}; say which of train, test it is of")
        return "measure" if official == "test" else _hashed(path.name, validation=_STANFORD_VALIDATION, measure=0)
    if source == "street_people":
        return _STREET_PATTERN.get(_number(path) // _STREET_BLOCK % 10, "train")
    if source == "vn_everyday":  # vn006539.jpg when packed, 000000006539.jpg in the snapshot
        return _hashed(f"vn{_number(path):06d}", validation=10, measure=20)
    if source == "gym_stills":
        return _hashed(path.parent.name if path.stem.isdigit() else path.stem, validation=10, measure=20)
    if source in EMPTY_SETS:  # apartment_03.jpg is of the place apartment, whose panorama is apartment.jpg
        subject = re.sub(r"_\d+$", "", path.stem)
        if source == "textures":
            return _hashed(subject, validation=0, measure=20)
        return "measure" if subject in _MEASURED_PLACES else "train"
    if source == "stock_upright":
        return _hashed(path.name, validation=10, measure=20)
    if source == "lspet":
        return _hashed(path.name, validation=10, measure=10)
    known = ", ".join((*WILD_SETS, *EMPTY_SETS, "stock_upright", "lspet"))
    raise ValueError(f"{source!r} is no set of wild pictures; known are {known}")


def keep_apart(hashes: np.ndarray, splits: Sequence[WildSplit | None]) -> list[WildSplit | None]:
    """The splits without the pictures that nearly equal one that is more strictly kept.

    Args:
        hashes: ``(N, 256)`` bool, see `difference_hash`.
        splits: Of the N pictures, as `wild_split` gives them.

    Returns:
        The N splits; None where a training picture looks like one that measures or chooses, or where one that
        chooses looks like one that measures.
    """
    kept = list(splits)
    for held_out, looser in (("measure", ("train", "validation")), ("validation", ("train",))):
        strict = [row for row, split in enumerate(kept) if split == held_out]
        others = [row for row, split in enumerate(kept) if split in looser]
        if strict and others:
            alike = near_duplicates(hashes[others], hashes[strict])
            for row, twin in zip(others, alike, strict=True):
                kept[row] = None if twin else kept[row]
    return kept


def _hashed(name: str, *, validation: int, measure: int) -> WildSplit:
    split = split_by_hash(name, validation=validation, test=measure)
    return "measure" if split == "test" else split


def _number(path: PurePosixPath) -> int:
    digits = re.search(r"\d+$", path.stem)
    if digits is None:
        raise ValueError(f"{path} has no number in its name; pictures of this set are numbered")
    return int(digits.group())
