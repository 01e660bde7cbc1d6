import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.live import LiveSource
from edgeact.daemon.service import ServiceNotices, in_words
from edgeact.watching.watched import Watched


class Systemd:
    """The other end of the socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        found = []
        try:
            while True:
                found.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    one = Systemd(tmp_path / "notify")
    yield one
    one.close()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [1000.0]
    monkeypatch.setattr("edgeact.daemon.service.time.monotonic", lambda: clock[0])
    return clock


def camera(name: str, state: SourceState = SourceState.RUNNING) -> Watched:
    """A camera whose frames a test counts itself."""
    source: Any = LiveSource.__new__(LiveSource)
    source._state = state
    watched: Any = Watched(name)
    watched.source, watched.run = source, SimpleNamespace()
    return watched


def give(watched: Watched, monkeypatch: pytest.MonkeyPatch, came: dict[str, int]) -> None:
    status = property(lambda self: SimpleNamespace(frames=came["frames"], fault=None))
    monkeypatch.setattr(LiveSource, "status", status)


def test_ready_status_and_stopping_are_heard(systemd: Systemd, now: list[float]) -> None:
    notices = ServiceNotices({"NOTIFY_SOCKET": str(systemd.path)})
    notices.ready()
    notices.look([])
    notices.look([])
    notices.stopping()
    assert systemd.heard() == ["READY=1", "STATUS=", "STOPPING=1"]


def test_the_watchdog_is_fed_by_progress_alone(
    systemd: Systemd, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}
    notices, gate, came = ServiceNotices(variables), camera("gate"), {"frames": 0}
    give(gate, monkeypatch, came)

    def fed(seconds: int, *, come: int, perceived: int) -> int:
        heard = []
        for _ in range(seconds):
            now[0] += 1.0
            came["frames"] += come
            gate.frames += perceived
            notices.look([gate])
            heard += systemd.heard()
        return heard.count("WATCHDOG=1")

    assert fed(60, come=10, perceived=8) == 12  # a quarter of the time apart
    assert fed(60, come=0, perceived=0) == 12  # nothing comes, and nothing hangs
    assert fed(10, come=10, perceived=0) <= 2  # it may be slow for a while
    assert fed(60, come=10, perceived=0) == 0  # something hangs
    assert fed(60, come=10, perceived=8) >= 11
    gate.rests = True
    assert fed(60, come=10, perceived=0) >= 11  # nothing is wanted of it


def test_cameras_that_give_nothing_keep_no_daemon_from_living(systemd: Systemd, now: list[float]) -> None:
    notices = ServiceNotices({"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "20000000"})
    gate = camera("gate", SourceState.FAILED)
    heard = []
    for _ in range(60):
        now[0] += 1.0
        notices.look([gate, Watched("yard")])
        heard += systemd.heard()
    assert heard.count("WATCHDOG=1") == 12


@pytest.mark.parametrize(
    "variables",
    [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "@edgeact-nobody", "WATCHDOG_USEC": "many"}],
)
def test_without_systemd_nothing_happens(variables: dict[str, str], now: list[float]) -> None:
    notices = ServiceNotices(variables)
    notices.ready()
    notices.look([Watched("gate")])


def test_a_watchdog_of_another_process_is_not_fed(systemd: Systemd, now: list[float]) -> None:
    notices = ServiceNotices({"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"})
    notices.look([])
    assert systemd.heard() == ["STATUS="]


def test_the_status_is_one_line(now: list[float]) -> None:
    assert in_words([Watched("gate"), Watched("yard")]) == "gate starting; yard starting"
    assert len(in_words([Watched(f"camera{number}") for number in range(100)])) == 500
