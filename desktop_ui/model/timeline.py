"""What the timeline shows of a track: curves of scores, and stretches in which an action was in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from desktop_ui.model.tracks import Moment
from edgeact.types import Float32

TimeOf: TypeAlias = Callable[[Moment], float]

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
    """

    track_id: int
    label: str
    start: float
    end: float
    is_corrected: bool = False

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
    times: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"
    raw: Float32
    smoothed: Float32


def time_of_day(moment: Moment) -> float:
    """Seconds of the timeline of a live source: those of `time.monotonic`."""
    return moment.captured


def time_of_file(moment: Moment) -> float:
    """Seconds of the timeline of a file: its own."""
    return moment.time


def stretches(moments: Sequence[Moment], track_id: int, time_of: TimeOf) -> tuple[Stretch, ...]:
    """When which action was in force, in the order of the beginnings."""
    found: list[Stretch] = []
    going: dict[str, Stretch] = {}
    last: float | None = None
    for moment in moments:
        now = time_of(moment)
        is_pause = last is not None and not 0.0 <= now - last <= PAUSE_SECONDS
        for label in [label for label in going if is_pause or label not in moment.labels]:
            found.append(going.pop(label))
        for label in moment.labels:
            before = going.get(label)
            start = now if before is None else before.start
            going[label] = Stretch(track_id, label, start, now)
        last = now
    return tuple(sorted([*found, *going.values()], key=lambda stretch: stretch.start))


def curves(
    moments: Sequence[Moment],
    labels: Sequence[str],
    time_of: TimeOf,
    *,
    within: tuple[float, float],
    label: str | None = None,
    most: int = 3,
) -> tuple[Curve, ...]:
    """The curves of the actions that score highest in a part of the timeline, the highest first.

    Args:
        moments: Of one track, oldest first.
        labels: Of the action head.
        time_of: Seconds of the timeline of a moment.
        within: The part that is seen; scores outside do not count.
        label: Only this action; None takes those that score highest.
        most: So many at most.
    """
    moments = [moment for moment in moments if len(moment.smoothed) == len(labels)]
    if not moments:
        return ()
    times = np.array([time_of(moment) for moment in moments], np.float64)
    raw = np.array([moment.raw for moment in moments], np.float32)
    smoothed = np.array([moment.smoothed for moment in moments], np.float32)
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


def moment_at(moments: Sequence[Moment], time: float, time_of: TimeOf) -> Moment | None:
    """What was said last at a time; None before the first word, and in a pause."""
    best = min(moments, key=lambda moment: abs(time_of(moment) - time), default=None)
    return best if best is not None and abs(time_of(best) - time) <= PAUSE_SECONDS else None


def score_lines(moment: Moment, labels: Sequence[str], *, most: int = 3) -> tuple[str, ...]:
    """The highest scores of a moment in words: ``walk 0.92 (raw 0.88)``."""
    if len(moment.smoothed) != len(labels):
        return ()
    order = np.argsort(-moment.smoothed, kind="stable")[:most].tolist()
    return tuple(
        f"{labels[number].replace('_', ' ')} {moment.smoothed[number]:.2f} (raw {moment.raw[number]:.2f})"
        for number in order
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
