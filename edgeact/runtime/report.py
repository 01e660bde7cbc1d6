"""What is counted of a source while it runs, and what is reported of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from edgeact.capture.base import SourceState
from edgeact.runtime.outlet import OutletReport
from edgeact.stats import DurationHistogram, PeakMemory, Percentiles, StageTimes
from edgeact.types import Event, Observation

# The order in which reports list the stages; the outlets come after them, by their names.
STAGES = ("capture", "detect", "pose", "track", "action", "attention", "render")

# Numbers of persons that are remembered, so that nobody is counted twice. Who was lost comes back with the old number
# for some seconds only, in which no thousands of others appear.
MOST_TRACKS = 10_000


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source stands; may be asked for at any time.

    Attributes:
        name: Of the source, without credentials.
        state: Of the source.
        epoch: How often it started anew.
        captured: Frames that were read.
        frames: Frames that were perceived.
        dropped: Frames that were read and not perceived or not written, by cause (see `SourceReport`).
        most_frames_per_second: The budget of the source, or None.
        priority: Of the source, beside others.
        frame_age: Time from a frame's capture to its observation.
        persons: In the last frame.
        outlets: By name.
        error: Why it failed; None while it has not.
    """

    name: str
    state: SourceState
    epoch: int
    captured: int
    frames: int
    dropped: Mapping[str, int]
    most_frames_per_second: float | None
    priority: float
    frame_age: Percentiles
    persons: int
    outlets: Mapping[str, OutletReport]
    error: str | None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """Counts and outcome of a source that has ended.

    Attributes:
        frames: Frames that every outlet has taken that takes all of them.
        seconds: Wall-clock time from the first read to the last write.
        media_seconds: Presentation time from the first to the last frame.
        dropped: Frames that were read and are not among ``frames``, by cause: ``newer_frame`` and ``budget`` (live
            sources only), or ``stopped`` (a stop left no time for them).
        stages: Time a frame by stage, in the order of `STAGES`, and then by outlet; what did not run has no entry.
        frame_age: Time from a frame's capture to its observation.
        peak_memory: Highest resident memory of the process in bytes.
        events: Events that ended.
        tracks: Different persons that were followed.
        most_persons: The most persons in one frame.
        action_seconds: Presentation time of all actions by label.
        interrupted: True when a stop ended the source before it ended by itself.
        outlets: By name.
    """

    frames: int
    seconds: float
    media_seconds: float
    dropped: dict[str, int]
    stages: dict[str, Percentiles]
    frame_age: Percentiles
    peak_memory: int
    events: int
    tracks: int
    most_persons: int
    action_seconds: dict[str, float]
    interrupted: bool
    outlets: dict[str, OutletReport]


class Counters:
    """What is counted of one source, from the thread that gives its observations out."""

    def __init__(self) -> None:
        self.times = StageTimes()
        self.ages = DurationHistogram()
        self.memory = PeakMemory()
        self.frames = self.persons = self.most_persons = self.events = self.tracks = 0
        self._counted_tracks: set[int] = set()  # the newest ones: a camera runs for months
        self.action_seconds: dict[str, float] = {}
        self._first_time: float | None = None
        self._last_time = 0.0

    @property
    def media_seconds(self) -> float:
        """Presentation time from the first to the last frame."""
        return 0.0 if self._first_time is None else self._last_time - self._first_time

    def count(self, observation: Observation) -> None:
        """Add one perceived frame to the counts and times."""
        frame = observation.frame
        if frame.captured > 0.0:
            self.ages.add(time.monotonic() - frame.captured)
        for stage, seconds in observation.stage_seconds.items():
            self.times.add(stage, seconds)
        self.frames += 1
        self.persons = len(observation.persons)
        self._count_tracks({person.track_id for person in observation.persons})
        self.most_persons = max(self.most_persons, self.persons)
        self._first_time = frame.time if self._first_time is None else self._first_time
        self._last_time = frame.time
        self.memory.sample()

    def _count_tracks(self, seen: set[int]) -> None:
        """Count who was not counted before."""
        self.tracks += len(seen - self._counted_tracks)
        self._counted_tracks |= seen
        if len(self._counted_tracks) > MOST_TRACKS:
            newest = sorted(self._counted_tracks)[-MOST_TRACKS // 2 :]
            self._counted_tracks = {*newest, *seen}

    def count_event(self, event: Event) -> None:
        """An event was told."""
        if event.phase != "end" or event.end is None:
            return
        self.events += 1
        if event.kind == "action":
            seconds = self.action_seconds.get(event.label, 0.0) + event.end - event.start
            self.action_seconds[event.label] = seconds
