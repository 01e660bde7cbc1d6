"""Actions of a head whose labels are independent of each other: several may be in force at once.

Each label goes by the rule of `edgeact.perception.actions`, for itself: it is in force while the highest of its
smoothed scores of the last moments reaches its own threshold, and while it is in force it has an event of its own.
"""

import numpy as np
import numpy.typing as npt

from edgeact.perception.actions import ActionRules, EventLog, LabelInForce, put_in_force
from edgeact.perception.smoothing import SmoothedScores
from edgeact.types import Event, Float32, Reading


class MultiLabelState:
    """What one track, or the scene, is doing by one multi-label head; to be used as an `ActionState` is.

    Args:
        rules: Of the head; its other label never comes into force.
        log: Of the source.
        track_id: The track; None for the scene.

    Attributes:
        reading: What is known now; None while nothing can be judged.
    """

    def __init__(self, rules: ActionRules, log: EventLog, *, track_id: int | None) -> None:
        self._rules, self._log, self._track_id = rules, log, track_id
        self._thresholds = np.array([rules.threshold(label) for label in range(len(rules.labels))], np.float32)
        if rules.other_label is not None:
            self._thresholds[rules.labels.index(rules.other_label)] = np.inf
        self._scores = SmoothedScores(smoothing_seconds=rules.smoothing_seconds, kept_seconds=rules.minimum_seconds)
        self._in_force: dict[int, LabelInForce] = {}
        self._last_seen = 0.0
        self.reading: Reading | None = None

    def update(
        self,
        time: float,
        raw: Float32,
        *,
        possible: npt.NDArray[np.bool_] | None = None,
        known_share: float = 1.0,
    ) -> tuple[Event, ...]:
        """Take in the scores of a time; see `ActionState.update`. What cannot be judged has a score of 0."""
        judged = raw if possible is None else np.asarray(np.where(possible, raw, np.float32(0)), np.float32)
        smoothed = self._scores.add(time, judged, known_share=known_share)
        highest = self._scores.highest()
        holds = highest >= self._thresholds
        events: list[Event] = []
        for label in [label for label in self._in_force if not holds[label]]:
            events += self._end(label)
        labels = np.flatnonzero(holds).tolist()
        for label in labels:
            events += self._tell(label, time, float(highest[label]))
        if labels:
            self._last_seen = time
        self.reading = Reading(
            self._rules.head,
            raw=raw,
            smoothed=np.where(holds, highest, smoothed).astype(np.float32),
            labels=tuple(self._rules.labels[label] for label in labels),
            scores=tuple(float(highest[label]) for label in labels),
        )
        return tuple(events)

    def note_seen(self, time: float) -> None:
        """The subject was seen at a time between readings, doing what it did."""
        self._last_seen = time

    def pause(self, time: float) -> tuple[Event, ...]:
        """Nothing can be judged at a time: when the last scores no longer count, all actions in force end."""
        if not self._scores.count_no_longer(time):
            return ()
        self._scores.forget()
        self.reading = None
        return self.close()

    def close(self) -> tuple[Event, ...]:
        """End all actions in force with the last frame that showed them."""
        return tuple(event for label in list(self._in_force) for event in self._end(label))

    def _end(self, label: int) -> tuple[Event, ...]:
        return self._in_force.pop(label).end(self._last_seen, self._rules)

    def _tell(self, label: int, time: float, score: float) -> tuple[Event, ...]:
        """The event of a label in force: that it began, or now and then that it lasts."""
        known = self._in_force.get(label)
        if known is not None:
            return known.go_on(time, score, self._rules)
        self._in_force[label], told = put_in_force(
            self._rules.labels[label], time, score, rules=self._rules, log=self._log, track_id=self._track_id
        )
        return told
