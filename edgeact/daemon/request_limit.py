"""How many requests a client of the daemon's pages may make."""

from collections import OrderedDict

RATE = 10.0  # a second; Prometheus and a browser's page ask every few seconds
BURST = 30.0
MOST_CLIENTS = 1000  # that are remembered


class RequestLimit:
    """A bucket of requests for each client, which fills up again. Used from one thread."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # by client: when, and how many then

    def allows(self, client: str, now: float) -> bool:
        """Whether a client may ask now; counts the request if it may.

        Args:
            client: Its address.
            now: Of `time.monotonic`.
        """
        since, left = self._left.pop(client, (now, BURST))
        left = min(BURST, left + (now - since) * RATE)
        is_allowed = left >= 1.0
        self._left[client] = (now, left - 1.0 if is_allowed else left)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return is_allowed
