"""Exports corrections as training samples: a folder per class for `edgeact train --classes`, and COCO keypoints."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from desktop_ui.keeping.event_media import check_room
from desktop_ui.model.corrected import SourceCorrections
from desktop_ui.model.corrections import FILE_NAME, Correction
from edgeact.atomic import write_text
from edgeact.errors import OutputError
from edgeact.skeleton import COCO_17

CLASSES, KEYPOINTS, NOBODY, PEOPLE = "classes", "keypoints", "not_a_person", "people"
_SURE = 0.5  # a joint of at least this confidence is written as seen


@dataclass(frozen=True, slots=True)
class ExportedSamples:
    """What was written: the folder, clips of classes, persons with keypoints."""

    folder: Path
    clips: int
    persons: int


def export_samples(
    corrections: Sequence[Correction], kept_in: Callable[[Correction], Path], folder: Path
) -> ExportedSamples:
    """Write ``classes/LABEL/SOURCE/*.mp4``, ``keypoints/`` (COCO and its pictures) and ``corrections.json``.

    Clips of what was no person are in ``not_a_person/SOURCE``, those of somebody else in ``people/SOURCE/NUMBER``.

    Args:
        corrections: Which ones.
        kept_in: Gives the folder that the clip or picture of a correction is in.
        folder: Where to; made where it is missing.

    Raises:
        OutputError: It cannot be written.
    """
    check_room(folder)
    clips = 0
    poses: dict[tuple[str, float, int], Correction] = {}  # of several joints of one person the last has them all
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in corrections:
            source = None if one.material is None else kept_in(one) / one.material
            if source is None or not source.is_file():
                continue
            if one.kind == "joint":
                poses[one.source, one.start, one.track] = one
            else:
                place = _place(one, folder)
                place.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place / f"{one.id}.mp4")
                clips += one.kind == "label"
        if poses:
            _write_keypoints(list(poses.values()), corrections, kept_in, folder / KEYPOINTS)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error
    content = {"version": 1, "corrections": [one.model_dump(mode="json") for one in corrections]}
    write_text(folder / FILE_NAME, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return ExportedSamples(folder, clips, len(poses))


def _place(one: Correction, folder: Path) -> Path:
    """The folder that the clip of a correction goes into."""
    if one.kind == "label":
        return folder / CLASSES / _safe(one.label or "other") / one.source
    return folder / NOBODY / one.source if one.kind == "not_person" else folder / PEOPLE / one.source / str(one.becomes)


def _number(joint: Correction, corrections: Sequence[Correction]) -> int:
    """Who the person of a corrected joint is."""
    alike = [
        one.model_copy(update={"end": inf}) if one.carries_on else one
        for one in corrections
        if one.kind == "identity" and (one.source, one.beside) == (joint.source, joint.beside)
    ]
    return SourceCorrections(tuple(alike)).number(joint.track, joint.start)


def _write_keypoints(
    poses: Sequence[Correction],
    corrections: Sequence[Correction],
    kept_in: Callable[[Correction], Path],
    folder: Path,
) -> None:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images: dict[tuple[str, float], dict[str, Any]] = {}
    annotations = []
    for number, one in enumerate(poses, start=1):
        name = f"images/{one.id}.jpg"
        key = (one.source, one.start)
        if key not in images:
            shutil.copyfile(kept_in(one) / str(one.material), folder / name)
            width, height = one.size or (0, 0)
            images[key] = {"id": len(images) + 1, "file_name": name, "width": width, "height": height}
        annotations.append(_annotation(number, images[key]["id"], one, _number(one, corrections)))
    category = {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(COCO_17.joints),
        "skeleton": [[first + 1, second + 1] for first, second in COCO_17.bones],
    }
    content = {"images": list(images.values()), "annotations": annotations, "categories": [category]}
    write_text(folder / "annotations.json", json.dumps(content, allow_nan=False, indent=1) + "\n")


def _annotation(number: int, image: int, one: Correction, person: int) -> dict[str, Any]:
    known = dict(zip(one.joints, one.pose, strict=True))
    keypoints: list[float] = []
    for name in COCO_17.joints:
        x, y, confidence = known.get(name, (0.0, 0.0, -1.0))
        flag = 0 if confidence < 0 else 2 if confidence >= _SURE else 1
        keypoints += [round(x, 2), round(y, 2), flag] if flag else [0, 0, 0]
    x_min, y_min, x_max, y_max = one.box or (0.0, 0.0, 0.0, 0.0)
    width, height = x_max - x_min, y_max - y_min
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [round(value, 2) for value in (x_min + 0.5, y_min + 0.5, width, height)],
        "area": round(width * height, 2),
        "keypoints": keypoints,
        "num_keypoints": sum(flag > 0 for flag in keypoints[2::3]),
        "track_id": person,
    }


def _safe(label: str) -> str:
    return re.sub(r"[^\w-]+", "_", label).strip("_") or "other"
