"""Delivers what waits for one output, in order, from a thread of its own, for as long as it takes."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from edgeact.daemon.event_store import EventStore
from edgeact.errors import EdgeactError
from edgeact.stopping import join_or_leave, named_thread, start_thread

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 60.0
# Of the outage so far: a receiver that was away for ten seconds gets what waits within two, one that was away for a day
# is asked once a minute.
SHARE_OF_OUTAGE = 0.2
_POLL_SECONDS = 1.0


class Outbox:
    """The queue of one output, which is on the disk: what was not delivered before a crash is delivered after it.

    A delivery that fails is tried again, after a second at first, then ever more rarely, up to a minute; what is behind
    it waits.

    Args:
        store: Where events wait.
        output: The name of the output in the store and in messages.
        deliver: Sends one phase of an event, as `EventRecord.as_json` has it; raises an `EdgeactError` where it cannot.

    Attributes:
        sent: Phases that were delivered since the start.
        error: Why the last attempt failed; None while it works.
    """

    def __init__(self, store: EventStore, output: str, deliver: Callable[[Mapping[str, Any]], None]) -> None:
        self.sent = 0
        self.error: str | None = None
        self._store, self._output, self._deliver = store, output, deliver
        self._stop, self._hurry = threading.Event(), threading.Event()
        self._thread = named_thread(f"{output} outbox", self._run)

    def start(self) -> None:
        """Begin to deliver.

        Raises:
            PipelineError: The system gives no more threads.
        """
        start_thread(self._thread)

    def hurry(self) -> None:
        """End the wait before the next attempt, because the receiver is back."""
        self._hurry.set()

    def stop(self, seconds: float) -> None:
        """Deliver what waits as far as that is possible at once, and end; wait for so long at most."""
        self._stop.set()
        self._hurry.set()
        join_or_leave([self._thread], time.monotonic() + seconds)

    def _run(self) -> None:
        failed: float | None = None  # since when, of `time.monotonic`
        while True:
            try:
                has_more = self._deliver_some()
            except EdgeactError as error:
                self._note(str(error))
            except Exception as error:
                logger.exception("%s: delivering failed", self._output)
                self._note(f"{type(error).__name__}: {error}")
            else:
                self._note(None)
                failed = None
                if self._stop.is_set() and not has_more:
                    return
                if not has_more:
                    self._store.wait(_POLL_SECONDS)
                continue
            failed = failed or time.monotonic()
            outage = time.monotonic() - failed
            self._hurry.wait(min(max(FIRST_RETRY_SECONDS, SHARE_OF_OUTAGE * outage), LONGEST_RETRY_SECONDS))
            if self._stop.is_set():
                return
            self._hurry.clear()

    def _deliver_some(self) -> bool:
        """Deliver what waits now; whether there was any."""
        waiting, last = self._store.waiting(self._output), None
        try:
            for one in waiting:
                self._deliver(one.record)
                last = one.number
                self.sent += 1
        finally:  # once for all of them: each time costs a write to the disk
            if last is not None:
                self._store.delivered(self._output, last)
        return bool(waiting)

    def _note(self, error: str | None) -> None:
        if error != self.error:
            if error is None:
                logger.info("%s works again", self._output)
            else:
                logger.error("%s: %s; what waits is tried again", self._output, error)
        self.error = error
