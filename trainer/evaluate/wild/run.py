"""The yardstick as one run: all networks on the same pictures, on the same machine, in turns."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.errors import OutputError, SourceNotFoundError
from trainer.data.read_picture import read_rgb
from trainer.data.wild_people import WildPicture, read_empty, read_wild
from trainer.data.wild_split import WildSplit
from trainer.evaluate.wild.contact_sheet import draw_sheets
from trainer.evaluate.wild.detection_table import detection_figures
from trainer.evaluate.wild.detectors import TestedDetector, our_detector, rtmdet, yolox
from trainer.evaluate.wild.pose_table import people_counts, pose_figures
from trainer.evaluate.wild.poses import MOVENET, PosePanel, open_poses
from trainer.evaluate.wild.report import write_report
from trainer.evaluate.wild.survey import Progress, survey_pictures
from trainer.evaluate.wild.turns import time_in_turns
from trainer.evaluate.wild.whole import open_pipelines, whole_figures
from trainer.folders import TINYPOSE_FILE

TEACHER_SIZE = 640  # of the agreement's RTMDet-nano: twice the peer's side, so that it sees more than the peer
_TIMED_ROUNDS = 41


def measure_wild(
    bundle: Bundle,
    data: Path,
    teachers: Path,
    out: Path,
    *,
    progress: Progress,
    snapshots: Path | None = None,
    split: WildSplit = "measure",
    limit: int = 400,
    rounds: int = _TIMED_ROUNDS,
) -> dict[str, Any]:
    """Measure detector, poses, confidence and the whole pipeline on wild pictures; write tables, JSON, contact sheets.

    Args:
        bundle: What is measured.
        data: Folder of the packed sets.
        teachers: Folder of the published networks.
        out: Folder that results go to; created.
        progress: Gives the items of a sequence while it shows how far it is.
        snapshots: Folder of whole sets, if there are any.
        split: ``measure`` for tables, ``validation`` for choosing.
        limit: At most so many pictures of one set.
        rounds: Of the measured times.

    Returns:
        The figures, as they stand in ``wild.json``.

    Raises:
        SourceNotFoundError: A published network is missing.
        SourceFormatError: There are no pictures, or a label file is broken.
        OutputError: The folder cannot be written to.
    """
    for name in ("rtmdet_nano_person.onnx", "yolox_nano.onnx", TINYPOSE_FILE):
        if not (teachers / name).is_file():
            raise SourceNotFoundError(f"{teachers / name} not found; --teachers takes the folder of published networks")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be made ({error.strerror}); choose another --out") from error
    pictures = read_wild(data, split, snapshots=snapshots, limit=limit)
    empty_pictures = read_empty(data, split)[:limit]
    peers = [rtmdet(teachers, 320), rtmdet(teachers, 416), yolox(teachers)]
    detectors = [our_detector(bundle), *peers]
    poses = open_poses(bundle, teachers)
    pipelines = open_pipelines(bundle, teachers, peers)
    judges = (rtmdet(teachers, TEACHER_SIZE), peers[-1])
    surveys = survey_pictures(pictures, detectors, poses, pipelines, judges, progress)
    empty = survey_pictures(empty_pictures, detectors, poses, pipelines, judges, progress)
    timed = timed_picture(pictures)
    figures = {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}",
        "split": split,
        "pictures": dict(Counter(picture.source for picture in [*pictures, *empty_pictures])),
        "detectors": detection_figures(surveys, empty, detectors),
        "detector_times": _detector_times(detectors, timed, rounds),
        "posed_people": people_counts(surveys),
        "poses": pose_figures(surveys, poses.names),
        "pose_times": _pose_times(poses, timed, rounds),
        "whole": whole_figures(
            [survey.outcomes for survey in [*surveys, *empty]],
            [survey.picture.is_complete for survey in [*surveys, *empty]],
        ),
        "left_out": [] if MOVENET in poses.names else [f"{MOVENET}: ai-edge-litert is not installed"],
    }
    write_report(figures, out)
    draw_sheets(surveys, detectors[0].threshold, out)
    return figures


def timed_picture(pictures: Sequence[WildPicture]) -> np.ndarray:
    """The picture whose aspect ratio is nearest to 4:3. Detectors are timed on it: the time of a detector whose input
    follows the picture's shape depends on that shape, and 4:3 is the commonest.
    """

    def distance(picture: WildPicture) -> float:
        height, width = read_rgb(picture.path).shape[:2]
        return abs(width / height - 4 / 3)

    return read_rgb(min(pictures[:50], key=distance).path)


def _detector_times(detectors: Sequence[TestedDetector], image: np.ndarray, rounds: int) -> dict[str, float]:
    return time_in_turns({detector.name: detector.graph(image) for detector in detectors}, rounds=rounds)


def _pose_times(poses: PosePanel, image: np.ndarray, rounds: int) -> dict[str, float]:
    height, width = image.shape[:2]
    box = np.array([0.3 * width, 0.1 * height, 0.6 * width, 0.9 * height], np.float32)
    calls: dict[str, Callable[[], object]] = poses.graphs(image, box)
    return time_in_turns(calls, rounds=rounds)
