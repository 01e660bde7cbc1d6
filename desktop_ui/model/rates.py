"""Frames a second and ages over the last moments: what the status bar shows."""

import math
from collections import deque
from collections.abc import Sequence

WINDOW_SECONDS = 3.0


class Rate:
    """How fast a count has grown over the last `WINDOW_SECONDS`."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, now: float, count: int) -> None:
        """Note the value of the count at a time; a count that has fallen is one that began anew."""
        if self._samples and count < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, count))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_SECONDS:
            self._samples.popleft()

    @property
    def value(self) -> float:
        """The growth in a second; 0 before two counts are known."""
        if len(self._samples) < 2:
            return 0.0
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return 0.0 if ended <= began else (last - first) / (ended - began)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that the given share (0..1) of all values does not exceed; 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
