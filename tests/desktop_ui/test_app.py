import os
import subprocess
import sys

import pytest

from desktop_ui.app import ignore_foreign_plugins

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
