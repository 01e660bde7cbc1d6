"""Peak memory does not grow with the length of the video."""

from pathlib import Path

import numpy as np
import psutil
import pytest

from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions, SilentListener
from edgeact.types import Observation
from tests.toy_video import loop_video, write_toy_video


class MemoryListener(SilentListener):
    """Looks at the resident memory every 25 frames."""

    def __init__(self) -> None:
        self.samples: list[tuple[int, int]] = []
        self._frames = 0
        self._process = psutil.Process()

    def frame_done(self, result: Observation) -> None:
        self._frames += 1
        if self._frames % 25 == 0:
            self.samples.append((self._frames, self._process.memory_info().rss))


def growth(folder: Path, bundle: Path, *, repeats: int) -> tuple[int, float]:
    """Annotate a looped video; frames, and bytes by which memory grows a frame over the last half (allocators fill up
    first).
    """
    short = write_toy_video(folder / "short.mp4", seconds=4.0, size=(160, 120))
    video = loop_video(folder / "long.mp4", short, repeats=repeats)
    listener = MemoryListener()
    report = annotate([str(video)], folder / "out", AnnotateOptions(bundle=bundle), listener=listener)
    assert report.exit_code == 0
    assert report.results[0].summary is not None
    frames, memory = np.array(listener.samples[len(listener.samples) // 2 :], dtype=np.float64).T
    return report.results[0].summary.frames, float(np.polyfit(frames, memory, 1)[0])


def test_memory_does_not_grow_over_two_minutes(tmp_path: Path, tiny_bundle: Path) -> None:
    frames, slope = growth(tmp_path, tiny_bundle, repeats=30)
    assert frames == 3000
    assert slope < 5000  # a frame has 58 kB: one kept of every twelve would show, in spite of the allocator's noise


@pytest.mark.slow
def test_memory_does_not_grow_over_twenty_minutes(tmp_path: Path, tiny_bundle: Path) -> None:
    frames, slope = growth(tmp_path, tiny_bundle, repeats=300)
    assert frames == 30_000
    assert slope < 250  # 7 MB over the whole length
