"""The queue between two stages."""

import threading
import time

import pytest

from edgeact.queues import BoundedQueue, QueueAbortedError


def _run(target) -> threading.Thread:  # type: ignore[no-untyped-def]
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_order_is_kept_and_a_full_queue_makes_the_producer_wait() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)
    put: list[int] = []

    def produce() -> None:
        for number in range(6):
            queue.put(number)
            put.append(number)
        queue.close()

    thread = _run(produce)
    time.sleep(0.1)
    assert put == [0, 1]
    received = []
    while (item := queue.get()) is not None:
        received.append(item)
    thread.join(5)
    assert received == list(range(6))
    assert queue.dropped == 0


def test_a_queue_of_the_newest_drops_the_oldest_and_counts() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1, drops_oldest=True)
    gone = [item for number in range(5) for item in queue.put(number)]
    assert gone == [0, 1, 2, 3]
    assert queue.has_room
    queue.close()
    assert queue.get() == 4
    assert queue.get() is None
    assert queue.dropped == 4


@pytest.mark.parametrize("side", ["put", "get"])
def test_abort_wakes_a_waiting_thread(side: str) -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    if side == "put":
        queue.put(0)
    woken = threading.Event()

    def wait() -> None:
        with pytest.raises(QueueAbortedError):
            queue.put(1) if side == "put" else queue.get()
        woken.set()

    thread = _run(wait)
    time.sleep(0.05)
    assert not woken.is_set()
    queue.abort()
    assert woken.wait(5)
    thread.join(5)


def test_what_comes_after_closing_is_counted_as_dropped() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.close()
    assert queue.put(1) == (1,)
    assert queue.get() is None
    assert queue.is_exhausted
    assert queue.dropped == 1


def test_what_is_not_wanted_any_more_is_taken_out() -> None:
    queue: BoundedQueue[int] = BoundedQueue(5)
    for number in range(5):
        queue.put(number)
    queue.discard(lambda number: number >= 2)
    queue.close()
    assert [queue.get(), queue.get(), queue.get()] == [0, 1, None]


def test_one_thread_can_wait_for_any_of_several_queues() -> None:
    lock = threading.RLock()
    changed = threading.Condition(lock)
    queues: list[BoundedQueue[int]] = [BoundedQueue(1, lock=lock, taker=changed) for _ in range(3)]
    seen: list[int] = []

    def watch() -> None:
        with changed:
            changed.wait_for(lambda: any(queue.has_item for queue in queues), timeout=5)
            seen.extend(index for index, queue in enumerate(queues) if queue.has_item)

    thread = _run(watch)
    time.sleep(0.05)
    queues[2].put(7)
    thread.join(5)
    assert seen == [2]


class Told(threading.Condition):
    """Counts how often a thread that waits would be woken."""

    count = 0

    def notify_all(self) -> None:
        self.count += 1
        super().notify_all()


def test_only_who_can_do_something_now_is_woken() -> None:
    """A stage that is woken for nothing costs two changes of threads a frame."""
    lock = threading.RLock()
    giver, taker = Told(lock), Told(lock)
    queue: BoundedQueue[int] = BoundedQueue(2, lock=lock, giver=giver, taker=taker)
    queue.put(0)
    assert (giver.count, taker.count) == (0, 1)
    queue.put(1)  # the taker knows already that there is something
    assert (giver.count, taker.count) == (0, 1)
    queue.get()
    assert (giver.count, taker.count) == (1, 1)
    queue.get()  # the giver knows already that there is room
    assert (giver.count, taker.count) == (1, 1)
    queue.close()
    assert (giver.count, taker.count) == (2, 2)
