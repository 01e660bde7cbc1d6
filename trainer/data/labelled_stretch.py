"""Stretches of a video in which somebody does something, from boxes that an annotation program wrote frame by frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import numpy as np

from edgeact.geometry import box_iou

Box: TypeAlias = tuple[float, float, float, float]  # x_min, y_min, x_max, y_max in pixels

_SAME_PERSON = 0.3  # overlap of the boxes of one person in two frames, where nothing says that it is one person
_MOST_STEPS = 3  # frames that were labelled last before a person without a number counts as gone


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """What one person does in one frame.

    Attributes:
        video: The file, or the folder of pictures.
        frame: Position in it, from 0.
        label: The action.
        box: Where the person is.
        track: Who it is, in this video; None where the file does not say.
    """

    video: Path
    frame: int
    label: str
    box: Box
    track: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a video, and who in it is meant.

    Attributes:
        first, last: Its frames, from 0, both included.
        boxes: Frames, rising, with the person's box in them.
        who: Tells apart what people do at the same time; for messages, too.
    """

    first: int
    last: int
    boxes: tuple[tuple[int, Box], ...]
    who: str

    def box_at(self, frames: np.ndarray) -> np.ndarray:
        """The person's boxes ``(len(frames), 4)`` float32 at given frames, straight lines between those that are
        known.
        """
        known = np.array([frame for frame, _ in self.boxes], np.float64)
        places = np.array([box for _, box in self.boxes], np.float64)
        return np.stack([np.interp(frames, known, places[:, side]) for side in range(4)], 1).astype(np.float32)


def stretches_of(boxes: Sequence[LabelledBox]) -> list[tuple[Path, str, Stretch]]:
    """Join the boxes of one person that follow each other and have one label: video, label and stretch of each."""
    ordered = sorted(boxes, key=lambda box: (str(box.video), box.frame))
    found = []
    for video, in_video in groupby(ordered, key=lambda box: box.video):
        rows = list(in_video)
        tracked = sorted((box for box in rows if box.track is not None), key=lambda box: (str(box.track), box.frame))
        runs = [list(run) for _, run in groupby(tracked, key=lambda box: (box.track, box.label))]
        runs += _linked([box for box in rows if box.track is None])
        for number, run in enumerate(runs):
            who = f"track {run[0].track}" if run[0].track is not None else f"person {number + 1}"
            places = tuple((box.frame, box.box) for box in run)
            found.append((video, run[0].label, Stretch(run[0].frame, run[-1].frame, places, who)))
    return sorted(found, key=lambda part: (str(part[0]), part[2].first, part[2].who))


def _linked(boxes: Sequence[LabelledBox]) -> list[list[LabelledBox]]:
    """Runs of boxes that nobody numbered: of one label, in frames that follow each other, over the same place."""
    frames = sorted({box.frame for box in boxes})
    step = int(np.median(np.diff(frames))) if len(frames) > 1 else 1
    runs: list[list[LabelledBox]] = []
    for box in boxes:
        likely = [
            run for run in runs if run[-1].label == box.label and 0 < box.frame - run[-1].frame <= _MOST_STEPS * step
        ]
        best = max(likely, key=lambda run: overlap(run[-1].box, box.box), default=None)
        if best is not None and overlap(best[-1].box, box.box) >= _SAME_PERSON:
            best.append(box)
        else:
            runs.append([box])
    return runs


def overlap(one: Iterable[float], other: Iterable[float]) -> float:
    """Intersection over union (IoU) of two boxes, each x_min, y_min, x_max, y_max in pixels: 0..1."""
    return float(box_iou(np.array([list(one)], np.float32), np.array([list(other)], np.float32))[0, 0])
