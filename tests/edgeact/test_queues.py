"""The queue between two stages."""

import threading
import time

import pytest

from edgeact.queues import QueueAbortedError, StageQueue


def _run(target) -> threading.Thread:  # type: ignore[no-untyped-def]
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_order_is_kept_and_a_full_queue_makes_the_producer_wait() -> None:
    queue: StageQueue[int] = StageQueue(2)
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


def test_newest_only_drops_the_oldest_and_counts() -> None:
    queue: StageQueue[int] = StageQueue(1, newest_only=True)
    for number in range(5):
        queue.put(number)
    queue.close()
    assert queue.get() == 4
    assert queue.get() is None
    assert queue.dropped == 4


@pytest.mark.parametrize("side", ["put", "get"])
def test_abort_wakes_a_waiting_thread(side: str) -> None:
    queue: StageQueue[int] = StageQueue(1)
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
    queue: StageQueue[int] = StageQueue(1)
    queue.close()
    queue.put(1)
    assert queue.get() is None
    assert queue.dropped == 1
