"""Tiny copies of the wild sets: a picture or two each, in the toy world of the tiny bundle."""

import json
from pathlib import Path

import cv2

from tests.tiny_bundle import FIGURE, tiny_picture

BOX = (100, 40, 140, 180)


def write_wild_sets(root: Path) -> Path:
    """A folder of data sets with people where the labels say so."""
    _coco_mini(root / "coco_mini")
    _coco_more(root / "coco_more")
    (root / "stanford40/images").mkdir(parents=True)
    _write(root / "stanford40/images/jumping_001.jpg", [BOX])
    (root / "stanford40/labels.csv").write_text(
        "file,action,split,width,height,x,y,w,h\njumping_001.jpg,jumping,test,320,240,100,40,40,140\n"
    )
    _write(root / "street_people/images/000080.jpg", [BOX])
    rows = [_annotation(1, BOX, category=1), _annotation(1, (100, 40, 120, 60), category=2)]
    images = [{"id": 1, "file_name": "000080.jpg"}]
    (root / "street_people/boxes_partial.json").write_text(json.dumps({"images": images, "annotations": rows}))
    _write(root / "studio/backgrounds/lobby_00.jpg", [])
    _write(root / "studio/backgrounds/park_00.jpg", [])
    return root


def _coco_mini(root: Path) -> None:
    for part, number in (("val2017", 1), ("train2017", 2)):
        people, nobody = f"{number:012d}.jpg", f"{number + 10:012d}.jpg"
        _write(root / part / people, [BOX])
        _write(root / part / nobody, [])
        images = [{"id": 1, "file_name": people}, {"id": 2, "file_name": nobody}]
        if part == "val2017":
            images.append({"id": 3, "file_name": "000000397133.jpg"})
        rows = [_annotation(1, BOX), _annotation(1, (0, 0, 60, 60), crowd=1)]
        (root / "annotations").mkdir(exist_ok=True)
        content = json.dumps({"images": images, "annotations": rows})
        (root / f"annotations/person_keypoints_{part}.json").write_text(content)


def _coco_more(root: Path) -> None:
    _write(root / "images/000000000003.jpg", [BOX])
    images = [{"id": 3, "file_name": "000000000003.jpg", "split": "val2017"}]
    (root / "person_keypoints.json").write_text(json.dumps({"images": images, "annotations": [_annotation(3, BOX)]}))


def _annotation(image: int, box: tuple[int, int, int, int], *, category: int = 1, crowd: int = 0) -> dict:
    x0, y0, x1, y1 = box
    joints = [
        value
        for x, y in FIGURE[:17].tolist()
        for value in ((x0 + x1) / 2 + x * (x1 - x0) / 2, (y0 + y1) / 2 + y * (y1 - y0) / 2, 2)
    ]
    row = {"image_id": image, "category_id": category, "iscrowd": crowd, "bbox": [x0, y0, x1 - x0, y1 - y0]}
    return row | {"keypoints": joints}


def _write(path: Path, boxes: list[tuple[int, int, int, int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), tiny_picture(320, 240, boxes))
