import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from desktop_ui.app import ignore_foreign_plugins
from tests.skip_gate import NO_WESTON, NO_XVFB
from tests.toy_video import write_toy_video

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


_WAYLAND = """
import sys
from pathlib import Path
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from desktop_ui.app import make_application
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.main_window import MainWindow
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.window import WindowModel
from desktop_ui.style.themes import Themes
folder, bundle, clip = map(Path, sys.argv[1:])
application = make_application()
window = MainWindow(Bridge(WindowModel()), Themes(application, "dark"), SettingsFile(folder / "window.json"))
window.show()
window.start(bundle)
window.opener.open([str(clip)])
while window.grid.tile(1).shown is None:
    QTest.qWait(20)
window.toggle_full_screen()
while window.width() != 1600:
    QTest.qWait(20)
print(QGuiApplication.platformName(), window.windowHandle().isExposed(), window.height())
window.when_closed.append(application.quit)
window.close()
application.exec()
"""


def test_the_window_shows_a_file_on_wayland_and_fills_the_screen(tmp_path: Path, tiny_bundle: Path) -> None:
    if shutil.which("weston") is None:
        pytest.skip(NO_WESTON)
    runtime, socket = tmp_path / "runtime", "wayland-of-test"
    runtime.mkdir(mode=0o700)
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.4)
    variables = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "WAYLAND_DISPLAY": socket, "QT_QPA_PLATFORM": "wayland"}
    size = ["--width=1600", "--height=1000"]
    compositor = subprocess.Popen(
        ["weston", "--backend=headless-backend.so", f"--socket={socket}", "--idle-time=0", *size],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 30
        while not (runtime / socket).exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        command = [sys.executable, "-c", _WAYLAND, str(tmp_path), str(tiny_bundle), str(clip)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=variables)
    finally:
        compositor.terminate()
        compositor.wait(30)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wayland True 1000\n"


@pytest.mark.parametrize(("size", "scale"), [((1280, 720), 1), pytest.param((1920, 1080), 2, marks=pytest.mark.slow)])
def test_nothing_is_cut_off_with_up_to_nine_sources(
    size: tuple[int, int], scale: int, tmp_path: Path, tiny_bundle: Path
) -> None:
    """In dark and light; the pictures of the command are there to be looked at."""
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    command = [sys.executable, "-m", "tests.bench.window_pictures", "--out", str(tmp_path / "pictures")]
    command += ["--size", "x".join(map(str, size)), "--scale", str(scale)]
    command += ["--bundle", str(tiny_bundle), "--clip", str(clip)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [path.name[:3] for path in pictures] == ["1-d", "1-l", "4-d", "4-l", "9-d", "9-l"]
    for path in pictures:
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.shape == (scale * size[1], scale * size[0], 3)
        is_light = picture[-5:, : picture.shape[1] // 3].mean() > 128  # the status bar
        assert is_light == ("light" in path.name)


@pytest.mark.slow
def test_a_window_opens_beside_the_full_opencv_wheel(tmp_path: Path) -> None:
    """Asks the package index for ``opencv-python``, which brings a Qt of its own."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path), "opencv-python"]
    subprocess.run(command, check=True, timeout=600)
    shutil.rmtree(tmp_path / "bin", ignore_errors=True)
    assert str(tmp_path) in show_a_window(str(tmp_path))
