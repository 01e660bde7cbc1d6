"""Keeps a live source connected: looks from outside at the thread that reads, and connects anew whenever it breaks."""

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable

from edgeact.capture.address import redact
from edgeact.capture.backoff import seconds_to_wait
from edgeact.capture.base import SourceState
from edgeact.capture.connection import Arrival
from edgeact.capture.faults import LASTING_KINDS, FaultKind, SourceFaultError
from edgeact.capture.reader import LiveConnection, Reader
from edgeact.errors import OWN_FAULT, EdgeactError
from edgeact.stopping import named_thread, start_thread

logger = logging.getLogger(__name__)

STALLED_SHARE = 0.5  # of the time limit, after which a silent source is shown as stalled
# The first picture may take longer where packets come: cameras send a key frame every ten seconds or so.
KEY_FRAME_SECONDS = 15.0
OPEN_GRACE_SECONDS = 1.0  # for looking up the host, beyond what opening itself may take
CLOSE_SECONDS = 1.0  # for which closing waits for the reader; one that hangs longer ends by itself, by its time limits
POLL_SECONDS = 0.1
# Readers that are still in a call that does not return (a hung driver, a name server): no more are started beside them,
# so that a broken device does not cost a thread every few seconds.
MOST_HANGING = 3


class Supervisor:
    """Connects, watches the reader, decides what a break means, and connects again, in a thread of its own.

    Attributes:
        fault: What was wrong last, or None.
        next_attempt: `time.monotonic` at which it is connected to anew; None while nothing is waited for.
        is_closing: Nobody wants any more pictures.
    """

    def __init__(
        self,
        open_connection: Callable[[], LiveConnection],
        deliver: Callable[[Reader, Arrival], None],
        *,
        name: str,
        timeout: float,
        is_repeatable: bool,
        gives_up: bool,
        changed: threading.Condition,
        has_begun: Callable[[], bool],
        enter: Callable[[SourceState], None],
        end: Callable[[], None],
    ) -> None:
        """Make it; `start` begins.

        Args:
            open_connection: Connects; called in a thread of its own, raises `SourceFaultError`.
            deliver: Takes each picture in the reader's thread; see `Reader`.
            name: The source, without secrets.
            timeout: Seconds without a frame after which the source is connected to anew.
            is_repeatable: It can be connected to anew; otherwise every fault is final.
            gives_up: A fault that waiting does not mend is final before the first frame.
            changed: Guards what the source, the supervisor and the reader share.
            has_begun: Whether a frame ever came.
            enter: Told of the state that the source is in now.
            end: Called when no more pictures will come.
        """
        self.fault: SourceFaultError | None = None
        self.next_attempt: float | None = None
        self.is_closing = False
        self._open_connection, self._deliver = open_connection, deliver
        self._name, self._timeout = name, timeout
        self._is_repeatable, self._gives_up = is_repeatable, gives_up
        self._changed, self._has_begun, self._enter, self._end = changed, has_begun, enter, end
        self._reader: Reader | None = None
        self._hanging: list[Reader] = []
        self._thread = named_thread(f"supervisor of {name}", self._run)

    def start(self) -> None:
        """Begin.

        Raises:
            PipelineError: The system gives no more threads.
        """
        start_thread(self._thread)

    def leave(self) -> None:
        """Nobody wants any more pictures; does not wait."""
        with self._changed:
            self.is_closing = True
            if self._reader is not None:
                self._reader.leave()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the end after `leave`, but not for a read that hangs; may be called from any thread."""
        if threading.current_thread() is self._thread:
            return
        self._thread.join()
        reader = self._reader
        if reader is not None and threading.current_thread() is not reader.thread:
            reader.thread.join(CLOSE_SECONDS)  # it is no part of what hangs: nothing else is touched by it

    def _run(self) -> None:
        try:
            self._keep_connected()
        except Exception as error:  # noqa: BLE001 - the top of a thread: logged here, raised by the source
            logger.error("%s", redact("".join(traceback.format_exception(error))))
            what = f"supervising it failed ({type(error).__name__})"
            self.fault = SourceFaultError(self._name, FaultKind.CONNECTION, what, remedy=OWN_FAULT)
            self._enter(SourceState.FAILED)
        finally:
            self._end()

    def _keep_connected(self) -> None:
        chance = random.Random()  # noqa: S311 - spreads waits, guards nothing
        last_seen = time.monotonic()
        while True:
            reader, fault = self._read_once()
            if self.is_closing:
                return self._enter(SourceState.ENDED)
            if fault is None:
                return self._enter(SourceState.ENDED)
            with self._changed:
                self.fault = fault
            is_final = self._gives_up and not self._has_begun() and fault.kind in LASTING_KINDS
            if is_final or not self._is_repeatable:
                return self._enter(SourceState.FAILED)
            if reader is not None and reader.last_frame is not None:
                last_seen = reader.last_frame
            now = time.monotonic()
            wait = seconds_to_wait(now - last_seen, is_refused=fault.kind is FaultKind.AUTH, chance=chance)
            self.next_attempt = now + wait
            self._enter(SourceState.RECONNECTING)
            with self._changed:
                self._changed.wait_for(lambda: self.is_closing, wait)
                self.next_attempt = None

    def _read_once(self) -> tuple[Reader | None, SourceFaultError | None]:
        """Connect and read until it ends; the fault is None for an end that is no fault."""
        self._hanging = [reader for reader in self._hanging if reader.thread.is_alive()]
        if len(self._hanging) >= MOST_HANGING:
            what = f"{len(self._hanging)} attempts to read from it hang"
            return None, SourceFaultError(self._name, FaultKind.TIMEOUT, what)
        try:
            with self._changed:
                if self.is_closing:
                    return None, None
                reader = self._reader = Reader(
                    self._open_connection, self._deliver, name=self._name, changed=self._changed
                )
        except EdgeactError as error:
            return None, SourceFaultError(self._name, FaultKind.CONNECTION, str(error))
        fault = self._watch(reader)
        with self._changed:
            reader.leave()
        if not reader.has_ended:
            self._hanging.append(reader)
        return reader, fault

    def _watch(self, reader: Reader) -> SourceFaultError | None:
        heard, packets = reader.begun, 0  # when the last packet came, and how many had come then
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self.is_closing or reader.has_ended, POLL_SECONDS)
            now = time.monotonic()
            if self.is_closing:
                return None
            if reader.has_ended:
                return self._end_of(reader)
            connection, last_frame = reader.connection, reader.last_frame
            if connection is not None and connection.packets != packets:
                heard, packets = now, connection.packets
            if reader.is_waiting:
                continue
            fault = None
            if connection is None:
                if now - reader.begun > 2 * self._timeout + OPEN_GRACE_SECONDS:
                    fault = self._fault_of(FaultKind.TIMEOUT, "it does not answer")
            elif last_frame is None:
                if now - max(heard, reader.opened) > self._timeout:
                    fault = self._fault_of(FaultKind.TIMEOUT, "it is connected, but sends nothing")
                elif now - reader.opened > max(KEY_FRAME_SECONDS, self._timeout):
                    fault = self._fault_of(FaultKind.CODEC, "it sends something, but no picture that can be decoded")
            elif now - last_frame > self._timeout:
                what = "sends nothing that can be decoded" if heard > last_frame + POLL_SECONDS else "sends nothing"
                fault = self._fault_of(FaultKind.TIMEOUT, f"it {what} any more")
            else:
                is_silent = now - last_frame > STALLED_SHARE * self._timeout
                self._enter(SourceState.STALLED if is_silent else SourceState.RUNNING)
            if fault is not None:
                return fault

    def _end_of(self, reader: Reader) -> SourceFaultError | None:
        if reader.fault is not None:
            return reader.fault
        if reader.last_frame is None:
            return self._fault_of(FaultKind.CODEC, "no picture came before its end")
        if not self._is_repeatable or (reader.connection is not None and reader.connection.ends):
            return None
        return self._fault_of(FaultKind.CONNECTION, "the stream ended")

    def _fault_of(self, kind: FaultKind, reason: str) -> SourceFaultError:
        return SourceFaultError(self._name, kind, reason)
