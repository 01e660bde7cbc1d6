"""Draws what was perceived of one source and gives it to the outlets."""

import threading
import time
from collections.abc import Callable, Sequence

from edgeact.queues import BoundedQueue
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Delivery, OutletLoop
from edgeact.runtime.report import Counters
from edgeact.types import Event, Observation, Perceived, UInt8


class RenderLoop:
    """What the thread that draws and gives out does.

    Args:
        job: Says what is concealed and how to draw, and who is told of each observation.
        queue: Where what was perceived comes from.
        outlets: Who gets it.
        counters: Where it is counted.
        release: Called when all outlets have taken a frame, or never will.
    """

    def __init__(
        self,
        job: SourceJob,
        queue: BoundedQueue[Perceived],
        outlets: Sequence[OutletLoop],
        counters: Counters,
        *,
        release: Callable[[], None],
    ) -> None:
        self._job, self._queue, self._outlets = job, queue, outlets
        self._counters, self._release = counters, release
        self._perceived_all = threading.Event()  # the last events are there, or something failed
        self._last_events: tuple[Event, ...] = ()

    def note_last_events(self, events: tuple[Event, ...]) -> None:
        """The source's frames are all perceived; these events were still open."""
        self._last_events = events
        self._perceived_all.set()

    def abort(self) -> None:
        """Wait for no last events."""
        self._perceived_all.set()

    def run(self) -> None:
        """Draw and give out until all was perceived, then the last events, then close the outlets.

        Raises:
            QueueAbortedError: The source is stopping at once.
        """
        draws = any("pictures" in loop.outlet.sink.takes for loop in self._outlets)
        draw = self._job.draw if draws else None
        number = 0
        while (perceived := self._queue.get()) is not None:
            observation, picture = perceived.observation, None
            if self._job.conceal is not None:
                observation = self._job.conceal(observation)
            if draw is not None:
                began = time.perf_counter()
                picture = draw(observation)
                self._counters.times.add("render", time.perf_counter() - began)
            self._counters.count(observation)
            if self._job.on_observation is not None:
                self._job.on_observation(observation)
            self._give_out(number, observation, picture, perceived.events)
            number += 1
        self._perceived_all.wait()
        self._give_out_events(number, self._last_events)
        for loop in self._outlets:
            loop.close()

    def _give_out(
        self, number: int, observation: Observation, picture: UInt8 | None, events: tuple[Event, ...]
    ) -> None:
        takers = [loop for loop in self._outlets if loop.outlet.sink.takes & {"observations", "pictures"}]
        release = _AfterCalls(len(takers), self._release)
        for loop in takers:
            shown = picture if "pictures" in loop.outlet.sink.takes else None
            loop.deliver(Delivery(number, observation=observation, picture=shown, done=release))
        self._give_out_events(number, events)

    def _give_out_events(self, number: int, events: tuple[Event, ...]) -> None:
        for event in events:
            self._counters.count_event(event)
            for loop in self._outlets:
                if "events" in loop.outlet.sink.takes:
                    loop.deliver(Delivery(number, event=event))


class _AfterCalls:
    """Calls something once it was called so many times itself; at once for none."""

    def __init__(self, count: int, then: Callable[[], None]) -> None:
        self._left, self._then = count, then
        self._lock = threading.Lock()
        if count == 0:
            then()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last:
            self._then()
