"""From noisy scores of clips to actions that start, last and end.

Scores are smoothed over time (an exponential average by seconds, so that it means the same at any rate of clips). What
an action is decided on is the highest smoothed score that it had within the last moments, as long as the shortest event
lasts. It is in force while that score reaches the bundle's ``action_score``. So the score that is shown is the one that
decided, an action that has come into force lasts long enough to be an event, a score that falters for a moment does not
end it, and every frame that shows an action lies in an event that holds it.
"""

from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import numpy.typing as npt

from edgeact.perception.smoothing import ROUNDING, SmoothedScores
from edgeact.types import Event, EventSubject, Float32, Reading

UPDATE_SECONDS = 1.0  # an event that lasts is told again so often: often enough for a person who watches


@dataclass(frozen=True, slots=True)
class ActionRules:
    """How the scores of one action head become actions, the same for every track.

    Attributes:
        head: Name of the head.
        labels: In the order of the scores.
        other_label: The one that is no action; None where each label is one.
        start_score: Smoothed score that puts an action in force.
        smoothing_seconds: Time constant of the average; 0 takes the raw scores.
        minimum_seconds: For how long a score counts: an action in force lasts at least so long, unless its track ends.
        has_events: Whether actions of this head become events.
        label_scores: A score for each label in place of ``start_score``; None where all have the same.
        multi_label: Whether several actions may be in force at once.
    """

    head: str
    labels: tuple[str, ...]
    other_label: str | None
    start_score: float
    smoothing_seconds: float
    minimum_seconds: float
    has_events: bool = True
    label_scores: tuple[float, ...] | None = None
    multi_label: bool = False

    def threshold(self, label: int) -> float:
        """The smoothed score that puts a label in force, by its position."""
        return self.start_score if self.label_scores is None else self.label_scores[label]


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


@dataclass(slots=True)
class LabelInForce:
    """A label that is currently assigned to a person, and the event that it belongs to.

    Attributes:
        event: The open event of the label, with the highest score so far.
        told: When the event was told last, in seconds of the source's time.
    """

    event: Event
    told: float

    def go_on(self, time: float, score: float, rules: ActionRules) -> tuple[Event, ...]:
        """Note that the label still holds; returns the update of its event where one is due."""
        self.event = replace(self.event, score=max(self.event.score, score))
        if not rules.has_events or time - self.told < UPDATE_SECONDS - ROUNDING:
            return ()
        self.told = time
        return (replace(self.event, phase="update"),)

    def end(self, time: float, rules: ActionRules) -> tuple[Event, ...]:
        """The last phase of the event, for a label that is no longer in force."""
        return (replace(self.event, phase="end", end=time),) if rules.has_events else ()


def put_in_force(
    label: str, time: float, score: float, *, rules: ActionRules, log: EventLog, track_id: int | None
) -> tuple[LabelInForce, tuple[Event, ...]]:
    """Bring a label into force; returns it, and the first phase of its event where the head has events.

    Args:
        label: The label.
        time: Seconds of the source's time.
        score: The smoothed score that decided.
        rules: Of the head.
        log: Of the source; numbers the event.
        track_id: The track; None for the scene.
    """
    subject: EventSubject = "scene" if track_id is None else "track"
    event = log.begin(subject=subject, track_id=track_id, label=label, start=time, score=score)
    return LabelInForce(event, time), (event,) if rules.has_events else ()


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
        self._other = None if rules.other_label is None else rules.labels.index(rules.other_label)
        self._scores = SmoothedScores(smoothing_seconds=rules.smoothing_seconds, kept_seconds=rules.minimum_seconds)
        self._current: int | None = None
        self._in_force: LabelInForce | None = None  # the event of the current action
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
        judged = raw if possible is None else self._judged(raw, possible)
        smoothed = self._scores.add(time, judged, known_share=known_share)
        best = int(smoothed.argmax())
        starts = best != self._other and float(smoothed[best]) >= self._rules.threshold(best)
        events: tuple[Event, ...] = ()
        if self._current is not None and self._in_force is not None:
            deciding = self._scores.deciding(self._current)
            has_faded = float(deciding[self._current]) < self._rules.threshold(self._current)
            has_lasted = time - self._in_force.event.start >= self._rules.minimum_seconds - ROUNDING
            if has_faded or (starts and best != self._current and has_lasted):
                events += self.close()
        if self._current is None and starts:
            self._current = best
        if self._current is None:
            self.reading = Reading(self._rules.head, raw=raw, smoothed=smoothed)
            return events
        deciding, self._last_seen = self._scores.deciding(self._current), time
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
        if not self._scores.count_no_longer(time):
            return ()
        self._scores.forget()
        self.reading = None
        return self.close()

    def close(self) -> tuple[Event, ...]:
        """End the action in force with the last frame that showed it; nothing where there is none."""
        if self._in_force is None:
            return ()
        ended = self._in_force.end(self._last_seen, self._rules)
        self._current, self._in_force = None, None
        return ended

    def _tell(self, time: float, label: str, score: float) -> tuple[Event, ...]:
        """The event of the action in force: that it began, or now and then that it lasts."""
        if self._in_force is not None:
            return self._in_force.go_on(time, score, self._rules)
        self._in_force, told = put_in_force(
            label, time, score, rules=self._rules, log=self._log, track_id=self._track_id
        )
        return told

    def _judged(self, raw: Float32, possible: npt.NDArray[np.bool_]) -> Float32:
        judged = np.where(possible, raw, np.float32(0))
        if self._other is not None:
            judged[self._other] = 1 - (judged.sum() - judged[self._other])
        return np.asarray(judged, np.float32)
