"""A live source: a reader thread a connection, and a supervisor outside of it that no read can hold up."""

import logging
import math
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgeact.capture.address import redact
from edgeact.capture.backoff import seconds_to_wait
from edgeact.capture.base import SourceBase, SourceInfo, SourceKind, SourceState
from edgeact.capture.colour import ColourReader
from edgeact.capture.connection import DEFAULT_TIMEOUT_SECONDS, Arrival
from edgeact.capture.faults import LASTING_KINDS, FaultKind, SourceFaultError
from edgeact.capture.live_clock import LARGEST_LEAD_SECONDS, LiveClock
from edgeact.capture.reader import LiveConnection, Reader
from edgeact.capture.upright import Orientation, check_turn
from edgeact.errors import OWN_FAULT, EdgeactError
from edgeact.queues import BoundedQueue, QueueAbortedError
from edgeact.stopping import named_thread, start_thread
from edgeact.types import Frame, UInt8

logger = logging.getLogger(__name__)

FILE_QUEUE_FRAMES = 4  # of a recording that is read over the network: it waits while all places are taken
STALLED_SHARE = 0.5  # of the time limit, after which a silent source is shown as stalled
# The first picture may take longer where packets come: cameras send a key frame every ten seconds or so.
KEY_FRAME_SECONDS = 15.0
OPEN_GRACE_SECONDS = 1.0  # for looking up the host, beyond what opening itself may take
CLOSE_SECONDS = 1.0  # for which closing waits for the reader; one that hangs longer ends by itself, by its time limits
POLL_SECONDS = 0.1
# Readers that are still in a call that does not return (a hung driver, a name server): no more are started beside them,
# so that a broken device does not cost a thread every few seconds.
MOST_HANGING = 3


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """How a live source stands, for a status line.

    Attributes:
        name: The source, without secrets.
        state: Where it stands.
        since: `time.monotonic` at which it got there.
        epoch: How often it was connected to anew.
        frames: Pictures that came.
        dropped: Pictures that gave way to newer ones before anybody took them.
        fault: What was wrong last, or None; it stays known after the source has recovered.
        mode: What a camera was asked for and what it gives, or None.
    """

    name: str
    state: SourceState
    since: float
    epoch: int
    frames: int
    dropped: int
    fault: SourceFaultError | None
    mode: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """A picture on its way to `LiveSource.frames`."""

    epoch: int
    index: int
    time: float
    arrival: Arrival


class LiveSource(SourceBase):
    """Frames of a camera or stream, connected to anew as often as it takes.

    `frames` gives the newest frame and drops older ones (kind ``live``), or gives every frame (kind ``file``: a
    recording on a server, whose end and faults are final). Reading begins with the construction.

    A fault that waiting does not mend (wrong password, path, certificate or codec) is final before the first frame; all
    others, and all after the first frame, are survived: state ``reconnecting``, then a new epoch.
    """

    def __init__(
        self,
        open_connection: Callable[[], LiveConnection],
        *,
        name: str,
        kind: SourceKind = "live",
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        turn: int = 0,
        is_repeatable: bool = True,
        gives_up: bool = True,
        on_change: Callable[[LiveStatus], None] | None = None,
    ) -> None:
        """Start reading.

        Args:
            open_connection: Connects; called in a thread of its own, raises `SourceFaultError`.
            name: The source, without secrets.
            kind: See the class.
            timeout: Seconds without a frame after which the source is connected to anew.
            turn: Degrees to the right by which pictures are turned: 0, 90, 180 or 270.
            is_repeatable: It can be connected to anew; otherwise every fault is final.
            gives_up: See `LiveSettings`.
            on_change: Told of each change of the state, from the supervisor's thread; must be quick.

        Raises:
            UsageError: ``turn`` is no quarter turn.
            PipelineError: The system gives no more threads.
        """
        super().__init__()
        check_turn(turn)
        is_live = kind == "live"
        self._open_connection, self._timeout, self._on_change = open_connection, timeout, on_change
        self._is_repeatable = is_live and is_repeatable
        self._gives_up = gives_up
        self._orientation = Orientation().turned(turn)
        self._colours = ColourReader(name)
        self._queue: BoundedQueue[_Taken] = BoundedQueue(1 if is_live else FILE_QUEUE_FRAMES, drops_oldest=is_live)
        self._info = SourceInfo(
            name=name, width=0, height=0, live=is_live, frame_rate=None, frame_count=None, duration=None
        )
        self._changed = threading.Condition()  # guards everything below
        self._clock = LiveClock(largest_lead=LARGEST_LEAD_SECONDS if is_live else math.inf)
        self._is_closing = False
        self._since = time.monotonic()
        self._epoch, self._frames = -1, 0
        self._fault: SourceFaultError | None = None
        self._mode: str | None = None
        self._reader: Reader | None = None
        self._hanging: list[Reader] = []
        self._supervisor = named_thread(f"supervisor of {name}", self._supervise)
        start_thread(self._supervisor)

    @property
    def epoch(self) -> int:
        """How often the source was connected to anew."""
        return max(0, self._epoch)

    @property
    def status(self) -> LiveStatus:
        """A snapshot for a status line; may be read from any thread."""
        with self._changed:
            return LiveStatus(
                name=self._info.name,
                state=self._state,
                since=self._since,
                epoch=self.epoch,
                frames=self._frames,
                dropped=self._queue.dropped,
                fault=self._fault,
                mode=self._mode,
            )

    @property
    def message(self) -> str | None:
        """One line about colour levels that had to be scaled, or None."""
        return self._colours.message

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come, times strictly increasing over all epochs; after `close` it ends.

        Raises:
            SourceFaultError: The source failed for good.
        """
        self._take_frames()
        try:
            while (taken := self._queue.get()) is not None:
                yield Frame(
                    source=self._info.name,
                    index=taken.index,
                    time=taken.time,
                    image=self._convert(taken),
                    epoch=taken.epoch,
                    captured=taken.arrival.arrived,
                )
        except QueueAbortedError:
            return
        finally:
            self.close()
        if self._state is SourceState.FAILED and self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """Stop and release, without waiting for a read that hangs; may be called from any thread, and twice."""
        with self._changed:
            self._is_closing = True
            if self._reader is not None:
                self._reader.leave()
            self._changed.notify_all()
        self._queue.abort()
        if threading.current_thread() is self._supervisor:
            return
        self._supervisor.join()
        reader = self._reader
        if reader is not None and threading.current_thread() is not reader.thread:
            reader.thread.join(CLOSE_SECONDS)  # it is no part of what hangs: nothing else is touched by it

    def _convert(self, taken: _Taken) -> UInt8:
        image = np.ascontiguousarray(self._orientation.apply(self._colours.read(taken.arrival.picture, taken.index)))
        image.flags.writeable = False
        return image

    # From here on: the reader's thread.

    def _deliver(self, reader: Reader, arrival: Arrival) -> None:
        with self._changed:
            if reader.is_left or self._is_closing:
                raise QueueAbortedError
            is_first = reader.last_frame is None
            if is_first:
                self._begin_epoch(reader, arrival)
            index, self._frames = self._frames, self._frames + 1
            taken = _Taken(self._epoch, index, self._clock.place(arrival.stamp, arrival.arrived), arrival)
        if is_first:
            self._enter(SourceState.RUNNING)
        self._queue.put(taken)

    def _begin_epoch(self, reader: Reader, arrival: Arrival) -> None:
        self._epoch += 1
        self._clock.start_epoch()
        connection = reader.connection
        width, height = self._orientation.size(arrival.picture.width, arrival.picture.height)
        rate = None if connection is None else connection.rate
        self._mode = None if connection is None else connection.mode
        self._info = replace(self._info, width=width, height=height, frame_rate=rate)

    # From here on: the supervisor's thread.

    def _supervise(self) -> None:
        try:
            self._keep_connected()
        except Exception as error:  # noqa: BLE001 - the top of a thread: logged here, raised by `frames`
            logger.error("%s", redact("".join(traceback.format_exception(error))))
            what = f"supervising it failed ({type(error).__name__})"
            self._fault = SourceFaultError(self._info.name, FaultKind.CONNECTION, what, remedy=OWN_FAULT)
            self._enter(SourceState.FAILED)
        finally:
            self._queue.close()

    def _keep_connected(self) -> None:
        chance = random.Random()  # noqa: S311 - spreads waits, guards nothing
        last_seen = time.monotonic()
        while True:
            reader, fault = self._read_once()
            if self._is_closing:
                return self._enter(SourceState.ENDED)
            if fault is None:
                return self._enter(SourceState.ENDED)
            with self._changed:
                self._fault = fault
            is_final = self._gives_up and self._epoch < 0 and fault.kind in LASTING_KINDS
            if is_final or not self._is_repeatable:
                return self._enter(SourceState.FAILED)
            self._enter(SourceState.RECONNECTING)
            if reader is not None and reader.last_frame is not None:
                last_seen = reader.last_frame
            wait = seconds_to_wait(time.monotonic() - last_seen, is_refused=fault.kind is FaultKind.AUTH, chance=chance)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing, wait)

    def _read_once(self) -> tuple[Reader | None, SourceFaultError | None]:
        """Connect and read until it ends; the fault is None for an end that is no fault."""
        self._hanging = [reader for reader in self._hanging if reader.thread.is_alive()]
        if len(self._hanging) >= MOST_HANGING:
            what = f"{len(self._hanging)} attempts to read from it hang"
            return None, SourceFaultError(self._info.name, FaultKind.TIMEOUT, what)
        try:
            with self._changed:
                if self._is_closing:
                    return None, None
                reader = self._reader = Reader(
                    self._open_connection, self._deliver, name=self._info.name, changed=self._changed
                )
        except EdgeactError as error:
            return None, SourceFaultError(self._info.name, FaultKind.CONNECTION, str(error))
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
                self._changed.wait_for(lambda: self._is_closing or reader.has_ended, POLL_SECONDS)
            now = time.monotonic()
            if self._is_closing:
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
        return SourceFaultError(self._info.name, kind, reason)

    def _enter(self, state: SourceState) -> None:
        if state is self._state:
            return
        with self._changed:
            self._state, self._since = state, time.monotonic()
        fault = "" if self._fault is None or state is SourceState.RUNNING else f" ({self._fault.reason})"
        logger.info("%s: %s%s", self._info.name, state.value, fault)
        if self._on_change is not None:
            self._on_change(self.status)
