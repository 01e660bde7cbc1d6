"""Average precision of the shipped detector graph, and the score from which a box is a person."""

import contextlib
import io
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from edgeact.bundle import Bundle
from edgeact.geometry import box_iou, letterbox, letterbox_matrix, suppress_boxes
from edgeact.inference.base import Backend
from trainer.data.detector_scenes import LabelledPicture, read_pictures
from trainer.data.read_picture import read_rgb
from trainer.data.splits import Split, difference_hash, near_duplicates
from trainer.measure.graphs import open_named
from trainer.models.edge_detector import INPUT_HEIGHT, INPUT_WIDTH


def detect(backend: Backend, picture: LabelledPicture, *, iou: float) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Boxes (M, 4) in pixels of a picture and scores (M,) after suppression at an overlap, and the picture's width and
    height.
    """
    image = read_rgb(picture.path)
    height, width = image.shape[:2]
    matrix = letterbox_matrix(width, height, width=INPUT_WIDTH, height=INPUT_HEIGHT)
    outputs = backend.run({"image": letterbox(image, width=INPUT_WIDTH, height=INPUT_HEIGHT)[None]})
    boxes, scores = outputs["boxes"][0], outputs["scores"][0]
    boxes, scores = boxes[scores > 0], scores[scores > 0]
    kept = suppress_boxes(boxes, scores, iou=iou)
    boxes = (boxes[kept].reshape(-1, 2, 2) - matrix[:, 2]) / np.diag(matrix[:, :2])
    return (
        boxes.reshape(-1, 4).clip(0, [width, height, width, height]).astype(np.float32),
        scores[kept],
        (width, height),
    )


def count_hits(picture: LabelledPicture, sure: np.ndarray) -> tuple[int, int]:
    """How many persons a box (M, 4) overlaps by half, and how many boxes overlap no person (ignored ones count for
    neither).
    """
    people = np.array(picture.boxes, np.float32).reshape(-1, 4)
    unsure = np.array(picture.ignore, np.float32).reshape(-1, 4)
    hits = int((box_iou(people, sure).max(1, initial=0.0) >= 0.5).sum())
    known = np.maximum(box_iou(sure, people).max(1, initial=0.0), box_iou(sure, unsure).max(1, initial=0.0))
    return hits, int((known < 0.5).sum())


def choose_detection_score(backend: Backend, pictures: list[LabelledPicture], *, iou: float) -> float:
    """The score from .2 to .6 with the best F½ on (validation) pictures.

    False boxes count twice as much as missed persons: a missed person is found on the detector's next run, a false one
    is followed.
    """
    found = [(picture, *detect(backend, picture, iou=iou)[:2]) for picture in pictures]
    persons = sum(len(picture.boxes) for picture in pictures)
    best, choice = -1.0, 0.35
    for threshold in np.arange(0.2, 0.6, 0.025):
        counts = [count_hits(picture, boxes[scores >= threshold]) for picture, boxes, scores in found]
        hits, false_boxes = sum(h for h, _ in counts), sum(f for _, f in counts)
        # F_β = (1 + β²)·hits / ((1 + β²)·hits + β²·missed + false), β = ½
        score = 1.25 * hits / max(1.25 * hits + 0.25 * (persons - hits) + false_boxes, 1e-9)
        if score > best:
            best, choice = score, round(float(threshold), 3)
    return choice


def evaluate_detector(bundle: Bundle, pictures: Path, *, split: Split = "test") -> dict[str, dict[str, float]]:
    """COCO average precision (IoU .5, and .5 to .95) and the share of persons found at the bundle's threshold, per set.

    Pictures that look like one of the training pictures are left out: data sets of photos hold the same scene more than
    once.
    """
    backend, calibration = open_named(bundle, "detector"), bundle.manifest.calibration
    held_out = _unlike_training(read_pictures(pictures, split), read_pictures(pictures, "train"))
    scores: dict[str, dict[str, float]] = {}
    for source in sorted({picture.source for picture in held_out}):
        chosen = [picture for picture in held_out if picture.source == source]
        truth: dict = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}], "info": {}}
        results: list[dict] = []
        hits = false_boxes = 0
        for number, picture in enumerate(chosen):
            boxes, values, (width, height) = detect(backend, picture, iou=calibration.detection_iou)
            truth["images"].append({"id": number, "width": width, "height": height})
            _annotate(truth["annotations"], number, picture)
            rows = zip(boxes.tolist(), values.tolist(), strict=True)
            results += [
                {"image_id": number, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": v}
                for (x0, y0, x1, y1), v in rows
            ]
            found, false = count_hits(picture, boxes[values >= calibration.detection_score])
            hits, false_boxes = hits + found, false_boxes + false
        persons = sum(len(picture.boxes) for picture in chosen)
        precision, precision_50 = _average_precision(truth, results)
        scores[source] = {
            "persons": persons,
            "ap_50": precision_50,
            "ap": precision,
            "recall_at_threshold": hits / max(persons, 1),
            "false_boxes_per_image": false_boxes / max(len(chosen), 1),
        }
    return scores


# Frames of clips are kept apart by where they were recorded; there, the same place looks alike on both sides of the
# split.
_PHOTO_SETS = ("lspet", "stock_upright")


def _unlike_training(held_out: list[LabelledPicture], training: list[LabelledPicture]) -> list[LabelledPicture]:
    """The held-out pictures without the photos that nearly equal a training photo of their set."""
    kept = [picture for picture in held_out if picture.source not in _PHOTO_SETS]
    for source in _PHOTO_SETS:
        photos, seen = ([p for p in pictures if p.source == source] for pictures in (held_out, training))
        if photos and seen:
            hashes, others = (np.stack([difference_hash(p.path) for p in pictures]) for pictures in (photos, seen))
            photos = [photo for photo, alike in zip(photos, near_duplicates(hashes, others), strict=True) if not alike]
        kept += photos
    return kept


def _annotate(annotations: list[dict], number: int, picture: LabelledPicture) -> None:
    for crowd, rows in ((0, picture.boxes), (1, picture.ignore)):
        for x0, y0, x1, y1 in rows:
            row = {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": crowd}
            annotations.append(row | {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)})


def _average_precision(truth: dict, results: list[dict]) -> tuple[float, float]:
    if not results:  # pycocotools cannot take an empty list
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0]), float(evaluation.stats[1])
