"""A live source: the newest frame of a camera or stream, whatever becomes of its connections."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgeact.capture.base import SourceBase, SourceInfo, SourceKind, SourceState
from edgeact.capture.colour import ColourReader
from edgeact.capture.connection import DEFAULT_TIMEOUT_SECONDS, Arrival
from edgeact.capture.faults import SourceFaultError
from edgeact.capture.live_clock import LARGEST_LEAD_SECONDS, LiveClock
from edgeact.capture.reader import LiveConnection, Reader
from edgeact.capture.supervisor import Supervisor
from edgeact.capture.upright import Orientation, check_turn
from edgeact.queues import BoundedQueue, QueueAbortedError
from edgeact.types import Frame, UInt8

logger = logging.getLogger(__name__)

FILE_QUEUE_FRAMES = 4  # of a recording that is read over the network: it waits while all places are taken


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
        next_attempt: `time.monotonic` at which it is connected to anew; None while nothing is waited for.
    """

    name: str
    state: SourceState
    since: float
    epoch: int
    frames: int
    dropped: int
    fault: SourceFaultError | None
    mode: str | None
    next_attempt: float | None = None


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
        self._on_change = on_change
        self._orientation = Orientation().turned(turn)
        self._colours = ColourReader(name)
        self._queue: BoundedQueue[_Taken] = BoundedQueue(1 if is_live else FILE_QUEUE_FRAMES, drops_oldest=is_live)
        self._info = SourceInfo(
            name=name, width=0, height=0, live=is_live, frame_rate=None, frame_count=None, duration=None
        )
        self._changed = threading.Condition()  # guards everything below
        self._clock = LiveClock(largest_lead=LARGEST_LEAD_SECONDS if is_live else math.inf)
        self._since = time.monotonic()
        self._epoch, self._frames = -1, 0
        self._mode: str | None = None
        self._supervisor = Supervisor(
            open_connection,
            self._deliver,
            name=name,
            timeout=timeout,
            is_repeatable=is_live and is_repeatable,
            gives_up=gives_up,
            changed=self._changed,
            has_begun=lambda: self._epoch >= 0,
            enter=self._enter,
            end=self._queue.close,
        )
        self._supervisor.start()

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
                fault=self._supervisor.fault,
                mode=self._mode,
                next_attempt=self._supervisor.next_attempt,
            )

    @property
    def message(self) -> str | None:
        """A warning about unusual colour tags or levels of the video; None where there was nothing unusual."""
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
        if self._state is SourceState.FAILED and self._supervisor.fault is not None:
            raise self._supervisor.fault

    def close(self) -> None:
        """Stop and release, without waiting for a read that hangs; may be called from any thread, and twice."""
        self._supervisor.leave()
        self._queue.abort()
        self._supervisor.join()

    def _convert(self, taken: _Taken) -> UInt8:
        image = np.ascontiguousarray(self._orientation.apply(self._colours.read(taken.arrival.picture, taken.index)))
        image.flags.writeable = False
        return image

    # From here on: the reader's thread.

    def _deliver(self, reader: Reader, arrival: Arrival) -> None:
        with self._changed:
            if reader.is_left or self._supervisor.is_closing:
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

    # From here on: that thread and the supervisor's.

    def _enter(self, state: SourceState) -> None:
        if state is self._state:
            return
        with self._changed:
            self._state, self._since = state, time.monotonic()
        fault = self._supervisor.fault
        why = "" if fault is None or state is SourceState.RUNNING else f" ({fault.reason})"
        logger.info("%s: %s%s", self._info.name, state.value, why)
        if self._on_change is not None:
            self._on_change(self.status)
