"""What time of day the moments of a source were."""

import time
from datetime import datetime, timedelta, timezone

from edgeact.types import Frame


class SourceClock:
    """Turns seconds of a source's own time into moments, by the newest frame.

    The computer's clock is asked once a frame: where it is set, only what comes later has the new time. How long
    something lasted always comes from the source's own time.
    """

    def __init__(self) -> None:
        self._seconds = 0.0  # of the source's own time, of the newest frame
        self._moment = datetime.now(timezone.utc)  # when that frame was captured

    def note(self, frame: Frame) -> None:
        """A frame has come."""
        age = time.monotonic() - frame.captured if frame.captured > 0.0 else 0.0
        self._seconds = frame.time
        self._moment = datetime.now(timezone.utc) - timedelta(seconds=max(0.0, age))

    @property
    def moment(self) -> datetime:
        """When the newest frame was captured, UTC."""
        return self._moment

    def at(self, seconds: float) -> datetime:
        """The moment of a time of the source, UTC."""
        return self._moment + timedelta(seconds=seconds - self._seconds)
