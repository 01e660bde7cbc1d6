"""The clip of a correction, which training learns from: the pictures of a stretch, cut to the person."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from desktop_ui.keeping.clip_file import write_clip
from edgeact.types import Observation, UInt8

# When a picture was seen on the timeline, who was in it, and what reads it.
Seen: TypeAlias = tuple[float, Observation, Callable[[], UInt8]]
_Area: TypeAlias = tuple[int, int, int, int]

_MARGIN = 0.25  # around a person


@dataclass(frozen=True, slots=True)
class CorrectionClip:
    """A clip that can be written.

    Attributes:
        pictures: What it shows.
        area: What of the pictures: left, top, right, bottom.
        lead: Pictures before the stretch.
        boxes: Number of a picture, and where the person is in the clip.
    """

    pictures: Sequence[Seen]
    area: _Area
    lead: int
    boxes: tuple[tuple[int, float, float, float, float], ...]

    def write(self, path: Path) -> None:
        """Write it; the folder is made where it is missing.

        Raises:
            OutputError: It cannot be written; nothing is left then.
            OSError: The folder cannot be made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        left, top, right, bottom = self.area
        write_clip(
            path,
            ((at, np.ascontiguousarray(read()[top:bottom, left:right])) for at, _, read in self.pictures),
        )


def correction_clip(pictures: Sequence[Seen], track: int, start: float) -> CorrectionClip | None:
    """The clip of a person; None where the person is in none of the pictures of the stretch.

    Args:
        pictures: Of the stretch, and of what came just before it.
        track: Whose clip.
        start: When the stretch begins.
    """
    places = [
        (number, person.box)
        for number, (_, seen, _) in enumerate(pictures)
        for person in seen.persons
        if person.track_id == track
    ]
    lead = sum(at < start for at, _, _ in pictures)
    if not any(number >= lead for number, _ in places):
        return None
    boxes = np.array([box for _, box in places], np.float32)
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    room = _MARGIN * (high - low)
    left, top = (max(0, int(value)) for value in low - room)
    right, bottom = (int(value) + 1 for value in high + room)
    corner = np.array([left, top, left, top])
    cut = tuple((number, *np.round(box - corner, 1).tolist()) for number, box in places)
    return CorrectionClip(pictures, (left, top, right, bottom), lead, cut)
