"""The accuracy–time curve of person detectors: what each sees of a picture, whom it finds, and how long it takes.

Accuracy is of the part that chooses (validation). Time is the processor time of the graphs alone, in turns, so that
whatever else the machine does falls on all of them alike.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.errors import UsageError
from edgeact.perception.detect import Detector
from trainer.data.read_picture import read_rgb
from trainer.data.wild_people import WildPicture, read_empty, read_wild
from trainer.evaluate.wild.detection_table import COCO_SETS, FALSE_BOXES_LIMIT
from trainer.evaluate.wild.detectors import COMPACT_PEER, TestedDetector, rtmdet, runtime_detector, yolox
from trainer.evaluate.wild.groups import MINIMUM_HEIGHT
from trainer.evaluate.wild.matching import Match, budget_threshold, match_boxes
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.run import timed_picture
from trainer.evaluate.wild.statistics import share, worst
from trainer.evaluate.wild.survey import Progress
from trainer.evaluate.wild.turns import time_in_turns

PIXELS = (49152, 65536, 81920, 90112, 106496, 114688, 147456, 180224)
_ROUNDS = 41


def sized_detectors(engine: Engine, pixels: Sequence[int] = PIXELS) -> list[TestedDetector]:
    """Each detector of a bundle alone with each budget of pixels, and then all looks as the bundle takes them.

    Raises:
        UsageError: A detector of the bundle sees pictures of one size only.
    """
    plan = engine.bundle.plan
    score = plan.detection.score
    detectors = []
    for spec in plan.detectors:
        graph = engine.graph(spec)
        if not graph.takes_any_size:
            raise UsageError(
                f"the detector {spec.name} sees pictures of one size; give a bundle whose detectors see any"
            )
        for budget in pixels:
            one = Detector(engine)
            one._graphs = [(graph, (budget,))]
            detectors.append(runtime_detector(f"{spec.name} {budget}", one, score))
    whole = Detector(engine)
    budgets = [budget for _, budgets in whole._graphs for budget in budgets]
    named = f"{engine.bundle.manifest.name}: " + " and ".join(str(budget) for budget in budgets)
    return [*detectors, runtime_detector(named, whole, score)]


def measure_detector_sizes(
    bundle: Bundle,
    data: Path,
    teachers: Path,
    *,
    progress: Progress,
    snapshots: Path | None = None,
    pixels: Sequence[int] = PIXELS,
    rounds: int = _ROUNDS,
) -> dict[str, Any]:
    """Find the people of validation pictures with every detector at every size, and time all of them in turns.

    Args:
        bundle: Whose detectors are measured.
        data: Folder of the packed sets.
        teachers: Folder of the published networks, which stand beside.
        progress: Gives the items of a sequence while it shows how far it is.
        snapshots: Folder of whole sets, if there are any.
        pixels: Budgets of pixels.
        rounds: Of the measured times.

    Returns:
        ``people``, ``complete`` (pictures on which false boxes count), ``unit`` and by detector its figures: shares
        found of all and of COCO's people at its score and at `FALSE_BOXES_LIMIT` false boxes a picture, the worst set,
        false boxes a picture, ``milliseconds``, and ``time`` as a multiple of RTMDet-nano 320's.

    Raises:
        SourceFormatError: There are no pictures, or a label file is broken.
        UsageError: A detector of the bundle sees pictures of one size only.
    """
    pictures = [*read_wild(data, "validation", snapshots=snapshots), *read_empty(data, "validation")]
    pictures = [picture for picture in pictures if picture.people or picture.is_complete]  # others decide nothing
    with Engine(bundle) as engine:
        detectors = [
            *sized_detectors(engine, pixels), rtmdet(teachers, 320), rtmdet(teachers, 416), yolox(teachers),
        ]  # fmt: skip
        figures = accuracy_and_time(detectors, pictures, unit=COMPACT_PEER, rounds=rounds, progress=progress)
    return {"bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}", **figures}


def accuracy_and_time(
    detectors: Sequence[TestedDetector],
    pictures: Sequence[WildPicture],
    *,
    unit: str,
    rounds: int,
    progress: Progress,
) -> dict[str, Any]:
    """What `measure_detector_sizes` gives, but for the bundle's name; times are multiples of that of ``unit``."""
    seen = [_matches(picture, detectors) for picture in progress(pictures, "pictures that choose")]
    image = timed_picture(pictures)
    times = time_in_turns(
        {detector.name: detector.graph(image) for detector in detectors}, rounds=rounds, clock=thread_time
    )
    return {
        "people": sum(len(matches[unit].scores) for matches in seen),
        "complete": sum(picture.is_complete for picture in pictures),
        "unit": unit,
        "detectors": {
            detector.name: {
                "time": times[detector.name] / times[unit],
                "milliseconds": times[detector.name],
                **_accuracy(detector, pictures, [matches[detector.name] for matches in seen]),
            }
            for detector in detectors
        },
    }


def _matches(picture: WildPicture, detectors: Sequence[TestedDetector]) -> dict[str, Match]:
    rgb = read_rgb(picture.path)
    boxes = np.array([person.box for person in picture.people], np.float32).reshape(-1, 4)
    tall = boxes[:, 3] - boxes[:, 1] >= MINIMUM_HEIGHT
    return {
        detector.name: match_boxes(*detector.find(rgb), boxes[tall], unmeasured=boxes[~tall], crowds=picture.crowds)
        for detector in detectors
    }


def _accuracy(detector: TestedDetector, pictures: Sequence[WildPicture], matches: Sequence[Match]) -> dict[str, Any]:
    complete = [match for picture, match in zip(pictures, matches, strict=True) if picture.is_complete]
    scores = np.concatenate([np.zeros(0), *(match.false_scores for match in complete)])
    budget = budget_threshold({"labelled": (scores, len(complete))}, limit=FALSE_BOXES_LIMIT)
    sets = sorted({picture.source for picture, match in zip(pictures, matches, strict=True) if len(match.scores)})
    by_set = {name: _found(pictures, matches, (name,), detector.threshold).value for name in sets}
    source, value = worst(by_set)
    return {
        "threshold": detector.threshold,
        "found": asdict(_found(pictures, matches, sets, detector.threshold)),
        "found_coco": asdict(_found(pictures, matches, COCO_SETS, detector.threshold)),
        "found_at_budget": asdict(_found(pictures, matches, sets, budget)),
        "found_coco_at_budget": asdict(_found(pictures, matches, COCO_SETS, budget)),
        "worst_set": {"source": source, "value": value},
        "false_boxes": float((scores >= detector.threshold).sum() / max(len(complete), 1)),
    }


def _found(pictures: Sequence[WildPicture], matches: Sequence[Match], sets: Sequence[str], threshold: float) -> Any:
    own = [match for picture, match in zip(pictures, matches, strict=True) if picture.source in sets]
    # Somebody whom no box found has the score −1.
    return share([(match.scores >= max(threshold, 0.0)).sum() for match in own], [len(match.scores) for match in own])


def detector_size_table(figures: dict[str, Any]) -> Table:
    """Table of time and accuracy: one row for each detector and size."""
    rows = []
    for name, row in figures["detectors"].items():
        at_own, at_budget = (
            " / ".join(_percent(row[f"{key}{suffix}"]) for key in ("found", "found_coco"))
            for suffix in ("", "_at_budget")
        )
        lowest = f"{100 * row['worst_set']['value']:.1f} ({row['worst_set']['source']})"
        rows.append(
            (
                name,
                f"{row['time']:.2f}",
                f"{row['milliseconds']:.1f}",
                at_own,
                lowest,
                f"{row['false_boxes']:.2f}",
                at_budget,
            )
        )
    columns = (
        "detector, most pixels", f"time ÷ {figures['unit']}", "ms", "found at its score: all / COCO", "worst set",
        "false boxes a picture", f"found at ≤ {FALSE_BOXES_LIMIT:g} false boxes: all / COCO",
    )  # fmt: skip
    title = f"Detectors by size on pictures that choose: {figures['bundle']}, {figures['people']} people ≥ 60 px"
    return Table(title, columns, tuple(rows))


def _percent(estimate: dict[str, float]) -> str:
    return f"{100 * estimate['value']:.1f} ({100 * estimate['low']:.1f}–{100 * estimate['high']:.1f})"
