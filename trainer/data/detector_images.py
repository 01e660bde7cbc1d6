"""One folder of small pictures with person boxes from every data set, for the detector.

Writes ``images/*.jpg`` (at most 448 pixels a side) and ``labels.jsonl``: {"file", "set", "split", "boxes": [[x0, y0,
x1, y1]], "ignore": [...]}; ignored boxes are persons of which nobody is sure, neither an example nor a counter-example.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np

from edgeact.geometry import box_iou
from trainer.data.lspet import read_lspet
from trainer.data.read_picture import read_bgr
from trainer.data.splits import UT_INTERACTION_TEST, split_by_hash

MAXIMUM_SIDE = 448
SURE, UNSURE = 0.42, 0.35  # scores of the teacher: from the first on a person, between them ignored


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An image (H, W, 3) BGR with boxes in its pixels."""

    source: str
    split: str
    name: str
    image: np.ndarray
    boxes: list[list[float]]
    ignore: list[list[float]] = field(default_factory=list)


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _teacher_boxes(persons: list[dict]) -> tuple[list[list[float]], list[list[float]]]:
    """Sure and unsure boxes; of two that show the same person (same joints, or one inside the other) the better one."""
    kept: list[dict] = []
    for person in sorted(persons, key=lambda row: -row["score"]):
        joints = np.array(person["joints"])[:, :2] if "joints" in person else None
        height = person["box"][3] - person["box"][1]
        same = False
        for other in kept:
            overlap = float(box_iou(np.array([person["box"]], np.float32), np.array([other["box"]], np.float32))[0, 0])
            close = (
                joints is not None
                and np.median(np.linalg.norm(joints - np.array(other["joints"])[:, :2], axis=1)) < 0.08 * height
            )
            same |= overlap > 0.6 or bool(close)
        if not same:
            kept.append(person)
    return [p["box"] for p in kept if p["score"] >= SURE], [p["box"] for p in kept if p["score"] < SURE]


def _clips(data: Path, labels: Path, name: str, every: int) -> Iterator[Picture]:
    with (data / name / ("index.csv" if name == "ut_interaction" else "groups.csv")).open() as file:
        groups = {row["file"]: row["group"] for row in csv.DictReader(file)}
    frames: dict[str, dict[int, dict]] = {}
    for row in _lines(labels / f"{name}.jsonl"):
        frames.setdefault(row["file"], {})[row["frame"]] = row
    for clip, rows in frames.items():
        group = groups[Path(clip).name]
        held_out = (
            group in UT_INTERACTION_TEST
            if name == "ut_interaction"
            else split_by_hash(group, validation=0, test=20) == "test"
        )
        with av.open(str(data / name / clip)) as container:
            for index, frame in enumerate(container.decode(video=0)):
                if index in rows and sorted(rows).index(index) % every == 0:
                    boxes, ignore = _teacher_boxes(rows[index]["persons"])
                    image = frame.to_ndarray(format="bgr24")
                    yield Picture(
                        name, "test" if held_out else "train", f"{Path(clip).stem}_{index}", image, boxes, ignore
                    )


def _stills(data: Path, labels: Path) -> Iterator[Picture]:
    for row in _lines(labels / "stock_upright.jsonl"):
        name = Path(row["file"]).name
        boxes, ignore = _teacher_boxes(row["persons"])
        image = read_bgr(data / "stock_upright" / row["file"])
        yield Picture("stock_upright", split_by_hash(name, test=20), Path(name).stem, image, boxes, ignore)
    labelled = {row["file"]: row for row in _lines(labels / "lspet.jsonl")}
    for sample in read_lspet(data / "lspet")[::3]:
        boxes, ignore = _teacher_boxes(labelled[f"images/{sample.path.name}"]["persons"])
        overlap = box_iou(np.array([sample.box], np.float32), np.array(boxes, np.float32).reshape(-1, 4))
        if overlap.size and overlap.max() > 0.6:  # the teacher has found the person whom the photo is about
            yield Picture(
                "lspet", split_by_hash(sample.path.name), sample.path.stem, read_bgr(sample.path), boxes, ignore
            )


def _coco(data: Path) -> Iterator[Picture]:
    for part, split in (("train2017", "train"), ("val2017", "test")):
        file = json.loads((data / f"coco_mini/annotations/instances_{part}.json").read_text())
        person = next(row["id"] for row in file["categories"] if row["name"] == "person")
        for image in file["images"]:
            boxes: list[list[float]] = []
            ignore: list[list[float]] = []
            for row in file["annotations"]:
                if row["image_id"] == image["id"] and row["category_id"] == person:
                    x, y, width, height = row["bbox"]
                    (ignore if row["iscrowd"] else boxes).append([x, y, x + width, y + height])
            picture = read_bgr(data / "coco_mini" / part / image["file_name"])
            yield Picture("coco_mini", split, Path(image["file_name"]).stem, picture, boxes, ignore)


def _backgrounds(data: Path) -> Iterator[Picture]:
    for path in sorted((data / "studio/backgrounds").glob("*.jpg")):
        yield Picture("backgrounds", "train", path.stem, read_bgr(path), [])


def _studio(studio: Path) -> Iterator[Picture]:
    for row in _lines(studio / "labels.jsonl") if (studio / "labels.jsonl").exists() else []:
        yield Picture(
            "studio",
            "train",
            Path(row["file"]).stem,
            read_bgr(studio / row["file"]),
            [p["box"] for p in row["persons"]],
        )


def build(data: Path, labels: Path, studio: Path, out: Path) -> None:
    """Write every picture and its boxes; ``labels.jsonl`` appears when all are there."""
    (out / "images").mkdir(parents=True, exist_ok=True)
    partial = out / "labels.partial"
    with partial.open("w") as file:
        for pictures in (
            _coco(data),
            _stills(data, labels),
            _clips(data, labels, "ut_interaction", 3),
            _clips(data, labels, "surveillance_fights", 1),
            _backgrounds(data),
            _studio(studio),
        ):
            for picture in pictures:
                height, width = picture.image.shape[:2]
                ratio = min(1.0, MAXIMUM_SIDE / max(height, width))
                image = (
                    cv2.resize(picture.image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
                    if ratio < 1
                    else picture.image
                )
                name = f"{picture.source}_{picture.name}.jpg"
                cv2.imwrite(str(out / "images" / name), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
                row = {
                    "file": name,
                    "set": picture.source,
                    "split": picture.split,
                    "boxes": (np.array(picture.boxes).reshape(-1, 4) * ratio).round(1).tolist(),
                    "ignore": (np.array(picture.ignore).reshape(-1, 4) * ratio).round(1).tolist(),
                }
                file.write(json.dumps(row) + "\n")
    partial.replace(out / "labels.jsonl")
