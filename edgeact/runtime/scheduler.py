"""A perceiving stage serves all sources of a session from one thread.

It takes what waits from every source, at most one item each, and handles all of it as one batch: no source can push
another aside, and a graph is called once for all of them. An item is only taken when there is room for what becomes of
it, so that a source whose sinks are slow makes nobody wait but itself. Where sources have different priorities, the
first stage decides whose turn it is.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from edgeact.errors import BackendError
from edgeact.queues import BoundedQueue, QueueAbortedError
from edgeact.runtime.whose_turn import Account, whose_turn

# Whoever waits for a turn is not told when another source stops being held up by its sinks: it looks again.
_LOOK_AGAIN_SECONDS = 0.02

Stream = TypeVar("Stream")
Taken = TypeVar("Taken")
Given = TypeVar("Given")


@dataclass(slots=True, eq=False)
class Seat(Generic[Stream, Taken, Given]):
    """What one stage needs of one source: its memory, its input queue and its output queue.

    Attributes:
        stream: What is remembered of the source.
        taken: Where its items come from.
        given: Where what becomes of them goes.
        end: Called by the stage when no more items will come.
        fail: Called by the stage with its name and the error when an item of the source cannot be handled.
        ahead: Seats of the same source at later stages.
        one_at_a_time: Whether those must have nothing to do before an item is taken.
        freed: Told when the seat has done with an item: the stage that waits for that.
        account: The turns that the source has taken here.
        busy: Whether the stage works on something of the source now.
        over: Whether `end` was called.
    """

    stream: Stream
    taken: BoundedQueue[Taken]
    given: BoundedQueue[Given]
    end: Callable[[], None]
    fail: Callable[[str, BaseException], None]
    ahead: "Sequence[Seat[Any, Any, Any]]" = ()
    one_at_a_time: bool = False
    freed: threading.Condition | None = None
    account: Account = field(default_factory=Account)
    busy: bool = field(default=False)
    over: bool = field(default=False)

    @property
    def is_at_work(self) -> bool:
        """Whether something of the source is between here and the end of its last stage."""
        return self.busy or any(seat.busy or seat.taken.has_item for seat in self.ahead)

    @property
    def is_held_up(self) -> bool:
        """Whether something of the source waits at its last stage, because its own sinks leave no room."""
        return any(seat.taken.has_item and not seat.given.has_room for seat in self.ahead[-1:])

    @property
    def wants_time(self) -> bool:
        """Whether something of the source waits or is at work that its own sinks do not hold up."""
        return (self.taken.has_item or self.is_at_work) and not self.is_held_up

    @property
    def can_take(self) -> bool:
        """Whether an item could be taken now."""
        return self.taken.has_item and self.given.has_room and not (self.one_at_a_time and self.is_at_work)


class StageLoop(Generic[Stream, Taken, Given]):
    """What one perceiving thread does.

    Args:
        name: Of the stage and its thread.
        lock: That all queues of the session share.
        call: Makes of each item what is given on, or the error that kept it from that.

    Attributes:
        busy_seconds: How long it has worked so far.
    """

    def __init__(
        self,
        name: str,
        lock: "threading.RLock",
        call: Callable[[Sequence[tuple[Stream, Taken]]], Sequence[Given | BackendError]],
    ) -> None:
        self.name = name
        self.busy_seconds = 0.0
        self.changed = threading.Condition(lock)
        self._call = call
        self._seats: list[Seat[Stream, Taken, Given]] = []
        self._stopped = False

    def add(self, seat: Seat[Stream, Taken, Given]) -> None:
        """Serve one more source."""
        with self.changed:
            self._seats.append(seat)
            self.changed.notify_all()

    def stop(self) -> None:
        """End `run` once it has done what it works on."""
        with self.changed:
            self._stopped = True
            self.changed.notify_all()

    def run(self) -> None:
        """Serve the sources until `stop`."""
        while (chosen := self._choose()) is not None:
            ended, batch = chosen
            began = time.perf_counter()
            for seat in ended:
                self._guard([seat], self._end, seat)
            if batch:
                self._guard([seat for seat, _ in batch], self._handle, batch)
            self.busy_seconds += time.perf_counter() - began

    def _choose(self) -> tuple[list[Any], list[tuple[Seat[Stream, Taken, Given], Taken]]] | None:
        """Wait for work: the sources that have ended, and an item of each that has one and room for the outcome."""
        with self.changed:
            while True:
                if self._stopped:
                    return None
                self._seats = [seat for seat in self._seats if not seat.over]
                ended = [seat for seat in self._seats if seat.taken.is_exhausted]
                able = [seat.can_take for seat in self._seats]
                chosen = whose_turn(
                    [seat.account for seat in self._seats],
                    wanting=[seat.wants_time for seat in self._seats],
                    able=able,
                )
                if ended or chosen:
                    break
                self.changed.wait(_LOOK_AGAIN_SECONDS if any(able) else None)
            ready = [self._seats[row] for row in chosen]
            for seat in (*ended, *ready):
                seat.busy = True
            for seat in ended:
                seat.over = True
            for seat in ready:
                seat.account.take_turn()
            return ended, [(seat, item) for seat in ready if (item := seat.taken.get()) is not None]

    def _end(self, seat: Seat[Stream, Taken, Given]) -> None:
        try:
            seat.end()
        finally:
            seat.given.close()

    def _handle(self, batch: list[tuple[Seat[Stream, Taken, Given], Taken]]) -> None:
        outcomes = self._call([(seat.stream, item) for seat, item in batch])
        for (seat, _), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, BackendError):
                seat.fail(self.name, outcome)
                continue
            try:
                seat.given.put(outcome)
            except QueueAbortedError:
                continue  # the source has failed or was stopped, and has said why

    def _guard(self, seats: list[Seat[Stream, Taken, Given]], work: Callable[[Any], None], argument: object) -> None:
        try:
            work(argument)
        except BaseException as error:  # noqa: BLE001 - the top of a thread: handed to the sources that it was done for
            for seat in seats:
                seat.fail(self.name, error)
        finally:
            with self.changed:
                for seat in seats:
                    seat.busy = False
                    if seat.freed is not None:
                        seat.freed.notify_all()
