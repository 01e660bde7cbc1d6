"""Percentiles from histograms of fixed size."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.stats import DurationHistogram, StageTimes

durations = st.lists(st.floats(min_value=1e-6, max_value=900.0), min_size=1, max_size=200)


@given(durations, st.sampled_from([0.5, 0.95]))
def test_percentiles_are_within_one_percent(values: list[float], share: float) -> None:
    histogram = DurationHistogram()
    for value in values:
        histogram.add(value)
    exact = float(np.quantile(values, share, method="inverted_cdf"))
    assert histogram.percentile(share) == pytest.approx(exact, rel=0.0101)


def test_outermost_bins_take_what_lies_beyond() -> None:
    histogram = DurationHistogram()
    for value in (0.0, -1.0, 1e9):
        histogram.add(value)
    assert histogram.summary().count == 3
    assert histogram.percentile(0.0) == pytest.approx(1e-6, rel=0.02)
    assert histogram.percentile(1.0) == pytest.approx(1e3, rel=0.05)


def test_nothing_measured_is_zero() -> None:
    assert DurationHistogram().summary().p95 == 0.0


def test_stages_come_in_the_asked_order_then_as_recorded() -> None:
    times = StageTimes()
    for stage in ("render", "own", "capture"):
        times.add(stage, 0.5)
    assert list(times.summary(("capture", "detect", "render"))) == ["capture", "render", "own"]
    assert times.summary()["own"].total == 0.5


def test_peak_memory_is_at_least_what_was_allocated() -> None:
    """In a process of its own: in this one, other tests' garbage may be given back at the same moment."""
    program = """
import numpy as np
from edgeact.stats import PeakMemory
memory = PeakMemory()
before = memory.peak
block = np.ones(64 * 2**20, dtype=np.uint8)
memory._next = 0.0  # not a moment later, now
memory.sample()
print(memory.peak - before, block.nbytes)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    grown, allocated = map(int, done.stdout.split())
    assert grown >= allocated // 2
