"""Waiting for what another thread or process does, on a machine that may be busy."""

import time
from collections.abc import Callable


def wait_until(happened: Callable[[], bool], *, seconds: float = 30.0) -> float:
    """Wait until something has happened, and give the seconds that it took; fails after ``seconds``."""
    begun = time.monotonic()
    while not happened():
        assert time.monotonic() - begun < seconds, f"it did not happen within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - begun
