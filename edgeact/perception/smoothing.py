"""Scores of one subject, smoothed over time, and those of the last moments, by which it is decided."""

import math
from collections import deque

import numpy as np

from edgeact.types import Float32

ROUNDING = 1e-6  # times are sums of fractions: what is as long as the minimum but for rounding is long enough


class SmoothedScores:
    """An exponential average by seconds, so that it means the same at any rate of readings.

    Args:
        smoothing_seconds: Time constant of the average; 0 takes the raw scores.
        kept_seconds: For how long a smoothed score counts.
    """

    def __init__(self, *, smoothing_seconds: float, kept_seconds: float) -> None:
        self._smoothing, self._kept = smoothing_seconds, kept_seconds
        self._smoothed: Float32 | None = None
        self._known_share = 1.0  # of the last clip
        self._time = 0.0
        self._recent: deque[tuple[float, Float32]] = deque()

    def add(self, time: float, scores: Float32, *, known_share: float) -> Float32:
        """The smoothed scores ``(A,)`` with those of a time, which are remembered as long as they count."""
        if self._smoothed is None or self._smoothing == 0:
            self._smoothed = scores.astype(np.float32)
        else:
            # Scores at the start of a track are guesses from a short history: with equal weights they would delay
            # what a longer one shows by a fifth of a second.
            growth = min(self._known_share / known_share, 1.0) ** 2
            share = 1.0 - growth * math.exp(-(time - self._time) / self._smoothing)
            self._smoothed = np.asarray(self._smoothed + np.float32(share) * (scores - self._smoothed), np.float32)
        self._time, self._known_share = time, known_share
        self._recent.append((time, self._smoothed))
        while time - self._recent[0][0] > self._kept + ROUNDING:
            self._recent.popleft()
        return self._smoothed

    def deciding(self, label: int) -> Float32:
        """Of the smoothed scores that count, those ``(A,)`` in which a label is highest."""
        return max((scores for _, scores in self._recent), key=lambda scores: float(scores[label]))

    def highest(self) -> Float32:
        """Of each label ``(A,)`` the highest of its smoothed scores that count."""
        return np.asarray(np.max([scores for _, scores in self._recent], axis=0), np.float32)

    def count_no_longer(self, time: float) -> bool:
        """Whether the last scores count no longer at a time."""
        return self._smoothed is not None and time - self._time > self._kept + ROUNDING

    def forget(self) -> None:
        """Begin anew with the next scores."""
        self._smoothed = None
