"""Contact sheets of the worst people, to be looked at."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.errors import OutputError
from edgeact.geometry import person_crop_matrix, transform_box, transform_points, warp
from edgeact.skeleton import COCO_17
from trainer.data.read_picture import read_rgb
from trainer.evaluate.report.drawn_pose import OURS as OURS_COLOUR
from trainer.evaluate.report.drawn_pose import TRUTH, draw_bones
from trainer.evaluate.report.tiles import make_sheet
from trainer.evaluate.wild.detectors import OURS
from trainer.evaluate.wild.survey import PosedPerson, Survey

PEOPLE = 20
_COLUMNS = 5
_WIDTH, _HEIGHT, _CAPTION = 240, 320, 18
_PADDING = 1.5  # of the box: what a network mistook often lies beside the person


def worst_poses(surveys: Sequence[Survey]) -> list[tuple[Survey, PosedPerson, float]]:
    """The people whose limb joints lie farthest off, worst first: mean error in torso lengths, no joint above 1."""
    rows = [
        (survey, person, float(np.nanmean(np.minimum(person.errors(OURS), 1.0))))
        for survey in surveys
        for person in survey.posed
        if not np.isnan(person.errors(OURS)).all()
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0].picture.path.name, row[1].box.tolist()))[:PEOPLE]


def missed_people(surveys: Sequence[Survey], threshold: float) -> list[tuple[Survey, np.ndarray]]:
    """The boxes of the largest people, by share of the picture's longer side, whom our detector missed."""
    rows = [
        (survey, box, float(max(box[2] - box[0], box[3] - box[1])) / max(survey.size))
        for survey in surveys
        for box, score in zip(survey.people, survey.matches[OURS].scores, strict=True)
        if score < threshold
    ]
    ordered = sorted(rows, key=lambda row: (-row[2], row[0].picture.path.name, row[1].tolist()))
    return [(survey, box) for survey, box, _ in ordered[:PEOPLE]]


def draw_sheets(surveys: Sequence[Survey], threshold: float, out: Path) -> list[Path]:
    """Write ``worst_poses.png`` and ``missed_people.png``: green is the human's, orange ours. Nothing is written where
    nobody is.

    Raises:
        OutputError: A file cannot be written.
    """
    poses = [_pose_tile(*row) for row in worst_poses(surveys)]
    missed = [_missed_tile(survey, box, threshold) for survey, box in missed_people(surveys, threshold)]
    written = []
    for name, tiles in (("worst_poses.png", poses), ("missed_people.png", missed)):
        if tiles:
            written.append(out / name)
            _write(out / name, make_sheet(tiles, _COLUMNS))
    return written


def _crop(survey: Survey, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    matrix = person_crop_matrix(box, width=_WIDTH, height=_HEIGHT, padding=_PADDING)
    return warp(read_rgb(survey.picture.path), matrix, width=_WIDTH, height=_HEIGHT), matrix


def _pose_tile(survey: Survey, person: PosedPerson, error: float) -> np.ndarray:
    crop, matrix = _crop(survey, person.box)
    known = person.joints[:, 2] > 0
    draw_bones(crop, transform_points(person.joints[:, :2], matrix), known, COCO_17.bones, TRUTH)
    draw_bones(crop, transform_points(person.found[OURS][:, :2], matrix), known, COCO_17.bones, OURS_COLOUR)
    return _captioned(crop, f"{survey.picture.path.stem} {error:.2f}")


def _missed_tile(survey: Survey, box: np.ndarray, threshold: float) -> np.ndarray:
    crop, matrix = _crop(survey, box)
    for rows, colour in ((survey.boxes[survey.scores >= threshold], OURS_COLOUR), (box[None], TRUTH)):
        for x0, y0, x1, y1 in transform_box(rows, matrix).round().astype(int).reshape(-1, 4).tolist():
            cv2.rectangle(crop, (x0, y0), (x1, y1), colour, 2)
    return _captioned(crop, survey.picture.path.stem)


def _captioned(crop: np.ndarray, text: str) -> np.ndarray:
    strip = np.zeros((_CAPTION, _WIDTH, 3), np.uint8)
    cv2.putText(strip, text[-38:], (3, _CAPTION - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (235, 235, 235), 1, cv2.LINE_AA)
    return np.concatenate([crop, strip])


def _write(path: Path, rgb: np.ndarray) -> None:
    done, content = cv2.imencode(".png", rgb[..., ::-1])
    try:
        prepare_partial(path).write_bytes(content.tobytes() if done else b"")
        publish(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another --out") from error
