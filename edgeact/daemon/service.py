"""Tells systemd how the daemon stands: ready, alive, in a few words, stopping (see ``sd_notify(3)``).

READY comes after the first inference. WATCHDOG comes from progress, not from a thread of its own: it stays out when a
camera gives frames and none is perceived any more, so that systemd starts a daemon anew in which something hangs.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping, Sequence

from edgeact.capture.base import SourceState
from edgeact.capture.live import LiveSource
from edgeact.watching.watched import Watched

STATUS_SECONDS = 10.0
_LONGEST_STATUS = 500  # characters; systemd shows one line


class ServiceNotices:
    """What is said to systemd; nothing where the process was not started by it.

    Args:
        variables: The environment: ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` count.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        name = variables.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._watchdog = _watchdog_seconds(variables)
        self._fed = self._told = float("-inf")
        self._progress: dict[str, tuple[int, int, float]] = {}  # frames that came, were perceived, and when they were

    def ready(self) -> None:
        """The graphs have run once: cameras can be perceived."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The daemon was asked to end."""
        self._send("STOPPING=1")

    def look(self, cameras: Sequence[Watched]) -> None:
        """Say that all is going on, if it is; to be called a few times a second.

        Args:
            cameras: How they stand.
        """
        now = time.monotonic()
        if self._watchdog is not None and now - self._fed >= self._watchdog / 4 and self._goes_on(cameras, now):
            self._fed = now
            self._send("WATCHDOG=1")
        if now - self._told >= STATUS_SECONDS:
            self._told = now
            self._send(f"STATUS={in_words(cameras)}")

    def _goes_on(self, cameras: Sequence[Watched], now: float) -> bool:
        """Whether of every camera that gives frames some were perceived within half of the watchdog's time."""
        patience = (self._watchdog or 0.0) / 2
        for camera in cameras:
            source = camera.source
            if not isinstance(source, LiveSource) or source.state is not SourceState.RUNNING or _rests(camera):
                self._progress.pop(camera.name, None)
                continue
            came, perceived = source.status.frames, camera.frames
            before = self._progress.get(camera.name)
            if before is None or perceived != before[1] or came == before[0]:
                self._progress[camera.name] = (came, perceived, now)
            elif now - before[2] > patience:
                return False
        return True

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one,
        ):
            one.sendto(text.encode("utf-8", errors="replace"), socket.MSG_DONTWAIT, self._address)


def _rests(camera: Watched) -> bool:
    return camera.run is None or camera.rests


def in_words(cameras: Sequence[Watched]) -> str:
    """How the cameras stand, in one line without secrets."""
    words = [f"{camera.name} {camera.state.value}" + (f" ({camera.why})" if camera.why else "") for camera in cameras]
    return " ".join("; ".join(words).split())[:_LONGEST_STATUS]


def _watchdog_seconds(variables: Mapping[str, str]) -> float | None:
    """The time within which systemd wants to hear something; None where it does not, or not of this process."""
    text = variables.get("WATCHDOG_USEC", "")
    is_for_others = variables.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid())
    if not text.isdecimal() or int(text) == 0 or is_for_others:
        return None
    return int(text) / 1e6
