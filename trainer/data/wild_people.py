"""Wild pictures with what humans labelled on them, and checked pictures without people.

A record beside `trainer.data.sample.Sample`, because what is not labelled counts here: crowds, pictures of nobody, and
whether everybody in a picture is labelled.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError
from trainer.data.sample import SampleSet
from trainer.data.sets.stanford40 import read_packed_stanford40, read_stanford40
from trainer.data.wild_from_above import people_from_above
from trainer.data.wild_split import WildSplit, wild_split


@dataclass(frozen=True, slots=True, eq=False)
class WildPerson:
    """Somebody whom a human labelled.

    Attributes:
        box: ``(4,)`` float32 x_min, y_min, x_max, y_max in pixels.
        joints: ``(17, 3)`` float32 in COCO's order: x, y in pixels, 0 where unlabelled, 1 where hidden, 2 where seen;
            None where the set has no joints.
        action: What the set says the person does, empty where it says nothing.
        from_above: The camera looks down at the person, by the list of `trainer.data.wild_from_above`.
    """

    box: np.ndarray
    joints: np.ndarray | None = None
    action: str = ""
    from_above: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class WildPicture:
    """One picture.

    Attributes:
        source: The set.
        path: The file.
        people: Whom humans labelled.
        crowds: ``(K, 4)`` float32 boxes around people who are not labelled one by one.
        is_complete: Everybody in the picture is labelled, so that a box on nobody is false.
    """

    source: str
    path: Path
    people: tuple[WildPerson, ...]
    crowds: np.ndarray
    is_complete: bool


def read_wild(data: Path, split: WildSplit, *, snapshots: Path | None = None, limit: int = 400) -> list[WildPicture]:
    """Every wild picture of a split, by set and then by name; sets that are not on this machine are left out.

    Args:
        data: Folder of the packed sets.
        split: Which part.
        snapshots: Folder of whole sets; the official test photos of Stanford 40 are only there.
        limit: At most so many pictures of one set: those whose names' hashes are lowest.

    Raises:
        SourceFormatError: No set is there, or a label file is not what it is meant to be.
    """
    pictures: list[WildPicture] = []
    for read in (_coco_mini, _coco_more, _stanford40, _street_people, _unlabelled):
        pictures += read(data, split)
    if snapshots is not None and (snapshots / "stanford40/XMLAnnotations").is_dir():
        pictures = [picture for picture in pictures if picture.source != "stanford40"]
        pictures += _whole_stanford40(snapshots / "stanford40", split)
    if not pictures:
        raise SourceFormatError(f"{data} holds no wild pictures of part {split!r}; name the folder of the data sets")
    kept: list[WildPicture] = []
    for source in sorted({picture.source for picture in pictures}):
        chosen = sorted((p for p in pictures if p.source == source), key=lambda picture: _key(picture.path))[:limit]
        kept += sorted(chosen, key=lambda picture: picture.path.name)
    return [_with_view(picture) for picture in kept]


def _with_view(picture: WildPicture) -> WildPicture:
    """The picture with the people marked who are seen from above."""
    rows = people_from_above(picture.source, picture.path.name)
    people = tuple(replace(person, from_above=row in rows) for row, person in enumerate(picture.people))
    return replace(picture, people=people) if rows else picture


_EMPTY_FOLDERS = {"backgrounds": "backgrounds", "panoramas": "panoramas/pano", "textures": "textures"}


def read_empty(data: Path, split: WildSplit, sets: tuple[str, ...] = ("backgrounds", "panoramas")) -> list[WildPicture]:
    """Pictures of a split that show nobody, by set and name; sets that are absent are left out.

    Args:
        data: Folder of the packed sets.
        split: Which part.
        sets: Of `EMPTY_SETS`, and ``coco_mini`` for its pictures without people.
    """
    pictures: list[WildPicture] = []
    for name in sets:
        if name == "coco_mini":
            pictures += (p for p in _coco_mini(data, split) if not p.people and not len(p.crowds))
            continue
        for path in sorted((data / "studio" / _EMPTY_FOLDERS[name]).glob("*.jpg")):
            if wild_split(name, path.name) == split:
                pictures.append(WildPicture(name, path, (), np.zeros((0, 4), np.float32), True))
    return pictures


def _key(path: Path) -> str:
    return hashlib.sha256(path.name.encode()).hexdigest()


def _read_json(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceFormatError(f"{path} is not JSON ({error}); copy the data set again") from error
    return dict(content)


def _corners(box: list[float]) -> np.ndarray:
    x, y, width, height = box
    return np.array([x, y, x + width, y + height], np.float32)


def _coco_people(rows: list[dict]) -> tuple[tuple[WildPerson, ...], np.ndarray]:
    people = tuple(
        WildPerson(_corners(row["bbox"]), np.array(row["keypoints"], np.float32).reshape(17, 3))
        for row in rows
        if not row["iscrowd"]
    )
    crowds = [_corners(row["bbox"]) for row in rows if row["iscrowd"]]
    return people, np.array(crowds, np.float32).reshape(-1, 4)


def _by_picture(file: dict, category: int = 1) -> Iterator[tuple[dict, list[dict]]]:
    """Each image row with its annotations of a category (1 is the person in every set here)."""
    annotations: dict[int, list[dict]] = {}
    for row in file["annotations"]:
        if row["category_id"] == category:
            annotations.setdefault(row["image_id"], []).append(row)
    for image in file["images"]:
        yield image, annotations.get(image["id"], [])


def _coco_mini(data: Path, split: WildSplit) -> Iterator[WildPicture]:
    root = data / "coco_mini"
    for labels in sorted((root / "annotations").glob("person_keypoints_*.json")):
        part = labels.stem.removeprefix("person_keypoints_")
        for image, rows in _by_picture(_read_json(labels)):
            if wild_split("coco_mini", f"{part}/{image['file_name']}") == split:
                people, crowds = _coco_people(rows)
                yield WildPicture("coco_mini", root / part / image["file_name"], people, crowds, True)


def _coco_more(data: Path, split: WildSplit) -> Iterator[WildPicture]:
    labels = data / "coco_more/person_keypoints.json"
    for image, rows in _by_picture(_read_json(labels)) if labels.exists() else ():
        if wild_split("coco_more", image["file_name"], official=image["split"]) == split:
            people, crowds = _coco_people(rows)
            yield WildPicture("coco_more", labels.parent / "images" / image["file_name"], people, crowds, False)


def _stanford40(data: Path, split: WildSplit) -> Iterator[WildPicture]:
    root = data / "stanford40"
    if (root / "labels.csv").exists():
        yield from _actors(read_packed_stanford40(root), split)


def _whole_stanford40(root: Path, split: WildSplit) -> Iterator[WildPicture]:
    """The whole set in its official layout, of which the test photos measure and the others do not."""
    yield from _actors(read_stanford40(root, parts=("test",) if split == "measure" else ("train",)), split)


def _actors(found: SampleSet, split: WildSplit) -> Iterator[WildPicture]:
    for sample in found.samples:
        file = sample.picture
        if wild_split("stanford40", file.name, official=str(sample.split)) == split:
            if sample.boxes is None:
                raise SourceFormatError(f"{file}: its labels have no box of a person; copy the data set again")
            person = WildPerson(sample.boxes[0, 0], None, found.actions[sample.actions[0]])
            yield WildPicture("stanford40", file, (person,), np.zeros((0, 4), np.float32), False)


def _street_people(data: Path, split: WildSplit) -> Iterator[WildPicture]:
    labels = data / "street_people/boxes_partial.json"
    for image, rows in _by_picture(_read_json(labels)) if labels.exists() else ():
        if wild_split("street_people", image["file_name"]) == split:
            people = tuple(WildPerson(_corners(row["bbox"])) for row in rows)
            path = labels.parent / "images" / image["file_name"]
            yield WildPicture("street_people", path, people, np.zeros((0, 4), np.float32), False)


def _unlabelled(data: Path, split: WildSplit) -> Iterator[WildPicture]:
    """Sets that nobody labelled: only agreement with teachers is measured on them."""
    for source in ("vn_everyday", "gym_stills"):
        for path in sorted((data / source / "images").glob("*.jpg")):
            if wild_split(source, path.name) == split:
                yield WildPicture(source, path, (), np.zeros((0, 4), np.float32), False)
