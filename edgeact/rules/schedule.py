"""When a rule is in force: hours of days of the week, by the clock on the wall of a time zone.

On the day on which summer time begins the hour that is left out never comes, and on the day on which it ends the hour
that comes twice counts twice: a schedule means what the clock on the wall shows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_MINUTES = 24 * 60
_WINDOW = re.compile(r"(?:(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))?\s+)?(?P<start>\S+?)-(?P<end>\S+)")
_TIME = re.compile(r"(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some days. One that ends not after it begins goes on into the next day.

    Attributes:
        days: On which it begins, 0 is Monday.
        start: Minute of the day, which belongs to it.
        end: Minute of the day, which does not belong to it.
    """

    days: frozenset[int]
    start: int
    end: int


def parse_window(text: str) -> Window:
    """The window of a text such as ``Mon-Fri 08:00-18:00``, ``Sat 22:00-06:00`` or ``00:00-24:00`` (every day).

    Raises:
        ValueError: It is written in another way.
    """
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time; it is written like Mon-Fri 08:00-18:00")
    first, last = match["first"] or "Mon", match["last"] or match["first"] or "Sun"
    for day in (first, last):
        if day not in DAYS:
            raise ValueError(f"{day!r} is no day; they are {', '.join(DAYS)}")
    begin, length = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
    start, end = _minute(match["start"]), _minute(match["end"])
    if start == _DAY_MINUTES:
        raise ValueError("a time begins before 24:00")
    return Window(frozenset((begin + offset) % 7 for offset in range(length)), start, end)


def is_open(windows: Sequence[Window], moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a moment lies in one of the windows.

    Args:
        windows: Of the schedule.
        moment: With a time zone, any.
        zone: Whose clock counts.
    """
    local = moment.astimezone(zone)
    day, minute = local.weekday(), 60 * local.hour + local.minute
    return any(_holds(window, day, minute) for window in windows)


def _holds(window: Window, day: int, minute: int) -> bool:
    if window.start < window.end:
        return day in window.days and window.start <= minute < window.end
    is_late = day in window.days and minute >= window.start
    return is_late or ((day - 1) % 7 in window.days and minute < window.end)


def _minute(text: str) -> int:
    match = _TIME.fullmatch(text)
    minute = 60 * int(match[1]) + int(match[2]) if match is not None else -1
    if match is None or int(match[2]) > 59 or minute > _DAY_MINUTES:
        raise ValueError(f"{text!r} is no time of day; it is written like 08:00")
    return minute
