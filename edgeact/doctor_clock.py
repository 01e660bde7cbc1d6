"""Whether this machine knows what time it is: schedules, names of files and times of events depend on it."""

import ctypes
import time
from datetime import datetime, timezone

from edgeact.doctor import Check

_TIMEX_BYTES = 512  # more than the kernel's structure has; the first field, what is to be set, is zero: nothing
_TIME_ERROR = 5  # what adjtimex(2) answers where nothing keeps the clock right
_OLDEST = datetime(2026, 1, 1, tzinfo=timezone.utc)  # edgeact is younger
_LOOK_SECONDS = 0.2
_JUMP_SECONDS = 0.05  # a clock that is slewed differs by 0.0001 s in this time

_REMEDY = "let something set it: apt install chrony, or timedatectl set-ntp true"


def look_at_clock() -> Check:
    """Check that the system clock shows a plausible date, is kept synchronised (as by NTP), and does not jump."""
    now = datetime.now(timezone.utc)
    found = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    if now < _OLDEST:
        return Check("clock", "fail", f"{found} is long ago", f"{_REMEDY}; a board without a battery forgets the time")
    before = time.time() - time.monotonic()
    time.sleep(_LOOK_SECONDS)
    jump = time.time() - time.monotonic() - before
    if abs(jump) > _JUMP_SECONDS:
        words = f"{found}, and it was set by {jump:+.2f} s while it was looked at"
        return Check("clock", "note", words, "let only one program set it, and by slewing")
    is_kept = is_synchronised()
    if is_kept is None:
        return Check("clock", "note", f"{found}; whether anything keeps it right cannot be seen", _REMEDY)
    if not is_kept:
        return Check("clock", "note", f"{found}, but nothing keeps it right", _REMEDY)
    return Check("clock", "ok", f"{found}, kept right")


def is_synchronised() -> bool | None:
    """Whether something keeps the clock right, as the kernel was told; None where it cannot be asked."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        answer = int(library.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != _TIME_ERROR
