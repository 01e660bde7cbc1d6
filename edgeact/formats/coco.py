"""Persons as COCO keypoints (``person_keypoints_*.json``), as pycocotools and CVAT read them.

Where the skeleton has the 17 joints of COCO these are written, in COCO's order; otherwise those that there are. Boxes
count from the outer corner of the first pixel, which is half a pixel more than ours; joints count from its centre.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.atomic import PartialText
from edgeact.errors import UsageError
from edgeact.results.records import FrameRecord, Header, Results
from edgeact.skeleton import COCO_17, Skeleton, select_joints
from edgeact.types import Person

# COCO says of a joint 2 (seen), 1 (known, but hidden) or 0 (not known); this is what more likely right than not means.
_SEEN_CONFIDENCE = 0.5
_CATEGORY = 1


def write_coco(results: Results, path: Path) -> None:
    """Write one JSON file with all frames as images and all persons as annotations; nothing is left where that fails.

    Args:
        results: What to write.
        path: The final name; the file must not be there, or may be replaced.

    Raises:
        UsageError: The result has no poses.
        SourceFormatError: The file of the frames was cut off or damaged.
        OutputError: It cannot be written.
    """
    header = results.header
    if header.skeleton is None:
        raise UsageError(f"{results.path} has no poses, which COCO keypoints are; use --to csv or --to parquet")
    skeleton = COCO_17 if set(COCO_17.joints) <= set(header.skeleton.joints) else header.skeleton
    file = PartialText(path)
    try:
        info = {
            "description": f"{Path(header.source.name).name}, by edgeact {header.edgeact}",
            "date_created": header.created,
        }
        file.write(f'{{"info": {_json(info)}, "licenses": [],\n"categories": [{_json(_category(skeleton))}],\n')
        _write_list(file, "images", (_image(number, frame, header) for number, frame in enumerate(results.frames, 1)))
        file.write(",\n")
        persons = ((number, person) for number, frame in enumerate(results.frames, 1) for person in frame.persons)
        annotations = (
            _annotation(number, image, person, header.skeleton, skeleton)
            for number, (image, person) in enumerate(persons, start=1)
        )
        _write_list(file, "annotations", annotations)
        file.write("}\n")
        file.close()
    finally:
        file.abort()


def _write_list(file: PartialText, name: str, items: Iterable[dict[str, Any]]) -> None:
    file.write(f'"{name}": [')
    for number, item in enumerate(items):
        file.write(("\n" if number == 0 else ",\n") + _json(item))
    file.write("]")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _category(skeleton: Skeleton) -> dict[str, Any]:
    return {
        "id": _CATEGORY,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(skeleton.joints),
        "skeleton": [[first + 1, second + 1] for first, second in skeleton.bones],
    }


def _image(number: int, frame: FrameRecord, header: Header) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": f"{Path(header.source.name).stem}_{frame.index:06d}.jpg",
        "width": header.source.width,
        "height": header.source.height,
        "frame_index": frame.index,
        "time": frame.time,
        "epoch": frame.epoch,
    }


def _annotation(number: int, image: int, person: Person, source: Skeleton, target: Skeleton) -> dict[str, Any]:
    places = select_joints(person.pose.joints, source, target)
    confidence = select_joints(person.pose.confidence[:, None], source, target)[:, 0]
    known = np.isfinite(places).all(1) & np.isfinite(confidence)
    seen = np.where(known, np.where(confidence >= _SEEN_CONFIDENCE, 2, 1), 0)
    x_min, y_min, x_max, y_max = np.nan_to_num(person.box.astype(np.float64))
    width, height = x_max - x_min, y_max - y_min
    action = person.readings[0].strongest if person.readings else None
    joints = [
        [round(float(x), 2), round(float(y), 2), int(flag)] if flag else [0, 0, 0]
        for (x, y), flag in zip(places, seen, strict=True)
    ]
    return {
        "id": number,
        "image_id": image,
        "category_id": _CATEGORY,
        "iscrowd": 0,
        "bbox": [round(value, 2) for value in (x_min + 0.5, y_min + 0.5, width, height)],
        "area": round(width * height, 2),
        "keypoints": [value for joint in joints for value in joint],
        "num_keypoints": int(np.count_nonzero(seen)),
        "score": round(float(np.nan_to_num(person.score)), 4),
        "track_id": person.track_id,
        "action": None if action is None else action[0],
        "keypoint_confidence": [round(float(value), 4) for value in np.nan_to_num(confidence)],
    }
