import time
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

from edgeact import doctor_clock
from edgeact.doctor_clock import is_synchronised, look_at_clock


class Day(datetime):
    """A clock that is right."""

    @classmethod
    def now(cls, tz=None):  # noqa: ARG003 - as it is called
        return datetime(2026, 6, 1, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_clock, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(doctor_clock, "datetime", Day)


def test_the_kernel_says_whether_the_clock_is_kept() -> None:
    assert is_synchronised() in (True, False)  # on Linux it always can


@pytest.mark.parametrize(
    ("kept", "state", "words"),
    [(True, "ok", "kept right"), (False, "note", "nothing keeps"), (None, "note", "be seen")],
)
def test_what_keeps_it_is_told(kept: bool | None, state: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_clock, "is_synchronised", lambda: kept)
    check = look_at_clock()
    assert (check.state, words in check.found, bool(check.remedy)) == (state, True, state != "ok")


def test_a_clock_that_is_set_while_it_is_looked_at_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1e9, 1e9 + 7.0])
    set_forward = SimpleNamespace(time=lambda: next(times), monotonic=lambda: 5.0, sleep=time.sleep)
    monkeypatch.setattr(doctor_clock, "time", set_forward)
    check = look_at_clock()
    assert check.state == "note"
    assert "it was set by +7.0" in check.found


def test_a_board_that_forgot_the_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Beginning(datetime):
        @classmethod
        def now(cls, tz=None):  # noqa: ARG003 - as it is called
            return datetime(1970, 1, 1, tzinfo=timezone.utc)

    monkeypatch.setattr(doctor_clock, "datetime", Beginning)
    assert look_at_clock().state == "fail"
