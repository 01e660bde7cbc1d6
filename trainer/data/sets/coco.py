"""COCO keypoints (Lin et al., ECCV 2014): ``annotations/person_keypoints_PARTYEAR.json`` and a folder of pictures; and
packed sets in COCO's form, ``person_keypoints.json`` and ``images``.

A sample is one person. Crowds, which are one mask around many people, are left out.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.errors import SourceFormatError
from edgeact.skeleton import COCO_17
from trainer.data.sample import Picture, Sample, SampleSet, one_person
from trainer.data.sets.files import read_json_file
from trainer.data.splits import Split

_KEYS = ("id", "image_id", "bbox", "keypoints")
SPLITS: dict[str, Split] = {"train": "train", "val": "validation", "test": "test"}


def read_coco_keypoints(root: Path, *, year: int = 2017, parts: tuple[str, ...] = ("train", "val")) -> SampleSet:
    """Every person of the parts, with box, joints and mask.

    Args:
        root: With ``annotations`` and ``train2017`` …
        year: Of the release.
        parts: Of ``train``, ``val`` and ``test``.

    Raises:
        SourceNotFoundError, SourceFormatError: The annotations are missing or damaged.
    """
    samples: list[Sample] = []
    for part in parts:
        file = root / "annotations" / f"person_keypoints_{part}{year}.json"
        for person, picture in _people(file):
            path = root / f"{part}{year}" / picture["file_name"]
            samples.append(_person(person, picture, path, SPLITS[part]))
    return SampleSet("coco_keypoints", tuple(samples), joints=COCO_17.joints)


def read_packed_keypoints(root: Path) -> SampleSet:
    """Every person of a packed set in COCO's form. A picture of COCO may name its part there (``split``:
    ``train2017`` …); others have no split.

    Raises:
        SourceNotFoundError, SourceFormatError: ``person_keypoints.json`` is missing or damaged.
    """
    samples = []
    for person, picture in _people(root / "person_keypoints.json"):
        split = SPLITS.get(str(picture.get("split", "")).rstrip("0123456789"))
        samples.append(_person(person, picture, root / "images" / picture["file_name"], split))
    return SampleSet(root.name, tuple(samples), joints=COCO_17.joints)


def _people(file: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The annotation of each person, and its picture's row."""
    content = read_json_file(file, "the annotations of COCO keypoints")
    pictures = {picture["id"]: picture for picture in content["images"]}
    for person in content["annotations"]:
        if person.get("iscrowd", 0):
            continue
        missing = [key for key in _KEYS if key not in person]
        if missing or person["image_id"] not in pictures:
            what = f"has no {', '.join(missing)}" if missing else f"is of picture {person['image_id']}, which it lacks"
            raise SourceFormatError(f"{file}: annotation {person.get('id')} {what}; copy the data set again")
        yield person, pictures[person["image_id"]]


def _person(person: dict[str, Any], picture: dict[str, Any], path: Path, split: Split | None) -> Sample:
    joints = np.asarray(person["keypoints"], np.float32).reshape(len(COCO_17.joints), 3)
    visibility = joints[:, 2].astype(np.int8)  # the numbers are COCO's
    places = np.where(visibility[:, None] > 0, joints[:, :2], np.nan)
    outline = person.get("segmentation")
    return Sample(
        f"{path.stem}#{person['id']}",
        path.stem,
        Picture(path),
        split,
        boxes=one_person(box_of(person["bbox"])),
        joints=one_person(places),
        visibility=visibility[None, None],
        masks=partial(read_mask, outline, picture["height"], picture["width"]) if outline else None,
    )


def box_of(bbox: list[float]) -> list[float]:
    """COCO's x, y, width, height → x_min, y_min, x_max, y_max."""
    x, y, width, height = bbox
    return [x, y, x + width, y + height]


def read_mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """Polygons or run lengths → ``(1, 1, height, width)`` bool."""
    from pycocotools import mask

    if isinstance(segmentation, list):
        encoded = mask.merge(mask.frPyObjects(segmentation, height, width))
    elif isinstance(segmentation["counts"], list):
        encoded = mask.frPyObjects(segmentation, height, width)
    else:
        encoded = segmentation
    return mask.decode(encoded).astype(bool)[None, None]
