"""Times of a live source: spaced as its own timestamps say, and increasing whatever these do."""

# A step of the timestamps may exceed the time that passed by this much: after a pause of the network, or at the start,
# servers send several seconds at once. What is more is a clock that was set.
LARGEST_LEAD_SECONDS = 5.0
REPAIR_SECONDS = 0.001  # by which a time that would not increase follows the one before


class LiveClock:
    """Assigns each picture of a live source a time in seconds that increases strictly, also across reconnects.

    The first picture of all has time 0. Within an epoch, steps are those of the stream's timestamps; where these are
    missing, go back or leap, and from one epoch to the next, a step is the time that passed between the arrivals.
    """

    def __init__(self, *, largest_lead: float = LARGEST_LEAD_SECONDS) -> None:
        """Args: largest_lead: Seconds by which a step may exceed the time that passed."""
        self._largest_lead = largest_lead
        self._time: float | None = None
        self._arrived = 0.0
        self._stamp: float | None = None

    def start_epoch(self) -> None:
        """The next picture is the first of another connection, whose timestamps begin anywhere."""
        self._stamp = None

    def place(self, stamp: float | None, arrived: float) -> float:
        """The time of the next picture.

        Args:
            stamp: Its timestamp in seconds, or None where the stream says none that can be believed.
            arrived: `time.monotonic` at its arrival.
        """
        if self._time is None:
            self._time = 0.0
        else:
            step = passed = arrived - self._arrived
            if stamp is not None and self._stamp is not None:
                told = stamp - self._stamp
                step = told if 0.0 < told <= passed + self._largest_lead else passed
            self._time += max(step, REPAIR_SECONDS)
        self._arrived, self._stamp = arrived, stamp
        return self._time
