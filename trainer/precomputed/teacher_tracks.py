"""Reference tracks of UT-Interaction: boxes of a teacher network, linked to tracks and checked by a person.

The set has no labelled tracks. A frame is known where the teacher finds exactly as many large people as are in the
clip; known frames are linked by place and clothes, all others stay unknown. ``ut_interaction_tracks.csv`` names the
clips whose tracks were looked at on contact sheets and found right, with the number of people. The
boxes are no part of the repository, because the set's terms do not say that they may be: they are made again where the
data are.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from edgeact.atomic import prepare_partial, publish
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import box_iou
from trainer.precomputed.teachers import TeacherDetector

CHECKED_FILE = Path(__file__).with_name("ut_interaction_tracks.csv")
_SIZE = 480  # of the teacher's picture
_SURE, _LIKELY = 0.5, 0.3  # scores of a person, and of somebody who may be one
_LEAST_HEIGHT = 0.35  # of the frame: people of the set are two thirds of it, passers-by far behind less
_LARGEST_IOU = 0.7  # two boxes that overlap more may be one person's
_COLOUR_WEIGHT = 1.0  # what a whole difference of clothes costs, in widths of a box


@dataclass(frozen=True, slots=True)
class CheckedClip:
    """A clip that was looked at: file name, recording sequence of the set, and number of people."""

    file: str
    sequence: int
    people: int


def read_checked(path: Path = CHECKED_FILE) -> tuple[CheckedClip, ...]:
    """The clips that were looked at."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(CheckedClip(row["file"], int(row["sequence"]), int(row["people"])) for row in csv.DictReader(file))


def teacher_boxes(clip: Path, teacher: TeacherDetector) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each frame's picture ``(H, W, 3)`` uint8 BGR and its boxes ``(N, 5)`` x_min, y_min, x_max, y_max, score.

    Raises:
        SourceNotFoundError: The clip does not exist.
    """
    if not clip.exists():
        raise SourceNotFoundError(f"{clip} not found; give the folder of the data sets with --data")
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            bgr = frame.to_ndarray(format="bgr24")
            yield bgr, teacher(bgr, threshold=_LIKELY)


def link_boxes(frames: Iterable[tuple[np.ndarray, np.ndarray]], people: int) -> list[np.ndarray | None]:
    """Boxes of each frame, ``(people, 4)`` float32, one row a person; None where not everybody is known."""
    linked: list[np.ndarray | None] = []
    places: np.ndarray | None = None
    clothes: np.ndarray | None = None
    for bgr, rows in frames:
        boxes = known_boxes(rows, height=bgr.shape[0], people=people)
        if boxes is None:
            linked.append(None)
            continue
        colours = np.stack([upper_colours(bgr, box) for box in boxes])
        if places is not None and clothes is not None:
            width = float(np.median(boxes[:, 2] - boxes[:, 0]))
            distance = np.linalg.norm(_centres(places)[:, None] - _centres(boxes)[None], axis=-1) / width
            difference = 1 - np.minimum(clothes[:, None], colours[None]).sum(-1)
            _, order = linear_sum_assignment(distance + _COLOUR_WEIGHT * difference)
            boxes, colours = boxes[order], colours[order]
        places = boxes
        clothes = colours if clothes is None else 0.9 * clothes + 0.1 * colours
        linked.append(boxes)
    return linked


def known_boxes(rows: np.ndarray, *, height: int, people: int | None) -> np.ndarray | None:
    """The large boxes of a frame ``(people, 4)`` if they are as many as there are people, all sure and apart; with None
    there may be any number from one on.
    """
    large = rows[rows[:, 3] - rows[:, 1] >= _LEAST_HEIGHT * height]
    if not len(large) or (people is not None and len(large) != people) or (large[:, 4] < _SURE).any():
        return None
    boxes = np.asarray(large[np.argsort(large[:, 0]), :4], np.float32)
    overlap = box_iou(boxes, boxes)
    np.fill_diagonal(overlap, 0.0)
    return None if overlap.max(initial=0.0) > _LARGEST_IOU else boxes


def upper_colours(bgr: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Histogram ``(128,)`` float32, sum 1, of the colours in the middle of a box's upper half: a shirt."""
    x_min, y_min, x_max, y_max = (float(value) for value in box)
    width, height = x_max - x_min, y_max - y_min
    rows = slice(max(0, int(y_min + 0.15 * height)), max(1, int(y_min + 0.5 * height)))
    columns = slice(max(0, int(x_min + 0.25 * width)), max(1, int(x_min + 0.75 * width)))
    shirt = np.ascontiguousarray(bgr[rows, columns])
    if shirt.size == 0:
        return np.full(128, 1 / 128, np.float32)
    histogram = cv2.calcHist([cv2.cvtColor(shirt, cv2.COLOR_BGR2HSV)], [0, 1], None, [16, 8], [0, 180, 0, 256])
    return (histogram / max(float(histogram.sum()), 1.0)).astype(np.float32).reshape(-1)


class TrackTeacher:
    """The teacher network, loaded when the first clip needs it: clips that are there already need none.

    Args:
        teachers: Folder of the teacher networks.
    """

    def __init__(self, teachers: Path) -> None:
        self._teachers = teachers
        self._detector: TeacherDetector | None = None

    @property
    def detector(self) -> TeacherDetector:
        """The network."""
        if self._detector is None:
            self._detector = TeacherDetector(self._teachers, _SIZE)
        return self._detector


def write_tracks(data: Path, out: Path, clip: CheckedClip, teacher: TrackTeacher) -> None:
    """Write ``NAME.jsonl`` of a clip, if it is not there yet, which `trainer.data.known_people` reads.

    Raises:
        SourceNotFoundError: The clip does not exist.
    """
    target = (out / clip.file).with_suffix(".jsonl")
    if target.exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    frames = teacher_boxes(data / "ut_interaction" / "clips" / clip.file, teacher.detector)
    lines = [json.dumps({"persons": _rows(boxes)}) for boxes in link_boxes(frames, clip.people)]
    prepare_partial(target).write_text("\n".join(lines) + "\n", encoding="utf-8")
    publish(target)


def _rows(boxes: np.ndarray | None) -> list[dict] | None:
    if boxes is None:
        return None
    return [{"id": row + 1, "box": [round(float(value), 1) for value in box]} for row, box in enumerate(boxes)]


def _centres(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2
