"""What is remembered of every track of a source: where it was, and what its action heads said over time.

Written by the thread that gives observations out, read by the window's.
"""

import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from desktop_ui.model.history import NOTHING, History, HistoryLog
from edgeact.types import Float32, Observation, Person

TRAIL_SECONDS = 4.0
HISTORY_SECONDS = 600.0
# Readings change five times a second; more often they are not kept.
_LEAST_SECONDS = 0.15
_MOST_TRACKS = 64  # the newest ones: a camera runs all day


@dataclass(slots=True, eq=False)
class _Track:
    trail: deque[tuple[float, float, float]] = field(default_factory=deque)  # time, x, y
    log: HistoryLog | None = None
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
        """Remember where the persons of a perceived frame were, and their scores."""
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

    def history(self, track_id: int) -> History:
        """What the first action head said of a track; nothing of one that is not known."""
        with self._lock:
            track = self._tracks.get(track_id)
            return NOTHING if track is None or track.log is None else track.log.history()

    @property
    def bytes_held(self) -> int:
        """That the scores take now; they are forgotten after `HISTORY_SECONDS`."""
        with self._lock:
            return sum(track.log.bytes_held for track in self._tracks.values() if track.log is not None)

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
            if track.log is None or track.log.actions != len(reading.raw):  # another bundle scores other actions
                track.log = HistoryLog(len(reading.raw))
            last = track.log.last_time
            if last is None or not last <= time < last + _LEAST_SECONDS:
                track.log.append(time, captured, reading.raw, reading.smoothed, reading.labels)
            track.log.forget(captured - HISTORY_SECONDS)
