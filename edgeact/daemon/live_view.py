"""The newest picture of each camera for viewers: drawn and encoded only when a viewer asks for it."""

import threading
from collections.abc import Callable, Collection

from edgeact.daemon.snapshots import encode_jpeg
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Observation, UInt8

_QUALITY = 80


class LiveView:
    """The newest picture of one camera, with the overlay drawn; may be used from any thread.

    It is given observations whose pictures may be shown, and keeps the newest one only.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: Observation | None = None
        self._draw: Callable[[Observation], UInt8] | None = None
        self._number = self._run = 0
        self._is_over = False
        self._encoding = threading.Lock()  # guards what was encoded last, and the drawer
        self._encoded: tuple[int, bytes] | None = None

    @property
    def is_over(self) -> bool:
        """Whether the camera has ended, so that no more pictures come."""
        return self._is_over

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture."""
        return self._newest is not None

    @property
    def number(self) -> int:
        """Serial number of the newest picture; it grows with every picture."""
        return self._number

    def begin(self, draw: Callable[[Observation], UInt8]) -> int:
        """Begin a new run of the camera and forget the last picture, because the privacy may be another one now.

        Args:
            draw: Makes a picture ``(H, W, 3)`` uint8 RGB of an observation; called by one thread at a time.

        Returns:
            The number of the run.
        """
        with self._encoding, self._changed:
            self._newest, self._draw, self._encoded = None, draw, None
            self._run += 1
            return self._run

    def take(self, run: int, observation: Observation) -> None:
        """Keep the newest observation of a run; those of an earlier run, which may end late, are ignored."""
        with self._changed:
            if run != self._run:
                return
            self._newest = observation
            self._number += 1
            self._changed.notify_all()

    def end(self) -> None:
        """Forget the picture and tell all viewers that the camera has ended."""
        with self._changed:
            self._is_over, self._newest = True, None
            self._changed.notify_all()

    def picture(self, after: int = 0, seconds: float = 0.0) -> tuple[int, UInt8] | None:
        """The newest picture with the overlay drawn.

        Args:
            after: Only one of a higher number.
            seconds: Wait so long at most for it.

        Returns:
            Its number, which grows, and the picture ``(H, W, 3)`` uint8 RGB; None where there is none.
        """
        self._wait(after, seconds)
        with self._encoding:
            return self._drawn(after)

    def jpeg(self, after: int = 0, seconds: float = 0.0) -> tuple[int, bytes] | None:
        """The same as `picture`, as JPEG; all viewers share one encoding."""
        self._wait(after, seconds)
        with self._encoding:
            encoded = self._encoded
            if encoded is not None and encoded[0] == self._number and encoded[0] > after:
                return encoded
            found = self._drawn(after)
            if found is None:
                return None
            self._encoded = (found[0], encode_jpeg(found[1], quality=_QUALITY))
            return self._encoded

    def _wait(self, after: int, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_over or (self._newest is not None and self._number > after), seconds
            )

    def _drawn(self, after: int) -> tuple[int, UInt8] | None:
        with self._changed:
            if self._number <= after or self._newest is None or self._draw is None:
                return None
            number, newest, draw = self._number, self._newest, self._draw
        return number, draw(newest)


class LiveViewSink:
    """A sink that keeps the newest observation of a camera in its `LiveView`.

    Args:
        view: Of the camera, which a new run of it begins.
        draw: See `LiveView.begin`.
    """

    def __init__(self, view: LiveView, draw: Callable[[Observation], UInt8]) -> None:
        self._view, self._run = view, view.begin(draw)

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations; people are already concealed in their frames."""
        return frozenset({"observations"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        """Make this the newest picture of the view."""
        self._view.take(self._run, observation)

    def write_event(self, event: Event) -> None:
        """Do nothing: labels in force are part of the overlay."""

    def close(self) -> None:
        """Do nothing: the last picture stays visible."""

    def abort(self) -> None:
        """Do the same as `close`."""


class LiveViews:
    """The views of all cameras, by name; may be used from any thread."""

    def __init__(self) -> None:
        self._views: dict[str, LiveView] = {}
        self._lock = threading.Lock()

    def of(self, camera: str) -> LiveView:
        """The view of a camera, created where there is none."""
        with self._lock:
            return self._views.setdefault(camera, LiveView())

    def find(self, camera: str) -> LiveView | None:
        """The view of a camera, or None where there is no such camera."""
        with self._lock:
            return self._views.get(camera)

    def keep(self, cameras: Collection[str]) -> None:
        """End the views of all other cameras."""
        with self._lock:
            gone = [name for name in self._views if name not in cameras]
            over = [self._views.pop(name) for name in gone]
        for view in over:
            view.end()
