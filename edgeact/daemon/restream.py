"""Publishes a camera's pictures, with what is seen drawn into them, to an RTSP server, from which players take them.

The server is another program (MediaMTX, for example): it serves any number of players, in other protocols as well, and
knows who may look. Publishing needs no more than FFmpeg, which is there; GStreamer's server would need the system's
Python.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import av

from edgeact.capture.address import parse_address
from edgeact.capture.backoff import seconds_to_wait
from edgeact.daemon.config import RestreamConfig
from edgeact.daemon.live_view import LiveViews
from edgeact.errors import OutputError
from edgeact.media.encoder import PictureEncoder, immediate_encoder
from edgeact.stopping import join_or_leave, named_thread, start_thread
from edgeact.types import UInt8

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 0.5  # for the next picture; how soon a stop is noticed
_STOP_SECONDS = 2.0
_PROBE_SECONDS = 4.0
_RTSP_PORT, _RTSPS_PORT = 554, 322


class Restream:
    """Publishes the pictures of one camera to a server, and connects again whenever that breaks.

    Args:
        name: In the configuration.
        config: Which camera, and where to.
        views: The newest pictures of the cameras.

    Attributes:
        sent: Pictures that the server took since the start.
        error: Why it takes none now; None while it does, or while the camera has no picture.
    """

    def __init__(self, name: str, config: RestreamConfig, views: LiveViews) -> None:
        self.sent = 0
        self.error: str | None = None
        self._name, self._config, self._views = name, config, views
        self._address = parse_address(config.url.get_secret_value())
        self._stop = threading.Event()
        self._chance = random.Random()  # noqa: S311 - spreads waits, guards nothing
        self._thread = named_thread(f"restream {name}", self._run)

    def start(self) -> None:
        """Start the thread that publishes.

        Raises:
            PipelineError: The system gives no more threads.
        """
        start_thread(self._thread)

    def stop(self) -> None:
        """Stop publishing, and wait at most `_STOP_SECONDS` for a server that hangs."""
        self._stop.set()
        join_or_leave([self._thread], time.monotonic() + _STOP_SECONDS)

    def _run(self) -> None:
        lost_since = time.monotonic()
        while not self._stop.is_set():
            before = self.sent
            try:
                self._publish()
            except OutputError as error:
                self._note(str(error))
            except Exception as error:
                logger.exception("restream %s: publishing failed", self._name)
                self._note(f"publishing failed ({type(error).__name__})")
            now = time.monotonic()
            if self.sent > before:
                lost_since = now
            self._stop.wait(seconds_to_wait(now - lost_since, is_refused=False, chance=self._chance))

    def _publish(self) -> None:
        """Open the stream with the next picture, and send all that follow; returns at a stop, or when the size changes.

        Raises:
            OutputError: The server cannot be reached, refuses, or has gone.
        """
        number, first = self._next(0)
        if first is None:
            return
        height, width = first.shape[:2]
        with self._opened(width, height) as (output, encoder):
            image: UInt8 | None = first
            began = time.monotonic()
            while image is not None and image.shape == first.shape and not self._stop.is_set():
                with self._told():
                    output.mux(encoder.encode(image, time.monotonic() - began))
                self.sent += 1
                self._note(None)
                self._stop.wait(1.0 / self._config.fps)
                number, image = self._next(number)

    def _next(self, after: int) -> tuple[int, UInt8 | None]:
        """The next picture of the camera, and its number; None at a stop."""
        while not self._stop.is_set():
            view = self._views.find(self._config.camera)
            found = None if view is None else view.picture(after, _WAIT_SECONDS)
            if found is not None:
                return found
            if view is None:
                self._stop.wait(_WAIT_SECONDS)
        return after, None

    @contextmanager
    def _opened(self, width: int, height: int) -> Iterator[tuple[Any, PictureEncoder]]:
        with self._told():
            output: Any = av.open(
                self._address.secret,
                "w",
                format="rtsp",
                options={"rtsp_transport": "tcp"},
                timeout=(_PROBE_SECONDS, _PROBE_SECONDS),
            )
        try:
            yield output, immediate_encoder(output, width=width, height=height, rate=self._config.fps)
        finally:
            with suppress(av.FFmpegError, OSError):  # what is lost already cannot be ended properly
                output.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise errors of FFmpeg as `OutputError`, without FFmpeg's text, which holds the address with the password."""
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise OutputError(f"restream {self._name}: {self._address.shown} takes no pictures ({reason})") from None

    def _note(self, error: str | None) -> None:
        if error != self.error:
            if error is None:
                logger.info("restream %s: %s takes pictures", self._name, self._address.shown)
            else:
                logger.error("%s; it is tried again", error)
        self.error = error


def probe_restream(name: str, config: RestreamConfig) -> None:
    """Check that the server can be reached; nothing is published.

    Args:
        name: In the configuration.
        config: Where it is.

    Raises:
        OutputError: It cannot be.
    """
    address = parse_address(config.url.get_secret_value())
    try:
        port = urlsplit(address.secret).port or (_RTSPS_PORT if address.scheme == "rtsps" else _RTSP_PORT)
        socket.create_connection((address.host, port), timeout=_PROBE_SECONDS).close()
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"restream {name}: {address.shown} cannot be reached ({reason}); check the address, and whether the server "
            "runs"
        ) from error
