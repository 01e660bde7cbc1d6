import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_ui.app import ignore_foreign_plugins
from tests.skip_gate import NO_XVFB

POSIX_ONLY = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog")


def test_no_module_of_the_window_needs_posix() -> None:
    # Libraries choose by system what they import; they come first.
    program = (
        "import asyncio, av, cv2, importlib, keyring, numpy, onnxruntime, pkgutil, psutil, pydantic, sys\n"
        "import scipy.optimize, typer, PyQt6.QtWidgets\n"
        f"sys.modules.update(dict.fromkeys({POSIX_ONLY!r}))\nimport desktop_ui\n"
        "for module in pkgutil.walk_packages(desktop_ui.__path__, 'desktop_ui.'):\n"
        "    importlib.import_module(module.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_plugins_of_another_qt_are_forgotten_and_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign, own = f"x{os.sep}cv2{os.sep}qt{os.sep}plugins", f"x{os.sep}plugins"
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", foreign)
    monkeypatch.setenv("QT_PLUGIN_PATH", own)
    ignore_foreign_plugins()
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ
    assert os.environ["QT_PLUGIN_PATH"] == own


_SHOW_AND_QUIT = """
import cv2, sys
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QWidget
from desktop_ui.app import make_application
application = make_application()
widget = QWidget()
widget.show()
QTimer.singleShot(200, application.quit)
application.exec()
print(QGuiApplication.platformName(), cv2.__file__)
"""


def show_a_window(search: str = "") -> str:
    """Show a window on the real ``xcb`` platform in a process of its own; the platform, and where cv2 came from."""
    if os.environ.get("QT_QPA_PLATFORM") != "xcb":
        pytest.skip(NO_XVFB)
    paths = os.pathsep.join(part for part in (search, os.environ.get("PYTHONPATH", "")) if part)
    command = [sys.executable, "-c", _SHOW_AND_QUIT]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_window_opens_on_the_real_platform() -> None:
    assert show_a_window().startswith("xcb ")


@pytest.mark.slow
def test_a_window_opens_beside_the_full_opencv_wheel(tmp_path: Path) -> None:
    """Asks the package index for ``opencv-python``, which brings a Qt of its own."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path), "opencv-python"]
    subprocess.run(command, check=True, timeout=600)
    shutil.rmtree(tmp_path / "bin", ignore_errors=True)
    assert str(tmp_path) in show_a_window(str(tmp_path))
