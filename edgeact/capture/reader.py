"""Reads one connection of a live source in a thread of its own, which may hang: it is watched from outside."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Protocol

from edgeact.capture.address import redact
from edgeact.capture.connection import Arrival
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.errors import OWN_FAULT
from edgeact.queues import QueueAbortedError
from edgeact.stopping import named_thread, start_thread

logger = logging.getLogger(__name__)


class LiveConnection(Protocol):
    """What a reader reads; `edgeact.capture.connection.Connection` is the real one, whose attributes these are."""

    rate: Fraction | None
    ends: bool
    mode: str | None
    packets: int

    def arrivals(self, left: threading.Event) -> Iterator[Arrival]:
        """Yield the pictures until the stream ends or ``left`` is set, raise `SourceFaultError` when it breaks."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Reader:
    """One connection from opening to closing, all in one thread.

    Attributes:
        thread: The thread.
        begun: `time.monotonic` at the start.
        connection: What was opened, or None before that.
        opened: `time.monotonic` at which it was.
        last_frame: `time.monotonic` of the newest picture, or None before the first.
        is_waiting: A picture waits for its place in a queue, so that no news is good news.
        has_ended: The thread has nothing more to do.
        fault: Why it ended, or None for the end of the stream.
    """

    def __init__(
        self,
        open_connection: Callable[[], LiveConnection],
        deliver: Callable[["Reader", Arrival], None],
        *,
        name: str,
        changed: threading.Condition,
    ) -> None:
        """Start the thread.

        Args:
            open_connection: Connects; may hang.
            deliver: Takes each picture; may wait for room, and raises `QueueAbortedError` when nobody wants any more.
            name: The source, without secrets.
            changed: Told when the connection was opened, gave its first picture, and ended.

        Raises:
            PipelineError: The system gives no more threads.
        """
        self.begun = self.opened = time.monotonic()
        self.connection: LiveConnection | None = None
        self.last_frame: float | None = None
        self.is_waiting = self.has_ended = False
        self.fault: SourceFaultError | None = None
        self._open_connection, self._deliver, self._name, self._changed = open_connection, deliver, name, changed
        self._left = threading.Event()
        self.thread = named_thread(f"reader of {name}", self._run)
        start_thread(self.thread)

    @property
    def is_left(self) -> bool:
        """Nobody wants its pictures any more."""
        return self._left.is_set()

    def leave(self) -> None:
        """Nobody wants its pictures any more: it closes its connection as soon as the call it is in returns."""
        self._left.set()

    def _run(self) -> None:
        fault = None
        try:
            self._read()
        except SourceFaultError as error:
            fault = error
        except QueueAbortedError:
            pass
        except Exception as error:  # noqa: BLE001 - the top of a thread: logged here, and given to the supervisor
            logger.error("%s", redact("".join(traceback.format_exception(error))))
            what = f"reading failed ({type(error).__name__})"
            fault = SourceFaultError(self._name, FaultKind.CONNECTION, what, remedy=OWN_FAULT)
        finally:
            with self._changed:
                self.fault, self.has_ended = fault, True
                self._changed.notify_all()

    def _read(self) -> None:
        connection = self._open_connection()
        try:
            with self._changed:
                self.connection, self.opened = connection, time.monotonic()
                self._changed.notify_all()
            for arrival in connection.arrivals(self._left):
                if self._left.is_set():
                    return
                self.is_waiting = True
                self._deliver(self, arrival)
                self.last_frame = time.monotonic()
                self.is_waiting = False
        finally:
            connection.close()
