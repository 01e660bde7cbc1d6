"""Where a track seems to be in a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeact.perception.tracking.state import TrackState
from edgeact.types import Detection, Float32


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A track seems to be in a box of this frame.

    Attributes:
        track: Which.
        box: ``(4,)`` float32, where.
        row: Of its pose among those of the frame.
        detection: What shows it; None where its own pose carried it.
    """

    track: TrackState
    box: Float32
    row: int
    detection: Detection | None = None


def stack_boxes(boxes: Sequence[Float32]) -> Float32:
    """Boxes ``(4,)`` as one array ``(N, 4)`` float32, also of none."""
    return np.array(boxes, np.float32) if boxes else np.zeros((0, 4), np.float32)
