"""Turns the presentation timestamps of a container into times that can be relied on: always there, strictly
increasing.
"""

import math

# A timestamp that lies further back than this is no disorder of single frames but a clock that was set anew
# (a joined recording, a transport stream that wrapped around).
CLOCK_RESET_SECONDS = 1.0
# A time that has to be made up follows its predecessor by this: less than any usual distance of frames, so the next
# frame keeps its own time, and more than one tick of the usual time bases, so it survives in a written video.
REPAIR_SECONDS = 0.001


class Timeline:
    """Repairs timestamps that are missing or do not increase; the others pass unchanged.

    - A missing timestamp becomes the previous time plus ``step``.
    - One that does not increase, by up to a second, becomes the previous time plus a millisecond: the frames after it
      keep theirs.
    - One that lies more than a second back starts a new clock: it becomes the previous time plus ``step``, and the
      frames after it are shifted with it, so that their distances stay.

    Attributes:
        repaired: How many times differ from their timestamp.
    """

    def __init__(self, *, step: float) -> None:
        """Args: step: The usual distance of two frames in seconds, greater than 0."""
        self.repaired = 0
        self._step = step
        self._shift = 0.0
        self._last: float | None = None

    def place(self, stamp: float | None) -> float:
        """The time in seconds of the next frame, whose timestamp in seconds is ``stamp`` (None: it has none)."""
        time = self._after(self._step) if stamp is None else stamp + self._shift
        if stamp is not None and self._last is not None and time <= self._last:
            if self._last - time > CLOCK_RESET_SECONDS:
                time = self._after(self._step)
                self._shift = time - stamp
            else:
                time = self._after(REPAIR_SECONDS)
        if stamp is None or time != stamp:
            self.repaired += 1
        self._last = time
        return time

    def _after(self, seconds: float) -> float:
        if self._last is None:
            return 0.0
        return max(self._last + seconds, math.nextafter(self._last, math.inf))
