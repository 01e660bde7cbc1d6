"""From noisy scores of clips to actions that start, last and end.

Scores are smoothed over time (an exponential average by seconds, so that it means the same at any rate of clips). What
an action is decided on is the highest smoothed score that it had within the last moments, as long as the shortest event
lasts. It is in force while that score reaches the bundle's ``action_score``. So the score that is shown is the one that
decided, an action that has come into force lasts long enough to be an event, a score that falters for a moment does not
end it, and every frame that shows an action lies in an event that holds it.
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import numpy.typing as npt

from edgeact.types import Event, EventSubject, Float32, Reading

_ROUNDING = 1e-6  # times are sums of fractions: what is as long as the minimum but for rounding is long enough
_UPDATE_SECONDS = 1.0  # an event that lasts is told again so often: often enough for a person who watches


@dataclass(frozen=True, slots=True)
class ActionRules:
    """How the scores of one action head become actions, the same for every track.

    Attributes:
        head: Name of the head.
        labels: In the order of the scores.
        other_label: The one that is no action.
        start_score: Smoothed score that puts an action in force.
        smoothing_seconds: Time constant of the average; 0 takes the raw scores.
        minimum_seconds: For how long a score counts: an action in force lasts at least so long, unless its track ends.
        has_events: Whether actions of this head become events.
    """

    head: str
    labels: tuple[str, ...]
    other_label: str
    start_score: float
    smoothing_seconds: float
    minimum_seconds: float
    has_events: bool = True


class EventLog:
    """Creates the events of one source and numbers them; each event carries the source's current epoch.

    Args:
        source: Name of the source.

    Attributes:
        epoch: Of the source; set when it starts anew.
    """

    def __init__(self, source: str = "") -> None:
        self._source = source
        self._numbers = count(1)
        self.epoch = 0

    def begin(self, *, subject: EventSubject, track_id: int | None, label: str, start: float, score: float) -> Event:
        """A new event of an action."""
        return Event(
            id=next(self._numbers),
            phase="new",
            source=self._source,
            epoch=self.epoch,
            kind="action",
            subject=subject,
            track_id=track_id,
            label=label,
            start=start,
            end=None,
            score=score,
        )


class ActionState:
    """What one track, or the scene, is doing by one action head.

    Args:
        rules: Of the head.
        log: Of the source.
        track_id: The track; None for the scene.

    Attributes:
        reading: What is known now; None while nothing can be judged.
    """

    def __init__(self, rules: ActionRules, log: EventLog, *, track_id: int | None) -> None:
        self._rules, self._log, self._track_id = rules, log, track_id
        self._other = rules.labels.index(rules.other_label)
        self._smoothed: Float32 | None = None
        self._known_share = 1.0  # of the last clip
        self._time = 0.0
        self._recent: deque[tuple[float, Float32]] = deque()  # smoothed scores of the last `minimum_seconds`
        self._current: int | None = None
        self._event: Event | None = None  # of the action in force
        self._told = 0.0  # when the event was told last
        self._last_seen = 0.0  # the last frame that showed the action in force
        self.reading: Reading | None = None

    def update(
        self,
        time: float,
        raw: Float32,
        *,
        possible: npt.NDArray[np.bool_] | None = None,
        known_share: float = 1.0,
    ) -> tuple[Event, ...]:
        """Take in the scores of the clip that ends at a time.

        Args:
            time: Seconds, not before that of the last call.
            raw: ``(A,)`` float32 probabilities as the graph gave them.
            possible: ``(A,)`` which actions can be judged by what is visible; the probability of the rest counts as the
                other label's. All without it.
            known_share: How much of the clip the track was known for, 0..1: what came before it, of which less was
                known, counts for less.

        Returns:
            The events that ended, began or went on with this. `reading` holds what is known now.
        """
        smoothed = self._smooth(time, raw if possible is None else self._judged(raw, possible), known_share)
        best = int(smoothed.argmax())
        starts = best != self._other and float(smoothed[best]) >= self._rules.start_score
        events: tuple[Event, ...] = ()
        if self._current is not None and self._event is not None:
            has_faded = float(self._deciding()[self._current]) < self._rules.start_score
            has_lasted = time - self._event.start >= self._rules.minimum_seconds - _ROUNDING
            if has_faded or (starts and best != self._current and has_lasted):
                events += self.close()
        if self._current is None and starts:
            self._current = best
        if self._current is None:
            self.reading = Reading(self._rules.head, raw=raw, smoothed=smoothed)
            return events
        deciding, self._last_seen = self._deciding(), time
        label, score = self._rules.labels[self._current], float(deciding[self._current])
        self.reading = Reading(self._rules.head, raw=raw, smoothed=deciding, labels=(label,), scores=(score,))
        return events + self._tell(time, label, score)

    def note_seen(self, time: float) -> None:
        """The person was seen at a time between clips, doing what they did."""
        self._last_seen = time

    def pause(self, time: float) -> tuple[Event, ...]:
        """Nothing can be judged at a time: when the last scores no longer count, the action in force ends.

        Returns:
            The event that ended with this. `reading` is None from then on.
        """
        if self._smoothed is None or time - self._time <= self._rules.minimum_seconds + _ROUNDING:
            return ()
        self._smoothed, self.reading = None, None
        return self.close()

    def close(self) -> tuple[Event, ...]:
        """End the action in force with the last frame that showed it; nothing where there is none."""
        if self._event is None:
            return ()
        ended = replace(self._event, phase="end", end=self._last_seen)
        self._current, self._event = None, None
        return (ended,) if self._rules.has_events else ()

    def _tell(self, time: float, label: str, score: float) -> tuple[Event, ...]:
        """The event of the action in force: that it began, or now and then that it lasts."""
        if self._event is None:
            self._event = self._log.begin(
                subject="scene" if self._track_id is None else "track",
                track_id=self._track_id,
                label=label,
                start=time,
                score=score,
            )
            self._told = time
            return (self._event,) if self._rules.has_events else ()
        self._event = replace(self._event, score=max(self._event.score, score))
        if not self._rules.has_events or time - self._told < _UPDATE_SECONDS - _ROUNDING:
            return ()
        self._told = time
        return (replace(self._event, phase="update"),)

    def _judged(self, raw: Float32, possible: npt.NDArray[np.bool_]) -> Float32:
        judged = np.where(possible, raw, np.float32(0))
        judged[self._other] = 1 - (judged.sum() - judged[self._other])
        return np.asarray(judged, np.float32)

    def _smooth(self, time: float, scores: Float32, known_share: float) -> Float32:
        """The smoothed scores ``(A,)``, which are remembered as long as they count."""
        if self._smoothed is None or self._rules.smoothing_seconds == 0:
            self._smoothed = scores.astype(np.float32)
        else:
            # Scores at the start of a track are guesses from a short history: with equal weights they would delay
            # what a longer one shows by a fifth of a second.
            growth = min(self._known_share / known_share, 1.0) ** 2
            share = 1.0 - growth * math.exp(-(time - self._time) / self._rules.smoothing_seconds)
            self._smoothed = np.asarray(self._smoothed + np.float32(share) * (scores - self._smoothed), np.float32)
        self._time, self._known_share = time, known_share
        self._recent.append((time, self._smoothed))
        while time - self._recent[0][0] > self._rules.minimum_seconds + _ROUNDING:
            self._recent.popleft()
        return self._smoothed

    def _deciding(self) -> Float32:
        """Of the smoothed scores that count, those ``(A,)`` in which the action in force is highest."""
        return max((scores for _, scores in self._recent), key=lambda scores: float(scores[self._current]))
