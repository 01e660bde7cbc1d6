"""The people whom a human boxed or two published detectors agree on, in pictures that the person detector trains on;
and pictures in which surely nobody is.

One JSON line a picture, which `trainer.data.detector_pictures` reads::

    {"set": "gym_stills", "file": "/data/gym_stills/images/a.jpg", "split": "train", "sure": [[x0, y0, x1, y1]],
    "nobody": false}
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from edgeact.atomic import prepare_partial, publish
from edgeact.geometry import box_iou, invert_matrix, letterbox, letterbox_matrix, transform_box
from edgeact.perception.detect import detection_size
from trainer.data.detector_pictures import OBJECT_SETS, as_rows
from trainer.data.lspet import lspet_people
from trainer.data.mixes import DETECTOR_SOURCES
from trainer.data.read_picture import read_rgb
from trainer.data.wild_people import WildPicture, read_empty, read_wild
from trainer.data.wild_pictures import wild_pictures
from trainer.data.wild_split import EMPTY_SETS, WildSplit, wild_split
from trainer.folders import Folders, picture_folder
from trainer.models.person_detector import PersonDetector, decode
from trainer.precomputed.teachers import TeacherDetector
from trainer.training_log import with_bar

AGREEING_IOU = 0.5
SURE_SCORE = 0.4  # of each of two detectors that agree on somebody
LABEL_PIXELS = 114688  # of a picture that the second detector sees; the first one sees a square of 480 pixels


@torch.no_grad()
def look(network: PersonDetector, rgb: np.ndarray, *, pixels: int, iou: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Run a person detector on one picture.

    Args:
        network: In evaluation mode.
        rgb: ``(H, W, 3)`` uint8 RGB.
        pixels: The most pixels of the picture that the network sees.
        iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.

    Returns:
        Boxes ``(N, 4)`` float32 in the picture's pixels and scores ``(N,)``, highest first.
    """
    width, height = detection_size(rgb.shape[1], rgb.shape[0], pixels=pixels)
    seen = torch.from_numpy(letterbox(rgb, width=width, height=height))[None].permute(0, 3, 1, 2)
    boxes, scores = decode(*network(seen.float()), iou=iou)
    found = scores[0] > 0
    to_picture = invert_matrix(letterbox_matrix(rgb.shape[1], rgb.shape[0], width=width, height=height))
    return transform_box(boxes[0][found].numpy(), to_picture), scores[0][found].numpy()


def agree(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], known: np.ndarray) -> np.ndarray:
    """The people who are surely in a picture.

    Args:
        first: Boxes ``(N, 4)`` and scores ``(N,)`` of one detector.
        second: Those of another.
        known: ``(K, 4)`` boxes that a human drew.

    Returns:
        ``(S, 4)`` float32 boxes: the known ones, and the mean of each two that the detectors agree on.
    """
    (boxes, scores), (others, other_scores) = first, second
    agreed: list[np.ndarray] = []
    free = other_scores >= SURE_SCORE
    for box, score, overlaps in zip(boxes, scores, box_iou(boxes, others), strict=True):
        if score < SURE_SCORE or not free.any():
            continue
        twin = int(np.where(free, overlaps, -1.0).argmax())
        if overlaps[twin] >= AGREEING_IOU:
            free[twin] = False
            agreed.append((box + others[twin]) / 2)
    drawn, found = as_rows(known), as_rows(agreed)
    # Somebody whom a human boxed is not there twice.
    twins = box_iou(found, drawn).max(1, initial=0.0) >= AGREEING_IOU
    return np.concatenate([drawn, found[~twins]])


def _known_people(folders: Folders) -> Iterator[tuple[str, Path, WildSplit, np.ndarray]]:
    """Give set, file, split and human boxes ``(K, 4)`` of every picture of the sets with people."""
    for person in lspet_people(folders.data / "lspet"):
        file = person.picture
        yield "lspet", file, wild_split("lspet", file.name) or "measure", person.boxes[0].astype(np.float64)
    for path in sorted((folders.data / "stock_upright" / "images").glob("*.jpg")):
        yield "stock_upright", path, wild_split("stock_upright", path.name) or "measure", np.zeros((0, 4))
    boxes = {
        picture.path.resolve(): np.array([person.box for person in picture.people])
        for split in ("train", "validation")
        for picture in read_wild(folders.data, split, snapshots=folders.snapshots, limit=10000)
        if picture.people
    }
    for name in ("stanford40", "gym_stills", "vn_everyday", "street_people", "coco_more"):
        for path, split in wild_pictures(folders.data_set(name), name):
            yield name, path, split, boxes.get(path.resolve(), np.zeros((0, 4)))


def _objects(folders: Folders) -> Iterator[tuple[str, Path]]:
    """Give set and file of every picture of `OBJECT_SETS`, which show things other than people."""
    for name in OBJECT_SETS:
        root = picture_folder(folders.data_set(name))
        for path in sorted(root.iterdir()) if root.is_dir() else ():
            if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                yield name, path


def make_pictures(folders: Folders, detector: PersonDetector) -> None:
    """Write ``detector/pictures.jsonl`` into the folder of work, unless it is there (renamed when complete).

    Args:
        folders: With the labels of every set (`trainer.precomputed.label`), which are the first detector's boxes.
        detector: The second detector, in evaluation mode.
    """
    if folders.detector_pictures.exists():
        return
    folders.detector_pictures.parent.mkdir(parents=True, exist_ok=True)
    named = [name for name in DETECTOR_SOURCES if name not in (*EMPTY_SETS, *OBJECT_SETS)]
    said = {name: _first_detector(folders, name) for name in named}
    listed = [row for row in _known_people(folders) if row[2] != "measure"]
    none = np.zeros((0, 4), np.float32)
    with prepare_partial(folders.detector_pictures).open("w") as file:
        for name, path, split, known in with_bar(listed, "boxes", total=len(listed)):
            first = said[name].get(path.name)
            if first is None:
                continue
            people = agree(first, look(detector, read_rgb(path), pixels=LABEL_PIXELS), known)
            file.write(_line(name, path, split, people))
        for picture in _complete_pictures(folders.data):
            boxes = [person.box for person in picture.people]
            file.write(_line(picture.source, picture.path, "validation", as_rows(boxes)))
        teacher, objects = TeacherDetector(folders.teachers), list(_objects(folders))
        for name, path in with_bar(objects, "boxes of objects", total=len(objects)):
            rgb = read_rgb(path)
            rows = teacher(np.ascontiguousarray(rgb[..., ::-1]))
            first = rows[:, :4], rows[:, 4]
            people = agree(first, look(detector, rgb, pixels=LABEL_PIXELS), none)
            # RTMDet misses fewer people than YOLOX: where it sees nobody, what YOLOX sees is an object.
            file.write(_line(name, path, "train", people, nobody=not len(rows)))
        for picture in read_empty(folders.data, "train", EMPTY_SETS):
            file.write(_line(picture.source, picture.path, "train", none, nobody=True))
    publish(folders.detector_pictures)


def _complete_pictures(data: Path) -> Iterator[WildPicture]:
    """Photos of COCO that choose, in which humans boxed everybody or in which nobody is."""
    for picture in read_wild(data, "validation", limit=10000):
        if picture.is_complete and not len(picture.crowds):
            yield picture


def _line(name: str, path: Path, split: WildSplit, people: np.ndarray, *, nobody: bool = False) -> str:
    """The JSON line of one picture; boxes are rounded to a tenth of a pixel."""
    row = {"set": name, "file": str(path), "split": split, "sure": people.round(1).tolist(), "nobody": nobody}
    return json.dumps(row) + "\n"


def _first_detector(folders: Folders, name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Boxes ``(N, 4)`` and scores ``(N,)`` in the stored labels of one set, by file name."""
    found = {}
    for line in (folders.labels / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        boxes = np.array([person["box"] for person in row["persons"]], np.float32).reshape(-1, 4)
        found[Path(row["file"]).name] = boxes, np.array([person["score"] for person in row["persons"]], np.float32)
    return found
