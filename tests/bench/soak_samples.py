"""The samples of a soak: what a daemon uses every few seconds, and whether that grows."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from scipy.stats import theilslopes

from tests.faults.daemon_process import DaemonProcess

SAMPLE_SECONDS, AGE_SECONDS = 5.0, 1.0
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """What a daemon uses at one moment.

    Attributes:
        seconds: Since the soak began.
        fault: What was broken then; empty in between.
        rss: Resident memory in MiB.
        threads: Of the process.
        handles: Open files, pipes and sockets.
        cpu: Seconds of a core since the process began.
        ages: Seconds from capture to observation of the newest frame, of each camera that ran, each second since the
            sample before.
        frames: Of each camera, since it was begun or begun anew.
    """

    seconds: float
    fault: str
    rss: float
    threads: int
    handles: int
    cpu: float
    ages: tuple[float, ...] = ()
    frames: dict[str, int] = field(default_factory=dict)


class Sampler:
    """Takes samples in a thread of its own, and writes each at once to a file, one JSON object a line.

    Args:
        daemon: Runs.
        path: Of the file.
        fault: Says what is broken now.
    """

    def __init__(self, daemon: DaemonProcess, path: Path, fault: Callable[[], str]) -> None:
        self.samples: list[Sample] = []
        self._daemon, self._path, self._fault = daemon, path, fault
        self._begun, self._is_ending = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._begun

    def stop(self) -> None:
        """Take no more."""
        self._is_ending.set()
        self._thread.join()

    def _run(self) -> None:
        process, ages, frames = psutil.Process(self._daemon.pid), list[float](), dict[str, int]()
        due = time.monotonic() + SAMPLE_SECONDS
        with self._path.open("w", encoding="utf-8") as file:
            while not self._is_ending.wait(AGE_SECONDS):
                numbers = self._daemon.numbers()
                for name, *labels in numbers:
                    if name == "edgeact_camera_frames_total":
                        frames[labels[0]] = round(numbers[name, labels[0]])
                    if (
                        name == "edgeact_camera_frame_age_seconds"
                        and numbers["edgeact_camera_state", labels[0], "running"]
                    ):
                        ages.append(round(numbers[name, labels[0]], 3))
                if time.monotonic() < due:
                    continue
                due += SAMPLE_SECONDS
                with process.oneshot():
                    sample = Sample(
                        seconds=round(self.seconds, 1),
                        fault=self._fault(),
                        rss=round(process.memory_info().rss / MEGABYTE, 2),
                        threads=process.num_threads(),
                        handles=process.num_fds(),
                        cpu=round(sum(process.cpu_times()[:2]), 2),
                        ages=tuple(ages),
                        frames=dict(frames),
                    )
                ages.clear()
                self.samples.append(sample)
                file.write(json.dumps(asdict(sample)) + "\n")
                file.flush()


def read_samples(path: Path) -> list[Sample]:
    """The samples of a file, also of a soak that was stopped."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [Sample(**json.loads(line)) for line in lines if line.endswith("\n")]


def figures(samples: Sequence[Sample], *, warm_up: float, window: float) -> dict[str, Any]:
    """Whether what a daemon uses grows.

    Args:
        samples: In order.
        warm_up: Seconds at the beginning that slopes leave out.
        window: Seconds of each row of values.

    Returns:
        For JSON: slopes an hour (Theil–Sen, so that single peaks do not count) with 95 % intervals, and the values of
        each window.
    """
    later = [sample for sample in samples if sample.seconds >= warm_up]
    windows = defaultdict(list)
    for sample in samples:
        windows[int(sample.seconds // window)].append(sample)
    return {
        "slopes_an_hour": {
            "rss_mib": slope_an_hour(later, lambda sample: sample.rss),
            "threads": slope_an_hour(later, lambda sample: sample.threads),
            "handles": slope_an_hour(later, lambda sample: sample.handles),
            "age_p95_seconds": slope_an_hour(
                [sample for sample in later if sample.ages], lambda sample: float(np.percentile(sample.ages, 95))
            ),
        },
        "windows": [_row(number * window / 60.0, rows) for number, rows in sorted(windows.items())],
    }


def slope_an_hour(samples: Sequence[Sample], value: Callable[[Sample], float]) -> list[float] | None:
    """The slope an hour and its 95 % interval; None of fewer than three samples."""
    if len(samples) < 3:
        return None
    hours = np.array([sample.seconds for sample in samples]) / 3600.0
    slope, _, low, high = theilslopes([value(sample) for sample in samples], hours)
    return [round(float(one), 3) for one in (slope, low, high)]


def _row(minute: float, samples: Sequence[Sample]) -> dict[str, Any]:
    ages = [age for sample in samples for age in sample.ages]
    passed = samples[-1].seconds - samples[0].seconds
    return {
        "from_minute": round(minute, 1),
        "rss_mib": [round(float(value), 1) for value in np.percentile([one.rss for one in samples], (50, 100))],
        "threads": [int(value) for value in np.percentile([one.threads for one in samples], (50, 100))],
        "handles": [int(value) for value in np.percentile([one.handles for one in samples], (50, 100))],
        "age_p50_seconds": round(float(np.percentile(ages, 50)), 3) if ages else None,
        "age_p95_seconds": round(float(np.percentile(ages, 95)), 3) if ages else None,
        "cores": round((samples[-1].cpu - samples[0].cpu) / passed, 3) if passed else None,
    }
