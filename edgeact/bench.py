"""How fast the pipeline is on this machine: decoding alone, decoding with encoding, and everything, on the same file in
one run.

The three take turns, and medians are compared, so that what else the machine does weighs on all of them alike. The
figure to quote is the ratio of the full pipeline to decoding with encoding, which says what seeing costs beyond copying
the video.
"""

import dataclasses
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

import edgeact
from edgeact.bundle import Bundle, load_bundle
from edgeact.capture.base import Source, SourceInfo, SourceState
from edgeact.capture.file import FileSource
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.doctor import machine_in_words, usable_cores
from edgeact.doctor_opencv import WHEELS
from edgeact.errors import SourceFormatError, UsageError
from edgeact.installed import installed_version
from edgeact.overlay import InsetStrip, draw
from edgeact.perception.perceiver import Perceiver
from edgeact.pipeline import FramePerceiver, PipelineReport, run
from edgeact.sinks.base import Sink
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.sinks.video import VideoSink
from edgeact.stats import Percentiles
from edgeact.steady import SteadyPersons
from edgeact.types import Event, Frame, Observation, Perceived, UInt8

BENCH_VERSION = 1  # of the JSON layout
_PACKAGES = ("av", "numpy", *WHEELS, "onnxruntime", "onnxruntime-gpu")


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over the repeats: wall-clock and processor seconds, and frames a second of wall-clock time."""

    seconds: float
    cpu_seconds: float
    frames_per_second: float


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What `bench` measured.

    Attributes:
        bench_version: Version of this layout.
        date: UTC, ISO 8601.
        file: Name of the video.
        width: Pixels.
        height: Pixels.
        frames: Frames in one repeat.
        media_seconds: Presentation time of these frames.
        repeats: How often each of the three was run.
        decode: Decoding alone.
        decode_encode: Decoding and encoding with the sinks' video settings, nothing in between.
        full: The whole pipeline with all sinks.
        ratio: ``full.seconds / decode_encode.seconds``, median of the repeats' ratios.
        cpu_ratio: The same of processor time, which other programs on the machine do not change.
        real_time_factor: ``media_seconds / full.seconds``.
        persons_per_frame: Persons in the frame with the most.
        stages: Per stage of the full pipeline, milliseconds a frame (repeat with the median time).
        frame_age: Milliseconds from a frame's capture to its rendered result (files: mostly waiting in queues).
        idle_memory: Resident memory before the first run in bytes.
        peak_memory: Highest resident memory during the full pipeline in bytes.
        machine: Processor, cores, memory, system.
        cores: Cores that the process may use.
        versions: Of edgeact, Python and the packages that do the work.
        bundle: Name, version and digest.
        config: Settings of the pipeline.
    """

    bench_version: int
    date: str
    file: str
    width: int
    height: int
    frames: int
    media_seconds: float
    repeats: int
    decode: Timing
    decode_encode: Timing
    full: Timing
    ratio: float
    cpu_ratio: float
    real_time_factor: float
    persons_per_frame: int
    stages: dict[str, dict[str, float]]
    frame_age: dict[str, float]
    idle_memory: int
    peak_memory: int
    machine: str
    cores: int
    versions: dict[str, str]
    bundle: dict[str, str]
    config: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As plain values for `json.dump`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    cpu_seconds: float
    report: PipelineReport


class FirstSeconds:
    """The first part of another source; ``seconds`` is None for all of it."""

    def __init__(self, source: Source, seconds: float | None) -> None:
        self._source = source
        self._seconds = seconds

    @property
    def info(self) -> SourceInfo:
        """Of the other source."""
        return self._source.info

    @property
    def state(self) -> SourceState:
        """Of the other source."""
        return self._source.state

    @property
    def epoch(self) -> int:
        """Of the other source."""
        return self._source.epoch

    def frames(self) -> Iterator[Frame]:
        """Frames until the time is over."""
        began: float | None = None
        for frame in self._source.frames():
            began = frame.time if began is None else began
            if self._seconds is not None and frame.time - began >= self._seconds:
                return
            yield frame

    def close(self) -> None:
        """Close the other source."""
        self._source.close()


class PassThrough:
    """A perceiver that sees nothing, to measure what the rest costs."""

    @property
    def steps(self) -> Mapping[str, Callable[[Any], Any]]:
        """A result without persons."""
        return {"look": lambda frame: Perceived(Observation(frame))}

    def finish(self) -> tuple[Event, ...]:
        """No events."""
        return ()


def bench(
    path: Path,
    *,
    seconds: float | None = None,
    repeats: int = 3,
    bundle_directory: Path | None = None,
    config: PipelineConfig | None = None,
    on_step: Callable[[str], None] | None = None,
) -> BenchReport:
    """Measure on one video file.

    Args:
        path: The video.
        seconds: How much of it; None takes all.
        repeats: How often each of the three measurements is run.
        bundle_directory: The bundle; None takes the one that ships with edgeact.
        config: Settings of the pipeline.
        on_step: Told before each measurement what it is.

    Raises:
        EdgeactError: The video, the bundle or the device cannot be used.
        UsageError: A number is out of range.
    """
    if repeats < 1 or (seconds is not None and seconds <= 0):
        raise UsageError(f"repeat is {repeats} and seconds is {seconds}; both must be more than 0")
    config = config or PipelineConfig()
    bundle = load_bundle(bundle_directory)
    idle_memory = int(psutil.Process().memory_info().rss)
    runs: dict[str, list[_Run]] = {"decode": [], "decode+encode": [], "full pipeline": []}
    with tempfile.TemporaryDirectory(prefix="edgeact-bench-") as folder:
        for repeat in range(repeats):
            for name, measured in runs.items():
                if on_step is not None:
                    on_step(f"{name} ({repeat + 1} of {repeats})")
                measured.append(_measure(name, path, Path(folder), bundle, config, seconds))
    return _report(path, bundle, config, runs, idle_memory)


def _measure(
    name: str, path: Path, folder: Path, bundle: Bundle, config: PipelineConfig, seconds: float | None
) -> _Run:
    perceiver = Perceiver(bundle, config) if name == "full pipeline" else None
    with open_source(path, max_megapixels=config.max_megapixels) as opened:
        source = FirstSeconds(opened, seconds)
        sinks: list[Sink] = []
        try:
            if name != "decode":
                # As annotate does it; the audio only with all of the video, because it is copied as a whole.
                sound = path if path.is_file() and seconds is None else None
                clock = opened.clock if isinstance(opened, FileSource) else None
                sinks.append(VideoSink(folder / "bench.mp4", info=source.info, source_path=sound, clock=clock))
            if perceiver is not None:
                sinks.append(EventsSink(folder / "bench.events.csv"))
                sinks.append(
                    JsonlSink(folder / "bench.frames.jsonl", info=source.info, bundle=bundle, config=config, every=1)
                )
            return _time(source, perceiver, sinks, bundle, config)
        finally:
            for sink in sinks:
                sink.abort()
            if perceiver is not None:
                perceiver.close()


def _time(
    source: Source, perceiver: Perceiver | None, sinks: list[Sink], bundle: Bundle, config: PipelineConfig
) -> _Run:
    skeleton, joint_confidence = bundle.skeleton, bundle.manifest.calibration.joint_confidence
    strip, steady = InsetStrip(), SteadyPersons(skeleton=skeleton, joint_confidence=joint_confidence)

    def pencil(observation: Observation) -> UInt8:
        if perceiver is None:
            return observation.frame.image
        return draw(steady.smooth(observation), skeleton=skeleton, joint_confidence=joint_confidence, strip=strip)

    chosen: FramePerceiver = PassThrough() if perceiver is None else perceiver
    began, cpu_began = time.perf_counter(), time.process_time()
    report = run(
        source, chosen, sinks, draw=pencil if sinks else None, queue_frames=config.queue_frames, stop=threading.Event()
    )
    for sink in sinks:
        sink.close()
    return _Run(time.perf_counter() - began, time.process_time() - cpu_began, report)


def _report(
    path: Path, bundle: Bundle, config: PipelineConfig, runs: dict[str, list[_Run]], idle_memory: int
) -> BenchReport:
    full = runs["full pipeline"]
    middle = sorted(full, key=lambda measured: measured.seconds)[len(full) // 2].report
    if middle.frames == 0:
        raise SourceFormatError(f"{path} holds no frame that can be decoded; bench needs a video")
    pairs = list(zip(full, runs["decode+encode"], strict=True))
    full_timing = _timing(full)
    with open_source(path, max_megapixels=config.max_megapixels) as source:
        info = source.info
    packages = {package: version for package in _PACKAGES if (version := installed_version(package)) is not None}
    return BenchReport(
        bench_version=BENCH_VERSION,
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        file=path.name,
        width=info.width,
        height=info.height,
        frames=middle.frames,
        media_seconds=round(middle.media_seconds, 3),
        repeats=len(full),
        decode=_timing(runs["decode"]),
        decode_encode=_timing(runs["decode+encode"]),
        full=full_timing,
        ratio=round(statistics.median(whole.seconds / base.seconds for whole, base in pairs), 3),
        cpu_ratio=round(statistics.median(whole.cpu_seconds / max(base.cpu_seconds, 1e-9) for whole, base in pairs), 3),
        real_time_factor=round(middle.media_seconds / full_timing.seconds, 3),
        persons_per_frame=middle.most_persons,
        stages={stage: _milliseconds(times) for stage, times in middle.stages.items()},
        frame_age=_milliseconds(middle.frame_age),
        idle_memory=idle_memory,
        # Of the first run: the later ones begin with what the allocator has kept of the earlier ones.
        peak_memory=full[0].report.peak_memory,
        machine=machine_in_words(),
        cores=usable_cores(),
        versions={"edgeact": edgeact.__version__, "python": platform.python_version(), **packages},
        bundle={"name": bundle.manifest.name, "version": bundle.manifest.version, "digest": bundle.digest},
        config=config.model_dump(mode="json"),
    )


def _timing(runs: list[_Run]) -> Timing:
    seconds = statistics.median(measured.seconds for measured in runs)
    cpu_seconds = statistics.median(measured.cpu_seconds for measured in runs)
    return Timing(round(seconds, 4), round(cpu_seconds, 4), round(runs[0].report.frames / seconds, 2))


def _milliseconds(times: Percentiles) -> dict[str, float]:
    return {"count": times.count, "p50_ms": round(times.p50 * 1e3, 3), "p95_ms": round(times.p95 * 1e3, 3)}
