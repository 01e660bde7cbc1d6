"""What the timeline shows of a track: curves of scores, and stretches in which an action was in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from desktop_ui.model.history import Float64, History
from edgeact.types import Float32

TimeOf: TypeAlias = Callable[[History], Float64]

# A reading that is missing for longer than this is a pause: no line is drawn over it, and a stretch ends.
PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when a track did something, in seconds of the timeline.

    Attributes:
        track_id: Who.
        label: What; empty for a stretch that somebody has chosen freely.
        start, end: From when to when.
        is_corrected: Somebody has said so, not the network.
        seen_as: The number that the tracker gave, where somebody has said that it is another person.
    """

    track_id: int
    label: str
    start: float
    end: float
    is_corrected: bool = False
    seen_as: int | None = None

    @property
    def seen_track(self) -> int:
        """The number that the tracker gave."""
        return self.track_id if self.seen_as is None else self.seen_as

    def holds(self, time: float) -> bool:
        """Whether a time lies in it."""
        return self.start <= time <= self.end


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The scores of one action over time; NaN where there is a pause.

    Attributes:
        label: Which action.
        times: ``(N,)`` float64 seconds of the timeline.
        raw: ``(N,)`` float32.
        smoothed: ``(N,)`` float32.
    """

    label: str
    times: Float64
    raw: Float32
    smoothed: Float32


def time_of_day(history: History) -> Float64:
    """Seconds of the timeline of a live source: those of `time.monotonic`."""
    return history.captured


def time_of_file(history: History) -> Float64:
    """Seconds of the timeline of a file: its own."""
    return history.times


def stretches(history: History, track_id: int, time_of: TimeOf) -> tuple[Stretch, ...]:
    """When which action was in force, in the order of the beginnings."""
    if not len(history):
        return ()
    times = time_of(history)
    away = np.diff(times)
    is_pause = (away < 0) | (away > PAUSE_SECONDS)
    # Moments in which the same actions were in force are one run; there are few of them.
    firsts = np.flatnonzero(np.concatenate([[True], is_pause | (np.diff(history.codes) != 0)])).tolist()
    found: list[Stretch] = []
    going: dict[str, Stretch] = {}
    for first, following in zip(firsts, [*firsts[1:], len(history)], strict=True):
        labels, begin, end = history.labels(first), float(times[first]), float(times[following - 1])
        breaks = first > 0 and bool(is_pause[first - 1])
        for label in [label for label in going if breaks or label not in labels]:
            found.append(going.pop(label))
        for label in labels:
            start = going[label].start if label in going else begin
            going[label] = Stretch(track_id, label, start, end)
    return tuple(sorted([*found, *going.values()], key=lambda stretch: stretch.start))


def curves(
    history: History,
    labels: Sequence[str],
    time_of: TimeOf,
    *,
    within: tuple[float, float],
    label: str | None = None,
    most: int = 3,
) -> tuple[Curve, ...]:
    """The curves of the actions that score highest in a part of the timeline, the highest first.

    Args:
        history: Of one track.
        labels: Of the action head.
        time_of: Seconds of the timeline of its moments.
        within: The part that is seen; scores outside do not count.
        label: Only this action; None takes those that score highest.
        most: So many at most.
    """
    if not len(history) or history.raw.shape[1] != len(labels):  # of another bundle
        return ()
    times, raw, smoothed = time_of(history), history.raw, history.smoothed
    seen = smoothed[(times >= within[0]) & (times <= within[1])]
    heights = (seen if len(seen) else smoothed).max(0)
    order = sorted(range(len(labels)), key=lambda number: -float(heights[number]))
    chosen = [number for number in order if label is None or labels[number] == label][:most]
    pauses = np.flatnonzero(np.abs(np.diff(times)) > PAUSE_SECONDS) + 1
    times = np.insert(times, pauses, np.nan)
    return tuple(
        Curve(
            labels[number],
            times,
            np.insert(raw[:, number], pauses, np.nan).astype(np.float32),
            np.insert(smoothed[:, number], pauses, np.nan).astype(np.float32),
        )
        for number in chosen
    )


def moment_at(history: History, time: float, time_of: TimeOf) -> int | None:
    """The moment that is nearest to a time; None before the first word, and in a pause."""
    if not len(history):
        return None
    away = np.abs(time_of(history) - time)
    best = int(np.argmin(away))
    return best if away[best] <= PAUSE_SECONDS else None


def score_lines(history: History, moment: int, labels: Sequence[str], *, most: int = 3) -> tuple[str, ...]:
    """The highest scores of a moment in words: ``walk 0.92 (raw 0.88)``."""
    raw, smoothed = history.raw[moment], history.smoothed[moment]
    if len(smoothed) != len(labels):
        return ()
    order = np.argsort(-smoothed, kind="stable")[:most].tolist()
    return tuple(
        f"{labels[number].replace('_', ' ')} {smoothed[number]:.2f} (raw {raw[number]:.2f})" for number in order
    )


def stretch_at(found: Sequence[Stretch], time: float) -> Stretch | None:
    """The stretch that holds a time, the shortest of several."""
    holding = [stretch for stretch in found if stretch.holds(time)]
    return min(holding, key=lambda stretch: stretch.end - stretch.start, default=None)


def clock_words(seconds: float) -> str:
    """Seconds of a file as minutes and seconds: ``1:07``, with hours where there are any: ``1:02:07``."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
