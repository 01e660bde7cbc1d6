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
    """Lower the scheduling priority of the calling thread and of all threads that it starts from now on.

    Linux has a niceness for each thread; on other systems this does nothing.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # a sandbox may forbid it or not know it; then all stages are equal
            os.setpriority(
                os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + _PATIENT_NICENESS, 19)
            )
