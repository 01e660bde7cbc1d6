"""Gives memory that nobody uses back to the system.

Pictures of all sizes come and go on many threads, and between them lies what stays: glibc keeps the holes. In a window
that is open all day they grew by some megabytes a minute, although what was in use did not; in a daemon, by 18 MB with
each reload.
"""

import ctypes
import sys
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Do it now, which takes some milliseconds; nothing where the C library cannot."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    if not sys.platform.startswith("linux"):
        return lambda _: None
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):  # musl has no such function
        return lambda _: None
    return found
