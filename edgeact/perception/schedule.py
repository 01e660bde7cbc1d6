"""When the detector runs: at the start of a shot, every few frames, and when the tracker needs to know more.

All of it is decided here. Two stages ask, each in its own thread: the first for every frame, before anything is known
of who is followed; the second for the frames that the first left out, once the tracker has said what it misses.
"""

from edgeact.config import PipelineConfig
from edgeact.perception.pace import Pace

ROUNDING = 1e-6  # times are sums of fractions: what is due but for rounding is due
_NEVER = float("-inf")
_PAUSE = 2  # frames between a detection and one that the tracker asks for


class DetectionSchedule:
    """Decides on which frames of one source the detector runs.

    Args:
        config: ``detect_every`` and ``detect_every_seconds`` are used.
        pace: How rarely the detector runs; None takes the settings as they are.
    """

    def __init__(self, config: PipelineConfig, pace: Pace | None = None) -> None:
        self._frames, self._seconds = config.detect_every, config.detect_every_seconds
        self._pace = pace or Pace()
        # What the first stage has decided, and when.
        self._since_due, self._last_due = 0, _NEVER
        # Frames since the second stage has seen detections.
        self._since_known = 0

    def is_due(self, time: float, *, is_new: bool) -> bool:
        """Whether the detector runs on the next frame by the clock.

        Args:
            time: Of the frame in seconds.
            is_new: Whether a shot or an epoch begins with it.
        """
        factor = self._pace.detect_factor
        is_long = self._since_due >= factor * self._frames
        due = is_new or is_long or time - self._last_due >= factor * self._seconds - ROUNDING
        if due:
            self._since_due, self._last_due = 1, time
        else:
            self._since_due += 1
        return due

    def is_wanted(self, *, is_known: bool, would_help: bool) -> bool:
        """Whether the detector runs on a frame because the tracker needs it.

        Args:
            is_known: Whether it has run already.
            would_help: Whether the tracker would learn from it.
        """
        wanted = not is_known and would_help and self._since_known >= _PAUSE
        self._since_known = 1 if is_known or wanted else self._since_known + 1
        return wanted
