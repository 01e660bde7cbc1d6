"""The queue between two threads: bounded, and it can be closed from either side; and how many frames may be in work.

`queue.Queue` cannot wake a thread that waits in ``put`` or ``get`` before Python 3.13, which is what stopping without a
deadlock needs; and a stage that serves many sources must see what waits in all of their queues at once. Hence these
few lines.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class QueueAbortedError(Exception):
    """The source is stopping at once; raised to a thread that waits for its neighbour, never to the user."""


class BoundedQueue(Generic[Item]):
    """Hands items from one thread to another, in order.

    Args:
        capacity: Items that may wait.
        drops_oldest: When full, drop the oldest waiting item instead of making the producer wait.
        lock: Shared with other queues, so that one thread may look at all of them at once; own without it.
        taker: Condition on the shared lock, told when there is something to take.
        giver: Condition on the shared lock, told when there is room again.
    """

    def __init__(
        self,
        capacity: int,
        *,
        drops_oldest: bool = False,
        lock: "threading.RLock | None" = None,
        taker: threading.Condition | None = None,
        giver: threading.Condition | None = None,
    ) -> None:
        self._items: deque[Item] = deque()
        self._capacity, self._drops_oldest = capacity, drops_oldest
        self._changed = threading.Condition(lock or threading.RLock())
        self._taker, self._giver = taker, giver
        self._closed = self._aborted = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many items gave way to newer ones, or came when the queue was closed."""
        return self._dropped

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing will come out any more."""
        with self._changed:
            return self._aborted or (self._closed and not self._items)

    @property
    def has_item(self) -> bool:
        """Whether `get` would not wait for an item."""
        with self._changed:
            return bool(self._items)

    @property
    def has_room(self) -> bool:
        """Whether `put` would not wait."""
        with self._changed:
            return self._drops_oldest or self._closed or self._aborted or len(self._items) < self._capacity

    def put(self, item: Item) -> tuple[Item, ...]:
        """Append an item, waiting for room.

        Returns:
            The items that were dropped: those that gave way, or this one once the queue is closed.

        Raises:
            QueueAbortedError: The source is stopping at once.
        """
        with self._changed:
            gone: list[Item] = []
            while self._drops_oldest and len(self._items) >= self._capacity:
                gone.append(self._items.popleft())
            self._changed.wait_for(lambda: self._aborted or self._closed or len(self._items) < self._capacity)
            if self._aborted:
                raise QueueAbortedError
            if self._closed:
                gone.append(item)
            else:
                self._items.append(item)
            self._dropped += len(gone)
            self._changed.notify_all()
            # A thread that is woken for nothing costs two changes of threads. Whoever found something to take before
            # this item came need not be told again.
            if self._taker is not None and len(self._items) == 1 and not gone:
                self._taker.notify_all()
            return tuple(gone)

    def get(self) -> Item | None:
        """Take the oldest item, waiting for one; None once the queue is closed and empty.

        Raises:
            QueueAbortedError: The source is stopping at once.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or self._closed or bool(self._items))
            if self._aborted:
                raise QueueAbortedError
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            if self._giver is not None and len(self._items) == self._capacity - 1:
                self._giver.notify_all()
            return item

    def wait_for_item(self, seconds: float) -> bool:
        """Wait so long at most for an item; whether there is one. Once the queue is closed, nobody waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or self._closed or bool(self._items), seconds)
            return bool(self._items) and not self._aborted

    def discard(self, unwanted: Callable[[Item], bool]) -> None:
        """Drop those of the waiting items that are not wanted any more."""
        with self._changed:
            self._items = deque(item for item in self._items if not unwanted(item))
            self._notify()

    def close(self, *, discard: bool = False) -> None:
        """Nothing more will come: what waits is still handed out, or dropped with ``discard``."""
        with self._changed:
            self._closed = True
            if discard:
                self._items.clear()
            self._notify()

    def abort(self) -> None:
        """Stop both sides at once and drop what waits."""
        with self._changed:
            self._aborted = True
            self._items.clear()
            self._notify()

    def _notify(self) -> None:
        for condition in (self._changed, self._taker, self._giver):
            if condition is not None:
                condition.notify_all()


class Allowance:
    """How many frames of a source may be in work at once, whichever thread has them.

    Args:
        count: That many; more wait to be read.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._in_work = 0
        self._changed = threading.Condition()
        self._closed = False

    def take(self) -> bool:
        """Wait until one more frame may be read; False once the allowance was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._in_work < self._count)
            if self._closed:
                return False
            self._in_work += 1
            return True

    def give_back(self) -> None:
        """One frame is done."""
        with self._changed:
            self._in_work -= 1
            self._changed.notify_all()

    def limit(self, count: int) -> None:
        """From now on not more than ``count`` at once."""
        with self._changed:
            self._count = min(self._count, count)

    def close(self) -> None:
        """No more frames are to be read."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
