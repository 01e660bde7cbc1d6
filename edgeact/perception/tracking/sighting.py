"""Where a track seems to be in a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeact.perception.tracking.state import TrackState
from edgeact.types import Detection, Float32


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A box of this frame in which a track was probably seen.

    Attributes:
        track: The track.
        box: ``(4,)`` float32, in pixels of the frame.
        row: Row of the track's pose among the poses of the frame.
        detection: The detection that the track was matched with; None where the track's own pose gave the box.
    """

    track: TrackState
    box: Float32
    row: int
    detection: Detection | None = None


def stack_boxes(boxes: Sequence[Float32]) -> Float32:
    """Boxes ``(4,)`` as one array ``(N, 4)`` float32, also of none."""
    return np.array(boxes, np.float32) if boxes else np.zeros((0, 4), np.float32)
