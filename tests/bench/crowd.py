"""Forty people in one frame: ``python -m tests.bench.crowd`` prints JSON.

A picture of 1280×720 is tiled with photographs of real people of the shared data (``stock_upright``), who sway a
little, and goes through a session without video. Detectors often miss people of this size, so the detector runs at its
usual times, and all forty are then taken for found: the mark is about the cost of a crowd, not about finding it.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

from edgeact.bundle.load import load_bundle
from edgeact.capture.base import SourceInfo, SourceState
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError
from edgeact.perception.pose import PoseEstimator
from edgeact.perception.stages import Looked, Stages
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.session import run_source
from edgeact.sinks.jsonl import JsonlSink
from edgeact.types import Detection, Frame, UInt8

COLUMNS, ROWS = 10, 4
WIDTH, HEIGHT, RATE = 1280, 720, 25
_TILE_WIDTH, _TILE_HEIGHT, _MARGIN = WIDTH // COLUMNS, HEIGHT // ROWS, 2
_SWAY = 2  # pixels
_LEAST_CONFIDENCE = 0.5  # mean over the joints of somebody whose pose is well seen at this size
_DIFFERENT = 20  # each person is shown twice


def people(shared: Path, poses: PoseEstimator) -> list[UInt8]:
    """Pictures of different people, of the size of a tile, whose poses the bundle sees well."""
    found: list[UInt8] = []
    for path in sorted((shared / "data" / "stock_upright").rglob("*.jpg")):
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        scale = min((_TILE_HEIGHT - 2 * _MARGIN) / image.shape[0], (_TILE_WIDTH - 2 * _MARGIN) / image.shape[1])
        size = int(image.shape[1] * scale), int(image.shape[0] * scale)
        tile = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        if poses.estimate(tile, np.array([[0, 0, *size]], np.float32)).features[0, :, 2].mean() >= _LEAST_CONFIDENCE:
            found.append(tile)
        if len(found) == _DIFFERENT:
            return found
    raise SystemExit(f"{shared} has pictures of only {len(found)} people who are well seen; {_DIFFERENT} are needed")


class Crowd:
    """A source of frames with forty people, who sway each at a time of their own."""

    def __init__(self, tiles: Sequence[UInt8], frames: int) -> None:
        self._tiles = [tiles[number % len(tiles)] for number in range(COLUMNS * ROWS)]
        self._count = frames
        self.info = SourceInfo("crowd", WIDTH, HEIGHT, False, Fraction(RATE), frames, frames / RATE)
        self.state, self.epoch = SourceState.RUNNING, 0

    def boxes(self, time_: float) -> list[tuple[int, int, int, int]]:
        """Where everybody is at a time, in pixels: x_min, y_min, x_max, y_max."""
        places = []
        for number, tile in enumerate(self._tiles):
            sway = round(_SWAY * math.sin(2 * math.pi * (time_ / 2 + number / len(self._tiles))))
            x = _TILE_WIDTH * (number % COLUMNS) + _MARGIN + sway
            y = _TILE_HEIGHT * (number // COLUMNS) + _MARGIN
            places.append((x, y, min(x + tile.shape[1], WIDTH), y + tile.shape[0]))
        return places

    def frames(self) -> Iterator[Frame]:
        """All frames, made as they are read."""
        for index in range(self._count):
            image = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
            for tile, (x, y, x_max, y_max) in zip(self._tiles, self.boxes(index / RATE), strict=True):
                image[y:y_max, x:x_max] = tile[:, : x_max - x]
            yield Frame(index, index / RATE, image, captured=time.monotonic(), source=self.info.name)

    def close(self) -> None:
        """Nothing is held."""


class AllFound(Stages):
    """Stages whose detector runs, and then finds everybody."""

    def __init__(self, engine: Engine, crowd: Crowd) -> None:
        super().__init__(engine)
        self._crowd = crowd

    def _detect(self, looked: Sequence[Looked]) -> list[tuple[Detection, ...] | BackendError]:
        super()._detect(looked)
        return [
            tuple(Detection(np.array(box, np.float32), 0.9) for box in self._crowd.boxes(one.frame.time))
            for one in looked
        ]


def measure(shared: Path, *, frames: int, bundle_directory: Path | None) -> dict[str, Any]:
    bundle = load_bundle(bundle_directory)
    config = PipelineConfig(max_persons=COLUMNS * ROWS + 20)
    with Engine(bundle) as engine, tempfile.TemporaryDirectory() as folder:
        crowd = Crowd(people(shared, PoseEstimator(engine)), frames)
        sink = JsonlSink(Path(folder) / "crowd.jsonl", info=crowd.info, bundle=bundle, config=config, every=1)
        used = psutil.Process().cpu_times()
        report = run_source(AllFound(engine, crowd), SourceJob(crowd, [Outlet("frames", sink)]), config=config)
        after = psutil.Process().cpu_times()
        sink.abort()
    busy = after.user + after.system - used.user - used.system
    return {
        "mark": "40 people in one frame, two cores, no video: at least 3 frames a second",
        "frames_per_second": round(report.frames / report.seconds, 2),
        "cores_used": round(busy / report.seconds, 2),
        "cpu_seconds_a_frame": round(busy / report.frames, 4),
        "frames": report.frames,
        "most_persons": report.most_persons,
        "tracks": report.tracks,
        "stage_ms_p50": {name: round(1e3 * times.p50, 2) for name, times in report.stages.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--bundle", type=Path, help="folder of a bundle; without it the one that ships")
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("EDGEACT_SHARED", "../shared")))
    asked = parser.parse_args()
    record = measure(asked.shared, frames=asked.frames, bundle_directory=asked.bundle)
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
