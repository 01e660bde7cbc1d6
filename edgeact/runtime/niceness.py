"""Which threads give way where cores are short.

Perceiving goes before reading files, drawing and writing: all frames wait for the slowest stage, which is a perceiving
one. On two cores that is a tenth of the time.
"""

import contextlib
import os
import sys
import threading

_PATIENT_NICENESS = 10


def step_back() -> None:
    """Make this thread, and those that it starts, wait where others want the core; only Linux knows the niceness of a
    thread.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # a sandbox may forbid it or not know it; then all stages are equal
            os.setpriority(
                os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + _PATIENT_NICENESS, 19)
            )
