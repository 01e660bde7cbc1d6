"""Looks at pages as a browser shows them: Debian's Chromium without a window."""

import os
import shutil
import subprocess
from pathlib import Path

import cv2

from tests.media import Picture

PROGRAM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), "")


def is_installed() -> bool:
    """Whether there is a Chromium."""
    return bool(PROGRAM)


def look(url: str, folder: Path, *, size: tuple[int, int] = (1000, 800), seconds: float = 2.0) -> Picture:
    """What the window shows ``(H, W, 3)`` RGB, so many seconds of the page's own time after it was loaded."""
    path = folder / "window.png"
    width, height = size
    _run([f"--screenshot={path}", f"--window-size={width},{height}"], url, folder, seconds)
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def read(url: str, folder: Path, *, seconds: float = 2.0) -> str:
    """The page's document as HTML, after its scripts have run for so many seconds of the page's own time."""
    return _run(["--dump-dom"], url, folder, seconds)


def _run(options: list[str], url: str, folder: Path, seconds: float) -> str:
    command = [
        PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        f"--user-data-dir={folder / 'profile'}", f"--virtual-time-budget={round(seconds * 1000)}", *options, url,
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=environment)
    return done.stdout
