"""The queue between two stages: bounded, and it can be closed from either side; and how many frames may be in work.

`queue.Queue` cannot wake a thread that waits in ``put`` or ``get`` before Python 3.13, which is what stopping without a
deadlock needs; hence these few lines.
"""

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class QueueAbortedError(Exception):
    """The pipeline is stopping at once; raised to a stage that waits for its neighbour, never to the user."""


class StageQueue(Generic[Item]):
    """Hands items from one thread to another, in order.

    Args:
        capacity: Items that may wait.
        newest_only: When full, drop the oldest waiting item instead of making the producer wait (for live sources).
    """

    def __init__(self, capacity: int, *, newest_only: bool = False) -> None:
        self._items: deque[Item] = deque()
        self._capacity = capacity
        self._newest_only = newest_only
        self._changed = threading.Condition()
        self._closed = False
        self._aborted = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many items gave way to newer ones."""
        return self._dropped

    def put(self, item: Item) -> None:
        """Append an item, waiting for room; once the queue is closed the item counts as dropped.

        Raises:
            QueueAbortedError: The pipeline is stopping at once.
        """
        with self._changed:
            if self._newest_only:
                while len(self._items) >= self._capacity:
                    self._items.popleft()
                    self._dropped += 1
            self._changed.wait_for(lambda: self._aborted or self._closed or len(self._items) < self._capacity)
            if self._aborted:
                raise QueueAbortedError
            if self._closed:
                self._dropped += 1
                return
            self._items.append(item)
            self._changed.notify_all()

    def get(self) -> Item | None:
        """Take the oldest item, waiting for one; None once the queue is closed and empty.

        Raises:
            QueueAbortedError: The pipeline is stopping at once.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or self._closed or bool(self._items))
            if self._aborted:
                raise QueueAbortedError
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self, *, discard: bool = False) -> None:
        """Nothing more will come: what waits is still handed out, or let go of with ``discard``."""
        with self._changed:
            self._closed = True
            if discard:
                self._items.clear()
            self._changed.notify_all()

    def abort(self) -> None:
        """Stop both sides at once and let go of what waits."""
        with self._changed:
            self._aborted = True
            self._items.clear()
            self._changed.notify_all()


class Allowance:
    """How many frames may be in work at once, whichever stage has them.

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
