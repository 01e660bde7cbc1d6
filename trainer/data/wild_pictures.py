"""List the picture files of a wild set, each with its split (train, validation or measure)."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgeact.errors import SourceNotFoundError
from trainer.data.sets.stanford40 import read_stanford40_parts
from trainer.data.splits import difference_hash
from trainer.data.wild_split import WildSplit, keep_apart, wild_split


def wild_pictures(root: Path, name: str) -> Iterator[tuple[Path, WildSplit]]:
    """The pictures of one set in a stable order. Pictures that are left out everywhere do not come, nor do those that
    would train or choose and look like one that is more strictly kept (`keep_apart`).

    Args:
        root: The set's folder, packed or a snapshot of the whole set.
        name: One of `trainer.data.wild_split.WILD_SETS`.

    Raises:
        SourceNotFoundError: The folder has no picture of the set.
    """
    parts: dict[str, str] = {}
    if name == "stanford40":
        parts = {**read_stanford40_parts(root)}
    if name == "coco_more":
        parts = _coco_more_parts(root)
    found: list[tuple[Path, WildSplit]] = []
    for path in sorted(root.rglob("*.jpg")):
        if name in ("stanford40", "coco_more") and path.name not in parts:
            continue
        split = wild_split(name, path.relative_to(root).as_posix(), official=parts.get(path.name, ""))
        if split is not None:
            found.append((path, split))
    if not found:
        raise SourceNotFoundError(f"{root} has no .jpg of {name} that its lists name; copy the data set again")
    hashes = np.stack([difference_hash(path) for path, _ in found])
    kept = keep_apart(hashes, [split for _, split in found])
    for (path, _), kept_split in zip(found, kept, strict=True):
        if kept_split is not None:
            yield path, kept_split


def _coco_more_parts(root: Path) -> dict[str, str]:
    images = json.loads((root / "person_keypoints.json").read_text())["images"]
    return {image["file_name"]: image["split"] for image in images}
