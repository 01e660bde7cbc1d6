"""How long graphs take, measured in turns, so that whatever else the machine does falls on all of them alike."""

import time
from collections.abc import Callable, Mapping

import numpy as np


def time_in_turns(
    calls: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 41,
    warm_up: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median milliseconds of each call, one call of each a round.

    Args:
        calls: What is timed, by name.
        rounds: How often each is called.
        warm_up: How often each is called before.
        clock: In seconds. `time.thread_time` leaves out what other work takes on a machine that is not free; it sees
            only calls that compute in the thread that makes them.
    """
    for call in calls.values():
        for _ in range(warm_up):
            call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = clock()
            call()
            taken[name].append(1000 * (clock() - started))
    return {name: float(np.median(values)) for name, values in taken.items()}
