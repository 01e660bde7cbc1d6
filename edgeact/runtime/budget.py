"""What one source may take of a session: memory, frames a second, and turns where there is not enough for all."""

import math
from dataclasses import dataclass

from edgeact.errors import UsageError
from edgeact.memory import DEFAULT_MEMORY


@dataclass(frozen=True, slots=True)
class Budget:
    """What one source may take.

    Attributes:
        queue_frames: Frames that may wait between two stages; fewer when they are large.
        memory: Bytes that its frames, its decoder and its encoder may take together.
        most_frames_per_second: So many frames a second of wall-clock time are perceived at most: a file is read no
            faster, further frames of a live source are dropped and counted. None sets no limit.
        priority: Where sources together want more than the machine can do, their frames a second are as their
            priorities; twice the priority of another source is twice as many. It changes nothing while all get what
            they want.

    Raises:
        UsageError: A rate or priority is not a finite number above 0.
    """

    queue_frames: int = 4
    memory: int = DEFAULT_MEMORY
    most_frames_per_second: float | None = None
    priority: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("most_frames_per_second", self.most_frames_per_second), ("priority", self.priority)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"the budget's {name} is {value}; give a number above 0")


class Pace:
    """When the next frame of a source is within its budget; used from one thread.

    Args:
        frames_per_second: At most so many; None admits all.
    """

    def __init__(self, frames_per_second: float | None) -> None:
        self._period = 0.0 if frames_per_second is None else 1.0 / frames_per_second
        self._due = -math.inf  # when the next frame is expected, in seconds of `time.monotonic`

    def seconds_left(self, now: float) -> float:
        """Seconds from ``now`` until a frame may come; 0 or less when it may come now.

        It may be early by half a period, because frames never come quite evenly: of a camera of just as many frames a
        second as the budget has, none is dropped.
        """
        return self._due - self._period / 2 - now

    def take(self, now: float) -> None:
        """A frame came. One that is late by less than a period does not delay those after it, so that of 25 frames a
        second 10 are perceived on average, and not 8; a pause is not made up for.
        """
        self._due = (self._due if now - self._due < self._period else now) + self._period
