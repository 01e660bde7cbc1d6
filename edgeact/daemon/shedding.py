"""What is given up when there is not time for everything, in which order, and when it comes back.

All cameras give up the first thing before one gives up the second; of those that are equal, the one of lower priority
does first. What was given up last comes back first. After each step nothing is done for a while, so that its effect is
seen; and where something that came back had to be given up again, the next try waits twice as long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Step: TypeAlias = Literal["attention", "clip", "detector", "frames"]
STEPS: tuple[Step, ...] = ("attention", "clip", "detector", "frames")

BEHIND_SHARE = 0.8  # of the frames that are wanted and come: who gets less is behind
BUSY, IDLE = (
    0.85,
    0.6,
)  # of the busiest perceiving thread's time: above the one it is too slow, under the other it has time
SHED_SECONDS = 5.0  # from one step to the next
RECOVER_SECONDS, LONGEST_RECOVER_SECONDS = 30.0, 600.0


@dataclass(frozen=True, slots=True)
class Load:
    """How one camera fared since the last look.

    Attributes:
        wanted: Frames a second that are wanted and come.
        perceived: Frames a second that were perceived.
    """

    wanted: float
    perceived: float

    @property
    def is_behind(self) -> bool:
        """Whether the camera gets clearly fewer frames a second than it wants."""
        return self.perceived < BEHIND_SHARE * self.wanted


class Shedding:
    """Decides how many of the steps each camera has given up.

    Args:
        steps: In the order in which they are given up.
        priorities: Of the cameras, by name; the higher one keeps more.

    Attributes:
        levels: How many steps each camera has given up, by name.
    """

    def __init__(self, steps: Sequence[Step], priorities: Mapping[str, int]) -> None:
        self.levels = dict.fromkeys(priorities, 0)
        self._steps, self._priorities = tuple(steps), dict(priorities)
        self._acted = float("-inf")
        self._idle_since: float | None = None
        self._recovered = float("-inf")
        self._patience = RECOVER_SECONDS

    def given_up(self, camera: str) -> tuple[Step, ...]:
        """What a camera has given up."""
        return self._steps[: self.levels[camera]]

    def advance(self, time: float, loads: Mapping[str, Load], busy: float) -> str | None:
        """Give up one step of one camera, take one back, or do nothing.

        Args:
            time: Seconds, of a clock that is not set.
            loads: Of the cameras that give frames, since the last call.
            busy: Share of its time that the busiest perceiving thread has worked.

        Returns:
            The camera whose level has changed, or None.
        """
        is_behind = any(load.is_behind for load in loads.values())
        if is_behind and busy >= BUSY:
            self._idle_since = None
            return self._shed(time, [name for name in loads if self.levels[name] < len(self._steps)])
        if is_behind or busy >= IDLE:
            self._idle_since = None
            return None
        if self._idle_since is None:
            self._idle_since = time
        if time - self._idle_since < self._patience:
            return None
        return self._recover(time)

    def _shed(self, time: float, able: Sequence[str]) -> str | None:
        if not able or time - self._acted < SHED_SECONDS:
            return None
        if time - self._recovered < 2 * RECOVER_SECONDS:  # it has just come back, and was too much
            self._patience = min(2 * self._patience, LONGEST_RECOVER_SECONDS)
            self._recovered = float("-inf")
        chosen = min(able, key=lambda name: (self.levels[name], self._priorities[name]))
        self.levels[chosen] += 1
        self._acted = time
        return chosen

    def _recover(self, time: float) -> str | None:
        able = [name for name, level in self.levels.items() if level > 0]
        if not able:
            self._patience = RECOVER_SECONDS
            return None
        chosen = max(able, key=lambda name: (self.levels[name], self._priorities[name]))
        self.levels[chosen] -= 1
        self._acted = self._recovered = self._idle_since = time
        return chosen
