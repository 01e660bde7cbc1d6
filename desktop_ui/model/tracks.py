"""What is remembered of every track of a source: where it was, and what its action heads said over time.

Written by the thread that gives observations out, read by the window's.
"""

import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from edgeact.types import Float32, Observation, Person

TRAIL_SECONDS = 4.0
HISTORY_SECONDS = 600.0
# Readings change five times a second; more often they are not kept.
_LEAST_SECONDS = 0.1
_MOST_TRACKS = 64  # the newest ones: a camera runs all day


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What one action head said of a track at a time.

    Attributes:
        time: Of the frame, in seconds of the epoch.
        captured: `time.monotonic` of the frame: times of different epochs do not compare, these do.
        raw: ``(A,)`` float32 as the graph gave them.
        smoothed: ``(A,)`` float32.
        labels: The actions in force.
    """

    time: float
    captured: float
    raw: Float32
    smoothed: Float32
    labels: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Track:
    trail: deque[tuple[float, float, float]] = field(default_factory=deque)  # time, x, y
    moments: deque[Moment] = field(default_factory=deque)
    last_seen: float = 0.0


class TrackMemory:
    """The tracks of one source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: dict[int, _Track] = {}
        self._epoch = 0

    def clear(self) -> None:
        """Forget everything: the source is perceived from its beginning again."""
        with self._lock:
            self._tracks.clear()

    def note(self, observation: Observation) -> None:
        """A frame was perceived."""
        frame = observation.frame
        with self._lock:
            if frame.epoch != self._epoch:  # other pictures, perhaps of another size
                self._epoch = frame.epoch
                for track in self._tracks.values():
                    track.trail.clear()
            for person in observation.persons:
                self._note_person(person, frame.time, frame.captured)
            if len(self._tracks) > _MOST_TRACKS:
                oldest = sorted(self._tracks, key=lambda number: self._tracks[number].last_seen)
                for number in oldest[: len(self._tracks) - _MOST_TRACKS]:
                    del self._tracks[number]

    def trails(self, observation: Observation) -> dict[int, Float32]:
        """Where the persons of a frame stood in the last `TRAIL_SECONDS`: ``(N, 2)`` pixels by track, oldest first."""
        with self._lock:
            return {
                person.track_id: np.array([point[1:] for point in self._tracks[person.track_id].trail], np.float32)
                for person in observation.persons
                if person.track_id in self._tracks
            }

    def moments(self, track_id: int) -> tuple[Moment, ...]:
        """What the first action head said of a track, oldest first; nothing of one that is not known."""
        with self._lock:
            track = self._tracks.get(track_id)
            return () if track is None else tuple(track.moments)

    def known(self) -> tuple[int, ...]:
        """Numbers of the tracks that are remembered."""
        with self._lock:
            return tuple(sorted(self._tracks))

    def _note_person(self, person: Person, time: float, captured: float) -> None:
        track = self._tracks.setdefault(person.track_id, _Track())
        track.last_seen = captured
        x = (float(person.box[0]) + float(person.box[2])) / 2
        track.trail.append((time, x, float(person.box[3])))
        while track.trail and not time - TRAIL_SECONDS <= track.trail[0][0] <= time:
            track.trail.popleft()
        if person.readings:
            reading = person.readings[0]
            last = track.moments[-1] if track.moments else None
            if last is None or captured - last.captured >= _LEAST_SECONDS or captured < last.captured:
                track.moments.append(Moment(time, captured, reading.raw, reading.smoothed, reading.labels))
            while captured - track.moments[0].captured > HISTORY_SECONDS:
                track.moments.popleft()
