"""From noisy scores of clips to actions that start, last and end.

Scores are smoothed over time (an exponential average by seconds, so that it means the same at any rate of clips). An
action starts when its smoothed score is the highest and reaches the bundle's ``action_score``, and ends when it falls
under half of that or another one takes over: the gap between the two keeps it from flickering. Raw scores are kept
beside the smoothed ones.
"""

import math
from dataclasses import dataclass

import numpy as np

from edgeact.types import Action, ActionEvent, Float32

# An action ends at this share of the score that it starts with.
END_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What the actions of every track follow.

    Attributes:
        labels: In the order of the scores.
        other_label: The one that is no action.
        start_score: Smoothed score from which an action starts.
        smoothing_seconds: Time constant of the average; 0 takes the raw scores.
        minimum_seconds: Shorter actions are not reported as events.
    """

    labels: tuple[str, ...]
    other_label: str
    start_score: float
    smoothing_seconds: float
    minimum_seconds: float


class ActionState:
    """What one track is doing."""

    def __init__(self, track_id: int, rules: ActionRules) -> None:
        self._track_id = track_id
        self._rules = rules
        self._other = rules.labels.index(rules.other_label)
        self._smoothed: Float32 | None = None
        self._time = 0.0
        self._current: int | None = None
        self._start = 0.0
        self._peak = 0.0
        self.action: Action | None = None

    def update(self, time: float, raw: Float32) -> ActionEvent | None:
        """Take in the scores of the clip that ends at a time.

        Args:
            time: Seconds, not before that of the last call.
            raw: ``(A,)`` float32 probabilities as the clip graph gave them.

        Returns:
            The action that ended with this, if it lasted long enough to be reported. `action` holds what is known now.
        """
        rules = self._rules
        if self._smoothed is None or rules.smoothing_seconds == 0:
            self._smoothed = raw.astype(np.float32)
        else:
            share = 1.0 - math.exp(-(time - self._time) / rules.smoothing_seconds)
            self._smoothed = np.asarray(self._smoothed + np.float32(share) * (raw - self._smoothed), np.float32)
        self._time = time
        best = int(self._smoothed.argmax())
        starts = best != self._other and float(self._smoothed[best]) >= rules.start_score
        ended = None
        if self._current is not None and (
            float(self._smoothed[self._current]) < END_SHARE * rules.start_score or (starts and best != self._current)
        ):
            ended = self.close()
        if self._current is None and starts:
            self._current, self._start, self._peak = best, time, 0.0
        if self._current is not None:
            self._peak = max(self._peak, float(self._smoothed[self._current]))
        label = None if self._current is None else rules.labels[self._current]
        score = None if self._current is None else float(self._smoothed[self._current])
        self.action = Action(raw=raw, smoothed=self._smoothed, label=label, score=score)
        return ended

    def close(self) -> ActionEvent | None:
        """End the action in force at the time of the last clip; the event, if it lasted long enough to be reported."""
        if self._current is None:
            return None
        label, self._current = self._rules.labels[self._current], None
        # Times are sums of fractions; what is as long as the minimum but for rounding counts.
        if self._time - self._start < self._rules.minimum_seconds - 1e-6:
            return None
        return ActionEvent(
            track_id=self._track_id, label=label, start=self._start, end=self._time, peak_score=self._peak
        )
