"""What one more source costs in memory: ``python -m tests.bench.second_source`` prints JSON.

Sources of one session give the same pictures of the demo clip (two people) from memory again and again, so that neither
a decoder nor the pictures in the queues are counted: what is left is what is remembered of a source, its threads, and
what the graphs need for a larger batch. The weights are counted as often as a graph is opened.
"""

import argparse
import gc
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil

import edgeact
from edgeact.bundle.load import load_bundle
from edgeact.capture.base import SourceInfo, SourceState
from edgeact.capture.file import FileSource
from edgeact.engine.engine import Engine
from edgeact.engine.onnx import OnnxBackend
from edgeact.perception.stages import Stages
from edgeact.runtime.job import SourceJob
from edgeact.runtime.session import Session
from edgeact.types import Frame, UInt8

DEMO = Path(edgeact.__file__).parent / "assets" / "demo.mp4"
MEGABYTE = 2**20
RATE = 10


class FromMemory:
    """A live source that gives pictures again and again, ten a second."""

    def __init__(self, name: str, pictures: Sequence[UInt8]) -> None:
        height, width = pictures[0].shape[:2]
        self._pictures = pictures
        self._closed = False
        self.info = SourceInfo(name, width, height, True, Fraction(RATE), None, None)
        self.state, self.epoch = SourceState.RUNNING, 0

    def frames(self) -> Iterator[Frame]:
        """Frames until it is closed."""
        index = 0
        while not self._closed:
            picture = self._pictures[index % len(self._pictures)]
            yield Frame(index, index / RATE, picture, captured=time.monotonic(), source=self.info.name)
            index += 1
            time.sleep(1 / RATE)

    def close(self) -> None:
        """End."""
        self._closed = True


def demo_pictures() -> list[UInt8]:
    """Every third picture of the first seconds of the demo clip, there and back."""
    with FileSource(DEMO, every=3) as source:
        pictures = [frame.image for frame in source.frames()][:40]
    return [*pictures, *pictures[-2:0:-1]]


def measure(*, sources: int, frames: int) -> dict[str, Any]:
    opened: list[str] = []
    opening = OnnxBackend.__init__

    def count(self: OnnxBackend, content: bytes, *, name: str, device: str = "cpu", threads: int = 1) -> None:
        opened.append(name)
        opening(self, content, name=name, device=device, threads=threads)

    OnnxBackend.__init__ = count  # type: ignore[method-assign]
    pictures, process, megabytes = demo_pictures(), psutil.Process(), []
    with Engine(load_bundle()) as engine, Session(Stages(engine)) as session:
        for number in range(sources):
            session.add(SourceJob(FromMemory(f"memory-{number}", pictures)))
            enough = [status.frames + frames for status in session.status()]
            while any(status.frames < wanted for status, wanted in zip(session.status(), enough, strict=True)):
                time.sleep(0.1)
            gc.collect()
            megabytes.append(process.memory_info().rss / MEGABYTE)
    more = [round(after - before, 2) for before, after in itertools.pairwise(megabytes)]
    return {
        "mark": "a second source: at most 5 MiB more besides its queues and decoder; weights loaded once",
        "second_source_mib": more[0],
        "each_further_source_mib": more[1:],
        "one_source_mib": round(megabytes[0], 1),
        "times_opened": {name: opened.count(name) for name in sorted(set(opened))},
        "frames_of_each": frames,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=4)
    parser.add_argument("--frames", type=int, default=120, help="of every source before memory is looked at")
    asked = parser.parse_args()
    sys.stdout.write(json.dumps(measure(sources=asked.sources, frames=asked.frames), indent=2) + "\n")


if __name__ == "__main__":
    main()
