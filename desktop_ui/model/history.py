"""What an action head said of a track over time, in columns: a camera runs all day, and a timeline reads it often."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgeact.types import Float32

Float64: TypeAlias = npt.NDArray[np.float64]

_FIRST_ROOM = 64


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """N moments of a track, oldest first, with the scores of A actions.

    Attributes:
        times: ``(N,)`` float64 seconds of the epoch.
        captured: ``(N,)`` float64 `time.monotonic` of the frames: times of different epochs do not compare, these do.
        raw: ``(N, A)`` float32 as the graph gave them.
        smoothed: ``(N, A)`` float32.
        codes: ``(N,)`` int16: which of ``sets`` was in force.
        sets: The sets of actions that were in force at some time.
    """

    times: Float64
    captured: Float64
    raw: Float32
    smoothed: Float32
    codes: npt.NDArray[np.int16]
    sets: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.times)

    def labels(self, moment: int) -> tuple[str, ...]:
        """The actions that were in force at a moment."""
        return self.sets[self.codes[moment]]

    def part(self, chosen: "slice | npt.NDArray[np.bool_]") -> "History":
        """Some of the moments."""
        return History(
            self.times[chosen],
            self.captured[chosen],
            self.raw[chosen],
            self.smoothed[chosen],
            self.codes[chosen],
            self.sets,
        )


NOTHING = History(
    np.empty(0), np.empty(0), np.empty((0, 0), np.float32), np.empty((0, 0), np.float32), np.empty(0, np.int16), ()
)


def joined(parts: Sequence[History]) -> History:
    """The moments of several histories in the order in which they were captured; those of other actions are left out.

    Args:
        parts: The actions of the first one that is not empty count.
    """
    filled = [part for part in parts if len(part)]
    alike = [part for part in filled if part.raw.shape[1] == filled[0].raw.shape[1]]
    if len(alike) < 2:
        return alike[0] if alike else NOTHING
    sets = tuple(dict.fromkeys(labels for part in alike for labels in part.sets))
    codes = [np.array([sets.index(labels) for labels in part.sets], np.int16)[part.codes] for part in alike]
    captured = np.concatenate([part.captured for part in alike])
    order = np.argsort(captured, kind="stable")
    return History(
        np.concatenate([part.times for part in alike])[order],
        captured[order],
        np.concatenate([part.raw for part in alike])[order],
        np.concatenate([part.smoothed for part in alike])[order],
        np.concatenate(codes)[order],
        sets,
    )


class HistoryLog:
    """Takes the moments of one track; not safe to be used from several threads, what `history` gave is.

    Args:
        actions: How many the head scores.
    """

    def __init__(self, actions: int) -> None:
        self.actions = actions
        self._first = self._end = 0
        self._sets: dict[tuple[str, ...], int] = {}
        self._columns = self._empty(_FIRST_ROOM)

    def append(self, time: float, captured: float, raw: Float32, smoothed: Float32, labels: tuple[str, ...]) -> None:
        """One more moment; see `History`."""
        if self._end == len(self._columns.times):
            self._make_room()
        columns, end = self._columns, self._end
        columns.times[end], columns.captured[end] = time, captured
        columns.raw[end], columns.smoothed[end] = raw, smoothed
        columns.codes[end] = self._sets.setdefault(labels, len(self._sets))
        self._end += 1

    def forget(self, before: float) -> None:
        """Drop the moments that were captured before a time."""
        while self._first < self._end and self._columns.captured[self._first] < before:
            self._first += 1

    @property
    def last_time(self) -> float | None:
        """Seconds of the epoch of the newest moment."""
        return float(self._columns.times[self._end - 1]) if self._end > self._first else None

    @property
    def bytes_held(self) -> int:
        """Of all columns, with their room."""
        columns = self._columns
        parts = (columns.times, columns.captured, columns.raw, columns.smoothed, columns.codes)
        return sum(part.nbytes for part in parts)

    def history(self) -> History:
        """What is known now; what comes later does not change it."""
        return self._seen(self._columns)

    def _seen(self, columns: History) -> History:
        part = columns.part(slice(self._first, self._end))
        return History(part.times, part.captured, part.raw, part.smoothed, part.codes, tuple(self._sets))

    def _make_room(self) -> None:
        """Move into new columns with as much room again: whoever reads the old ones still may."""
        known = self._seen(self._columns)
        self._columns = self._empty(max(_FIRST_ROOM, 2 * len(known)))
        self._columns.times[: len(known)], self._columns.captured[: len(known)] = known.times, known.captured
        self._columns.raw[: len(known)], self._columns.smoothed[: len(known)] = known.raw, known.smoothed
        self._columns.codes[: len(known)] = known.codes
        self._first, self._end = 0, len(known)

    def _empty(self, room: int) -> History:
        scores = (room, self.actions)
        return History(
            np.empty(room),
            np.empty(room),
            np.empty(scores, np.float32),
            np.empty(scores, np.float32),
            np.empty(room, np.int16),
            (),
        )
