from typing import Any

import pytest

from desktop_ui.bridge.background import Background
from edgeact.errors import EdgeactError, UsageError


def test_values_and_errors_come_back_to_the_windows_thread(qtbot: Any) -> None:
    told: list[object] = []
    background = Background()

    def fail(error: Exception) -> None:
        raise error

    background.run("adding", lambda: 1 + 1, told.append, told.append)
    qtbot.waitUntil(lambda: told == [2], timeout=10_000)
    background.run("asking", lambda: fail(UsageError("the name is empty; give one")), told.append, told.append)
    qtbot.waitUntil(lambda: len(told) == 2, timeout=10_000)
    assert isinstance(told[1], UsageError)
    background.run("dividing", lambda: fail(ZeroDivisionError("rtsp://me:secret@x")), told.append, told.append)
    qtbot.waitUntil(lambda: len(told) == 3, timeout=10_000)
    assert isinstance(told[2], EdgeactError)
    assert "dividing failed (ZeroDivisionError)" in str(told[2])
    assert "secret" not in str(told[2])


def test_nobody_is_told_after_leaving(qtbot: Any, caplog: pytest.LogCaptureFixture) -> None:
    told: list[object] = []
    background = Background()
    background.leave()
    background.run("late", lambda: 1, told.append, told.append)
    qtbot.wait(100)
    assert told == []
