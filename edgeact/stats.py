"""Measurements of a running pipeline whose memory does not grow with the number of frames.

Durations go into a histogram of fixed size instead of a list: a week of frames takes the space of one second.
"""

import math
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import psutil

# Bins are a constant factor apart, so that a percentile is off by at most 1 % wherever it lies between 1 µs and 1000 s.
_SHORTEST_SECONDS = 1e-6
_LONGEST_SECONDS = 1e3
_BINS_PER_FACTOR_E = 50
_BINS = math.ceil(math.log(_LONGEST_SECONDS / _SHORTEST_SECONDS) * _BINS_PER_FACTOR_E) + 1

# Asking the kernel for the memory costs some 20 µs: often enough to see every queue full, seldom enough not to matter.
_MEMORY_INTERVAL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Percentiles:
    """How long something took: how often it was measured, median, 95th percentile and sum, in seconds."""

    count: int
    p50: float
    p95: float
    total: float


class DurationHistogram:
    """Counts durations in bins of constant relative width (2 %); used from one thread at a time."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, dtype=np.int64)
        self._count = 0
        self._total = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; what lies beyond 1 µs to 1000 s counts in the outermost bins."""
        position = math.log(max(seconds, _SHORTEST_SECONDS) / _SHORTEST_SECONDS) * _BINS_PER_FACTOR_E
        self._counts[min(int(position), _BINS - 1)] += 1
        self._count += 1
        self._total += seconds

    def percentile(self, share: float) -> float:
        """The duration in seconds that the given share (0..1) of all durations does not exceed, to 1 %; 0 when there
        are none.
        """
        if self._count == 0:
            return 0.0
        rank = min(max(math.ceil(share * self._count), 1), self._count)
        position = int(np.searchsorted(np.cumsum(self._counts), rank))
        return _SHORTEST_SECONDS * math.exp((position + 0.5) / _BINS_PER_FACTOR_E)

    def summary(self) -> Percentiles:
        """Count, median, 95th percentile and sum so far."""
        return Percentiles(count=self._count, p50=self.percentile(0.5), p95=self.percentile(0.95), total=self._total)


class StageTimes:
    """One histogram a stage; each stage is recorded by one thread, and read after the threads have ended."""

    def __init__(self) -> None:
        self._histograms: dict[str, DurationHistogram] = {}

    def add(self, stage: str, seconds: float) -> None:
        """Count one duration of a stage."""
        if stage not in self._histograms:
            self._histograms[stage] = DurationHistogram()
        self._histograms[stage].add(seconds)

    def summary(self, order: Iterable[str] = ()) -> dict[str, Percentiles]:
        """Every recorded stage: first those named in ``order``, then the others as they came."""
        names = [name for name in order if name in self._histograms]
        names += [name for name in self._histograms if name not in names]
        return {name: self._histograms[name].summary() for name in names}


class PeakMemory:
    """The highest resident memory of this process, in bytes, among the moments at which it was looked at."""

    def __init__(self) -> None:
        self._process = psutil.Process(os.getpid())
        self._next = 0.0
        self._peak = 0
        self.sample()

    @property
    def peak(self) -> int:
        """Bytes; never zero."""
        return self._peak

    def sample(self) -> None:
        """Look now, unless the last look was a moment ago."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _MEMORY_INTERVAL_SECONDS
            self._peak = max(self._peak, int(self._process.memory_info().rss))
