"""What a watch is asked for, how each of its sources stands, and what came of it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeact.capture.base import SourceKind, SourceState
from edgeact.capture.connection import LiveSettings
from edgeact.capture.faults import SourceFaultError
from edgeact.capture.live import LiveSource
from edgeact.capture.open import AnySource
from edgeact.config import PipelineConfig
from edgeact.errors import INTERRUPTED_EXIT_CODE, PARTIAL_EXIT_CODE, EdgeactError
from edgeact.runtime.report import SourceReport
from edgeact.runtime.source_run import SourceRun
from edgeact.stats import DurationHistogram
from edgeact.types import Observation


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How sources are watched.

    Attributes:
        bundle: Folder of the bundle; None takes the one that ships with edgeact.
        config: Settings of the pipeline.
        kind: ``file`` takes every frame, ``live`` the newest one; None decides by what each source is.
        turn: Turn the pictures by so many degrees to the right: 0, 90, 180 or 270.
        live: How cameras and streams are read.
        video: Write the drawn video, too.
        seconds: Stop after so many seconds; None goes on until all sources have ended.
    """

    bundle: Path | None = None
    config: PipelineConfig = field(default_factory=PipelineConfig)
    kind: SourceKind | None = None
    turn: int = 0
    live: LiveSettings = field(default_factory=LiveSettings)
    video: bool = False
    seconds: float | None = None


class Watched:
    """One source while it is watched; may be read from any thread.

    Attributes:
        name: Without secrets.
        source: Once it was opened.
        run: Once it was started.
        error: Why it failed; None while it has not.
        frames: Frames that were perceived.
        rests: Perception is switched off for now.
        persons: In the newest of them.
        labels: Actions in force in it.
        age: Seconds from its capture to its observation.
        ages: Of all frames.
        first_result: `time.monotonic` of the first observation, or None.
        report: What came of it, once it is over.
        outputs: The files that it has left, once it is over.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.source: AnySource | None = None
        self.run: SourceRun | None = None
        self.error: EdgeactError | None = None
        self.frames = self.persons = 0
        self.rests = False
        self.labels: tuple[str, ...] = ()
        self.age = 0.0
        self.ages = DurationHistogram()
        self.first_result: float | None = None
        self.report: SourceReport | None = None
        self.outputs: tuple[Path, ...] = ()

    def note(self, observation: Observation) -> None:
        """A frame was perceived."""
        now = time.monotonic()
        self.age = now - observation.frame.captured
        self.ages.add(self.age)
        self.persons = len(observation.persons)
        readings = [reading for person in observation.persons for reading in person.readings] + list(observation.scene)
        self.labels = tuple(dict.fromkeys(label for reading in readings for label in reading.labels))
        self.first_result = self.first_result or now
        self.frames += 1

    def close(self) -> None:
        """Close the source."""
        if self.source is not None:
            self.source.close()

    @property
    def state(self) -> SourceState:
        """Where the source stands."""
        if self.error is not None:
            return SourceState.FAILED
        state = SourceState.STARTING if self.source is None else self.source.state
        if state is SourceState.ENDED and self.run is not None and not self.run.is_over:
            return SourceState.RUNNING  # all is read, but the last frames are still perceived and counted
        return state

    @property
    def epoch(self) -> int:
        """How often the source was reconnected."""
        return 0 if self.source is None else self.source.epoch

    @property
    def why(self) -> str | None:
        """The reason why the source is not running, in a few words; None while it is running."""
        if self.error is not None:
            return self.error.reason if isinstance(self.error, SourceFaultError) else str(self.error)
        if isinstance(self.source, LiveSource) and self.state in (SourceState.STALLED, SourceState.RECONNECTING):
            fault = self.source.status.fault
            return None if fault is None else fault.reason
        return None

    @property
    def mode(self) -> str | None:
        """What a camera was asked for and what it gives, or None."""
        return self.source.status.mode if isinstance(self.source, LiveSource) else None

    @property
    def dropped(self) -> int:
        """Frames that gave way to newer ones, before and behind their reading."""
        before = self.source.status.dropped if isinstance(self.source, LiveSource) else 0
        return before + (0 if self.run is None else sum(self.run.status().dropped.values()))

    def as_record(self, *, began: float) -> dict[str, Any]:
        """The record for JSON; times are in seconds, ``first_result`` counts from ``began`` (`time.monotonic`)."""
        ages = self.ages.summary()
        return {
            "name": self.name,
            "state": self.state.value,
            "error": None if self.error is None else str(self.error),
            "mode": self.mode,
            "reconnects": self.epoch,
            "frames": self.frames,
            "dropped": self.dropped,
            "age_p50": round(ages.p50, 4),
            "age_p95": round(ages.p95, 4),
            "first_result": None if self.first_result is None else round(self.first_result - began, 3),
            "events": None if self.report is None else self.report.events,
            "tracks": None if self.report is None else self.report.tracks,
            "outputs": [str(path) for path in self.outputs],
        }


@dataclass(frozen=True, slots=True)
class WatchReport:
    """Results of `edgeact watch`.

    Attributes:
        sources: Every source, in the order given.
        began: `time.monotonic` at its beginning.
        seconds: How long it lasted.
        interrupted: A stop ended it.
    """

    sources: tuple[Watched, ...]
    began: float
    seconds: float
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """0; the error's own code where all sources failed in one way, 3 for some failures, 130 for Ctrl-C."""
        codes = {source.error.exit_code for source in self.sources if source.error is not None}
        if codes:
            have_all_failed = all(source.error is not None for source in self.sources)
            return codes.pop() if have_all_failed and len(codes) == 1 else PARTIAL_EXIT_CODE
        return INTERRUPTED_EXIT_CODE if self.interrupted else 0

    def as_record(self) -> dict[str, Any]:
        """The record for JSON."""
        return {
            "schema": "edgeact.watch",
            "seconds": round(self.seconds, 3),
            "interrupted": self.interrupted,
            "sources": [source.as_record(began=self.began) for source in self.sources],
        }
