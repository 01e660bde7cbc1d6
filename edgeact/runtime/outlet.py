"""An outlet: a sink with a queue and a thread of its own, so that a slow sink need not make its source wait."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgeact.errors import EdgeactError
from edgeact.queues import BoundedQueue, QueueAbortedError
from edgeact.sinks.base import Sink
from edgeact.stats import DurationHistogram, Percentiles
from edgeact.types import Event, Observation, UInt8

# What happens when a sink is slower than its source: the source waits, or only the newest item is kept, or the oldest
# of those that wait is dropped.
Policy: TypeAlias = Literal["wait", "newest", "drop_oldest"]


@dataclass(frozen=True, slots=True, eq=False)
class Outlet:
    """Where results of a source go.

    Attributes:
        name: In reports and messages.
        sink: Written from one thread; neither closed nor aborted here, because its owner knows what belongs together.
        policy: What happens when the sink is slow.
        capacity: Items that may wait; None takes as many as may wait between two stages.
        essential: Whether the source fails when the sink does; otherwise the other outlets go on.
    """

    name: str
    sink: Sink
    policy: Policy = "wait"
    capacity: int | None = None
    essential: bool = True


@dataclass(frozen=True, slots=True)
class OutletReport:
    """What became of an outlet.

    Attributes:
        written: Observations that the sink took.
        events: Phases of events that the sink took.
        dropped: Observations and events that it was not given, by cause: ``newer`` (they gave way), ``stopped`` (a stop
            left no time) or ``failed`` (the sink broke before).
        seconds: How long it took for an observation or event.
        error: Why the sink failed; None while it works.
    """

    written: int
    events: int
    dropped: dict[str, int]
    seconds: Percentiles
    error: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """What a sink receives at once: an observation with its picture, or an event.

    Attributes:
        number: Of the frame, as they were read; of an event that of the frame that it came with.
        observation: Or None.
        picture: Drawn, or None.
        event: Or None.
        done: Called when the sink has taken it, or never will.
    """

    number: int
    observation: Observation | None = None
    picture: UInt8 | None = None
    event: Event | None = None
    done: Callable[[], None] | None = None


class OutletLoop:
    """What the thread of an outlet does.

    Args:
        outlet: Whose sink the thread feeds.
        capacity: Items that may wait, where the outlet does not say.
    """

    def __init__(self, outlet: Outlet, capacity: int) -> None:
        self.outlet = outlet
        self.error: BaseException | None = None
        newest = outlet.policy == "newest"
        self._queue: BoundedQueue[Delivery] = BoundedQueue(
            1 if newest else outlet.capacity or capacity, drops_oldest=outlet.policy != "wait"
        )
        self._times = DurationHistogram()
        self._lock = threading.Lock()
        self._dropped: dict[str, int] = {}
        self._written = self._events = 0
        self._begun = 0  # the number after that of the last observation that the sink was given
        self._end: int | None = None  # from this number on nothing is wanted any more

    @property
    def begun(self) -> int:
        """How many of the frames the sink was given, or something of."""
        return self._begun

    @property
    def written(self) -> int:
        """Observations that the sink took."""
        return self._written

    def deliver(self, delivery: Delivery) -> None:
        """Queue something for the sink; waits for room where that is the policy.

        Raises:
            QueueAbortedError: The source is stopping at once.
        """
        if self.error is not None:
            self._drop("failed", delivery)
        elif self._is_unwanted(delivery):
            self._drop("stopped", delivery)
        else:
            for gone in self._queue.put(delivery):
                self._drop("newer" if self.outlet.policy != "wait" else "stopped", gone)

    def cut(self, number: int) -> None:
        """Observations from this number on are not wanted any more, because a stop leaves no time for them."""
        self._end = number

        def unwanted(delivery: Delivery) -> bool:
            if self._is_unwanted(delivery):
                self._drop("stopped", delivery)
                return True
            return False

        self._queue.discard(unwanted)

    def close(self) -> None:
        """Nothing more will come; `run` ends when all that waits is written."""
        self._queue.close()

    def abort(self) -> None:
        """End `run` as soon as the sink returns; what waits is dropped."""
        self._queue.abort()

    def run(self) -> None:
        """Write what is delivered until `close` or `abort`.

        Raises:
            EdgeactError: As raised by an essential sink.
        """
        while (delivery := self._next()) is not None:
            if self.error is not None:
                self._drop("failed", delivery)
                continue
            if self._is_unwanted(delivery):  # it waited for room when the end was set
                self._drop("stopped", delivery)
                continue
            began = time.perf_counter()
            try:
                self._write(delivery)
            except EdgeactError as error:
                self.error = error
                self._drop("failed", delivery)
                if self.outlet.essential:
                    raise
                continue
            self._times.add(time.perf_counter() - began)
            if delivery.done is not None:
                delivery.done()

    def report(self) -> OutletReport:
        """What has become of it so far."""
        with self._lock:
            dropped = dict(self._dropped)
        error = None if self.error is None else " ".join(f"{type(self.error).__name__}: {self.error}".split())
        return OutletReport(self._written, self._events, dropped, self._times.summary(), error)

    def _is_unwanted(self, delivery: Delivery) -> bool:
        """Whether a stop leaves no time for it; events are always wanted."""
        return self._end is not None and delivery.event is None and delivery.number >= self._end

    def _next(self) -> Delivery | None:
        try:
            return self._queue.get()
        except QueueAbortedError:
            return None

    def _write(self, delivery: Delivery) -> None:
        if delivery.event is not None:
            self.outlet.sink.write_event(delivery.event)
            self._events += 1
        elif delivery.observation is not None:
            self._begun = delivery.number + 1
            self.outlet.sink.write(delivery.observation, delivery.picture)
            self._written += 1

    def _drop(self, cause: str, delivery: Delivery) -> None:
        with self._lock:
            self._dropped[cause] = self._dropped.get(cause, 0) + 1
        if delivery.done is not None:
            delivery.done()
