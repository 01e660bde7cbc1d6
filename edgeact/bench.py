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
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

import edgeact
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.capture.base import PartOfSource, Source
from edgeact.capture.file import FileSource
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.doctor import machine_in_words, usable_cores
from edgeact.doctor_opencv import WHEELS
from edgeact.drawing.drawer import make_drawer
from edgeact.engine.engine import Engine
from edgeact.errors import SourceFormatError, UsageError
from edgeact.installed import installed_version
from edgeact.perception.pace import Pace
from edgeact.perception.stages import Followed, Looked, Stages
from edgeact.perception.tracking.step import TrackStep
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.report import SourceReport
from edgeact.runtime.session import Perceiving, run_source
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.sinks.video import VideoSink
from edgeact.stats import Percentiles
from edgeact.types import Event, Frame, Observation, Perceived, UInt8

BENCH_VERSION = 2  # of the JSON layout
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
    report: SourceReport


class FirstSeconds(PartOfSource):
    """The first part of another source; ``seconds`` is None for all of it."""

    def __init__(self, source: Source, seconds: float | None) -> None:
        super().__init__(source)
        self._seconds = seconds

    def frames(self) -> Iterator[Frame]:
        """Frames until the time is over."""
        began: float | None = None
        for frame in self._source.frames():
            began = frame.time if began is None else began
            if self._seconds is not None and frame.time - began >= self._seconds:
                return
            yield frame


class PassThrough:
    """Stages that see nothing, to measure what the rest costs."""

    def open_stream(
        self, config: PipelineConfig, *, source: str = "", live: bool = False, pace: Pace | None = None
    ) -> None:
        """Nothing is remembered."""

    def detect(self, batch: Sequence[tuple[None, Frame]]) -> list[Looked]:
        """Nobody is looked for."""
        return [Looked(frame, False, None, {}) for _, frame in batch]

    def track(self, batch: Sequence[tuple[None, Looked]]) -> list[Followed]:
        """Nobody is followed."""
        return [Followed(looked, TrackStep((), ())) for _, looked in batch]

    def act(self, batch: Sequence[tuple[None, Followed]]) -> list[Perceived]:
        """Observations without persons."""
        return [Perceived(Observation(followed.looked.frame)) for _, followed in batch]

    def finish(self, stream: None) -> tuple[Event, ...]:  # noqa: ARG002 - the interface's
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
    with (
        tempfile.TemporaryDirectory(prefix="edgeact-bench-") as folder,
        Engine(bundle, device=config.device, threads=config.threads) as engine,
    ):
        stages = Stages(engine)
        for repeat in range(repeats):
            for name, measured in runs.items():
                if on_step is not None:
                    on_step(f"{name} ({repeat + 1} of {repeats})")
                measured.append(_measure(name, path, Path(folder), stages, engine, config, seconds))
    return _report(path, bundle, config, runs, idle_memory)


def _measure(
    name: str, path: Path, folder: Path, stages: Stages, engine: Engine, config: PipelineConfig, seconds: float | None
) -> _Run:
    bundle = engine.bundle
    with open_source(path, max_megapixels=config.max_megapixels) as opened:
        source = FirstSeconds(opened, seconds)
        outlets: list[Outlet] = []
        try:
            if name != "decode":
                # As annotate does it; the audio only with all of the video, because it is copied as a whole.
                sound = path if path.is_file() and seconds is None else None
                clock = opened.clock if isinstance(opened, FileSource) else None
                video = VideoSink(folder / "bench.mp4", info=source.info, source_path=sound, clock=clock)
                outlets.append(Outlet("video", video))
            if name == "full pipeline":
                outlets.append(Outlet("events", EventsSink(folder / "bench.events.csv")))
                frames = folder / "bench.frames.jsonl"
                sink = JsonlSink(frames, info=source.info, bundle=bundle, config=config, every=1)
                outlets.append(Outlet("frames", sink))
            sees = name == "full pipeline"
            draw = make_drawer(bundle.plan, with_3d=config.draw_3d) if sees else _frame_itself
            job = SourceJob(source, outlets, draw=draw if outlets else None, budget=Budget(config.queue_frames))
            return _time(stages if sees else PassThrough(), job, config)
        finally:
            for outlet in outlets:
                outlet.sink.abort()


def _frame_itself(observation: Observation) -> UInt8:
    return observation.frame.image


def _time(perceiving: Perceiving[Any], job: SourceJob, config: PipelineConfig) -> _Run:
    began, cpu_began = time.perf_counter(), time.process_time()
    report = run_source(perceiving, job, config=config)
    for outlet in job.outlets:
        outlet.sink.close()
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
