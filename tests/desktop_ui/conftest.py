"""Fixtures for the tests of the window: a display that is none, and windows that are closed whatever a test does."""

import atexit
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.desktop_ui.open_window import OpenWindow
from tests.tiny_bundle import build_tiny_bundle


@pytest.fixture(scope="session", autouse=True)
def _display() -> Iterator[None]:
    """An Xvfb of this process's own, so that the real ``xcb`` platform is tested; where there is none, Qt's
    ``offscreen``.
    """
    if shutil.which("Xvfb") is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield
        return
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    # At the very end: Qt keeps its connection until the process ends, and dies when the server does before.
    atexit.register(server.terminate)
    yield


@pytest.fixture(autouse=True)
def _cache_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy world's bundle, built once."""
    return build_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def open_window(qtbot: object, tiny_bundle: Path, tmp_path: Path) -> Iterator[Callable[..., OpenWindow]]:
    """Opens windows over the toy world's bundle; closes them at the end, and sees to it that no thread is left."""
    from tests.desktop_ui.open_window import closing_windows

    with closing_windows(qtbot, tiny_bundle, tmp_path) as opens:
        yield opens
