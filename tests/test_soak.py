"""The figures of a soak: growth is told from peaks."""

from pathlib import Path

import pytest

from tests.bench.soak_samples import Sample, figures, read_samples


def samples(*, growth: float = 0.0) -> list[Sample]:
    """An hour, a sample each ten seconds: every sixth has a peak, and memory grows by so many MiB an hour."""
    found = []
    for number in range(360):
        peak = number % 6 == 0
        rss = 300.0 + growth * number / 360 + 80.0 * peak
        ages = (0.05, 0.05, 0.4 if peak else 0.06)
        found.append(Sample(10.0 * number, "stall" if peak else "", rss, 70 + 20 * peak, 36, 0.4 * 10 * number, ages))
    return found


def test_peaks_are_no_growth() -> None:
    told = figures(samples(), warm_up=600, window=600)
    assert told["slopes_an_hour"]["rss_mib"][0] == 0.0
    assert told["slopes_an_hour"]["threads"][0] == 0.0
    assert [row["rss_mib"] for row in told["windows"]] == [[300.0, 380.0]] * 6
    assert told["windows"][0]["cores"] == pytest.approx(0.4)


def test_growth_below_the_peaks_is_told() -> None:
    slope, low, high = figures(samples(growth=10.0), warm_up=600, window=600)["slopes_an_hour"]["rss_mib"]
    assert low <= slope <= high
    assert slope == pytest.approx(10.0, abs=1.0)


def test_samples_of_a_soak_that_was_stopped_are_read(tmp_path: Path) -> None:
    path = tmp_path / "soak.jsonl"
    path.write_text(
        '{"seconds": 5.0, "fault": "", "rss": 310.0, "threads": 70, "handles": 36, "cpu": 4.7, "ages": [0.1]}\n{"sec',
        encoding="utf-8",
    )
    assert [sample.rss for sample in read_samples(path)] == [310.0]
