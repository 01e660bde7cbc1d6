from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.rules.schedule import DAYS, is_open, parse_window

BERLIN = ZoneInfo("Europe/Berlin")


def opened(text: str, moment: datetime, zone: ZoneInfo = BERLIN) -> bool:
    return is_open([parse_window(part) for part in text.split(", ")], moment, zone)


@pytest.mark.parametrize(
    ("text", "moment", "is_in"),
    [
        ("Mon-Fri 08:00-18:00", "2026-01-30T08:00", True),  # a Friday
        ("Mon-Fri 08:00-18:00", "2026-01-30T18:00", False),
        ("Mon-Fri 08:00-18:00", "2026-01-31T12:00", False),
        ("08:00-18:00", "2026-01-31T12:00", True),
        ("Sat 22:00-06:00", "2026-02-01T05:59", True),  # what began on Saturday goes on into Sunday
        ("Sat 22:00-06:00", "2026-01-31T05:59", False),
        ("Sat-Mon 10:00-11:00", "2026-02-01T10:30", True),
        ("Fri-Mon 10:00-11:00", "2026-02-03T10:30", False),
        ("Fri 09:00-10:00, Sat 11:00-12:00", "2026-01-31T11:30", True),
        ("00:00-24:00", "2026-01-31T23:59", True),
        ("00:00-00:00", "2026-01-31T13:00", True),
    ],
)
def test_hours_and_days(text: str, moment: str, is_in: bool) -> None:
    assert opened(text, datetime.fromisoformat(moment).replace(tzinfo=BERLIN)) is is_in


def test_summer_time_begins_and_the_schedule_keeps_to_the_clock_on_the_wall() -> None:
    for day, at_eight in ((28, 7), (29, 6)):  # the clocks went forward in the night to 2026-03-29
        start = datetime(2026, 3, day, at_eight, 0, tzinfo=timezone.utc)
        assert opened("08:00-09:00", start)
        assert not opened("08:00-09:00", start - timedelta(minutes=1))
        assert not opened("08:00-09:00", start + timedelta(hours=1))
    night = datetime(2026, 3, 29, 0, 0, tzinfo=timezone.utc)
    assert not any(opened("02:00-03:00", night + timedelta(minutes=minute)) for minute in range(0, 180, 5))


def test_summer_time_ends_and_the_hour_that_comes_twice_counts_twice() -> None:
    night = datetime(2026, 10, 24, 22, 0, tzinfo=timezone.utc)
    minutes = [minute for minute in range(0, 300, 5) if opened("02:00-03:00", night + timedelta(minutes=minute))]
    assert minutes == list(range(120, 240, 5))
    assert opened("22:00-06:00", datetime(2026, 10, 25, 4, 59, tzinfo=timezone.utc))
    assert not opened("22:00-06:00", datetime(2026, 10, 25, 5, 0, tzinfo=timezone.utc))


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(timezone.utc)),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_a_window_and_the_rest_of_the_day_are_all_of_the_time(moment, start: int, end: int, name: str) -> None:
    def text(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    zone = ZoneInfo(name)
    one, other = f"{text(start)}-{text(end)}", f"{text(end)}-{text(start)}"
    assert (opened(one, moment, zone) != opened(other, moment, zone)) or start == end


BAD = ("", "always", "Mon", "Mon 8-18", "Mo 08:00-18:00", "08:60-09:00", "24:00-01:00", "08:00-25:00")


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|before 24:00"):
        parse_window(text)


@given(st.text(max_size=30))
def test_no_text_crashes_it(text: str) -> None:
    try:
        window = parse_window(text)
    except ValueError:
        return
    assert window.days <= set(range(len(DAYS)))
