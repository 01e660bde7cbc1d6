"""Smooths how much each joint counts, as it is drawn; what is written as data stays as it is.

An explanation comes a few times a second, and the heaviest joint of one is often not that of the next: drawn as they
come, discs would flash from joint to joint.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from edgeact.types import AttentionMap, Float32, Reading

_SECONDS = 0.5  # in which 63 % of a change is shown: the mean of two or three explanations


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """Of one head of one track: when and for which action it was drawn, and how much each joint ``(J,)`` counted."""

    time: float
    label: str | None
    counts: Float32


class SteadyHeat:
    """Smooths the persons of one source, frame by frame.

    Args:
        forget_seconds: Who was not seen for so long has no past that could be followed.
    """

    def __init__(self, *, forget_seconds: float) -> None:
        self._forget = forget_seconds
        self._shown: dict[tuple[int, str], _Shown] = {}

    def forget(self, time: float) -> None:
        """Forget who was not seen just before a frame."""
        self._shown = {key: one for key, one in self._shown.items() if 0 < time - one.time <= self._forget}

    def smooth(self, track_id: int, readings: tuple[Reading, ...], time: float) -> tuple[Reading, ...]:
        """The same readings of a person, whose maps say smoothly how much each joint counts."""
        return tuple(
            replace(
                one, attention=tuple(self._smooth_map(found, (track_id, one.head), time) for found in one.attention)
            )
            if any(found.joints is not None for found in one.attention)
            else one
            for one in readings
        )

    def _smooth_map(self, found: AttentionMap, key: tuple[int, str], time: float) -> AttentionMap:
        if found.joints is None:
            return found
        counts, before = found.joints, self._shown.get(key)
        if before is not None and before.label == found.label and before.time < time:
            share = 1 - math.exp((before.time - time) / _SECONDS)
            counts = np.asarray(before.counts + np.float32(share) * (counts - before.counts), np.float32)
        self._shown[key] = _Shown(time, found.label, counts)
        return replace(found, joints=counts)
