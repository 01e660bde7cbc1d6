"""Arrays of Python as a source: whatever a program has in its hands."""

import contextlib
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av
import numpy as np

from edgeact.capture.base import SourceInfo
from edgeact.capture.connection import Arrival
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS
from edgeact.capture.recorded import RecordedSource, check_every, check_frame_rate
from edgeact.capture.upright import Orientation, check_turn
from edgeact.errors import SourceFormatError
from edgeact.types import Frame, UInt8

ITERABLE_NAME = "iterable"
_PICTURE = "a picture is an array of uint8, (H, W, 3), RGB"


class IterableSource(RecordedSource):
    """Every picture of an iterable, in order.

    An item is a picture, ``(H, W, 3)`` uint8 RGB, or a pair of its time in seconds and the picture. Without times they
    are ``1 / frame_rate`` apart. Pictures may differ in size. A picture that may be written to is copied.

    Attributes:
        decoded_frames: Items taken so far.
        truncated: Always False.
        message: Always None.
    """

    def __init__(
        self,
        items: Iterable[Any],
        *,
        name: str = ITERABLE_NAME,
        frame_rate: float = 25.0,
        every: int = 1,
        turn: int = 0,
        max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
    ) -> None:
        """Take the first item, so that an iterable that cannot be used is known at once.

        Args:
            items: See the class; a generator is closed with the source.
            name: For messages and results.
            frame_rate: Pictures a second of items without times, greater than 0.
            every: Deliver each n-th picture only, beginning with the first.
            turn: Degrees to the right by which pictures are turned: 0, 90, 180 or 270.
            max_megapixels: Larger pictures are refused.

        Raises:
            SourceFormatError: There is no item, or the first is no picture.
            UsageError: ``frame_rate``, ``every`` or ``turn`` is out of range.
        """
        super().__init__()
        check_every(every)
        check_frame_rate(frame_rate)
        check_turn(turn)
        self.decoded_frames = 0
        self.truncated = False
        self.message: str | None = None
        self._every, self._frame_rate, self._max_megapixels = every, frame_rate, max_megapixels
        self._orientation = Orientation().turned(turn)
        self._items = iter(items)
        try:
            first = next(self._items)
        except StopIteration:
            raise SourceFormatError(f"{name} has no picture; give it at least one") from None
        try:
            height, width = _take(first, 0, max_megapixels)[1].shape[:2]
        except _NoPictureError as error:
            raise SourceFormatError(f"{name}: {error}") from error
        width, height = self._orientation.size(width, height)
        self._pending: Iterator[Any] = chain((first,), self._items)
        self._info = SourceInfo(
            name=name,
            width=width,
            height=height,
            live=False,
            frame_rate=None if isinstance(first, tuple) else Fraction(frame_rate).limit_denominator(1001),
            frame_count=None,
            duration=None,
        )

    def _deliver(self) -> Iterator[Frame]:
        last = -np.inf
        try:
            for index, item in enumerate(self._pending):
                if self._closing.is_set():
                    return
                self.decoded_frames += 1
                stamp, picture = _take(item, index, self._max_megapixels)
                seconds = index / self._frame_rate if stamp is None else stamp
                if seconds <= last:
                    raise _NoPictureError(f"item {index} has the time {seconds:g} s after {last:g} s", "times increase")
                last = seconds
                if index % self._every == 0:
                    image, captured = self._keep(picture), time.monotonic()
                    yield Frame(index=index, time=seconds, image=image, captured=captured, source=self._info.name)
        except _NoPictureError as error:
            raise SourceFormatError(f"{self._info.name}: {error}") from error

    def _release(self) -> None:
        _close_generator(self._items)

    def _keep(self, picture: UInt8) -> UInt8:
        image = np.ascontiguousarray(self._orientation.apply(picture))
        if image.flags.writeable and np.shares_memory(image, picture):
            image = image.copy()  # the caller may use its buffer again
        image.flags.writeable = False
        return image


class IterableConnection:
    """The same items for a `LiveSource`, which takes them as they come and keeps the newest."""

    def __init__(self, items: Iterable[Any], *, name: str, max_megapixels: float) -> None:
        """Args: items, name, max_megapixels: As of `IterableSource`."""
        self.rate: Fraction | None = None
        self.ends = True
        self.mode: str | None = None
        self.packets = 0
        self._items, self._name, self._max_megapixels = iter(items), name, max_megapixels

    def arrivals(self, left: threading.Event) -> Iterator[Arrival]:
        """Yield the pictures until the items end, or nobody wants them any more.

        Raises:
            SourceFaultError: An item is no picture, or the iterable raised an error.
        """
        index = 0
        while not left.is_set():
            try:
                item = next(self._items)
                stamp, picture = _take(item, index, self._max_megapixels)
            except StopIteration:
                return
            except _NoPictureError as error:
                raise SourceFaultError(self._name, FaultKind.CODEC, error.what, remedy=error.remedy) from error
            except Exception as error:
                what = f"it raised {type(error).__name__} instead of item {index}"
                raise SourceFaultError(self._name, FaultKind.CONNECTION, what, remedy="look at its code") from error
            index += 1
            self.packets += 1
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            yield Arrival(frame, stamp, time.monotonic())

    def close(self) -> None:
        """End the items, where they come from a generator."""
        _close_generator(self._items)


class _NoPictureError(ValueError):
    """An item that is no picture: what it is, and what it should be."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy


def _close_generator(items: Iterator[Any]) -> None:
    """Let a generator end, so that it lets go of what it has opened."""
    if isinstance(items, Generator):
        with contextlib.suppress(ValueError):  # it is at work in another thread, which closes it when it has the item
            items.close()


def _take(item: Any, index: int, max_megapixels: float) -> tuple[float | None, UInt8]:
    """The time (None: it has none) and the picture of an item.

    Raises:
        _NoPictureError: It is neither a picture nor a pair of time and picture, or the picture is too large.
    """
    stamp: Any = None
    picture = item
    if isinstance(item, tuple) and len(item) == 2:
        stamp, picture = item
        if isinstance(stamp, bool) or not isinstance(stamp, (int, float, np.number)) or not np.isfinite(stamp):
            raise _NoPictureError(f"item {index} has the time {stamp!r}", "a time is a number of seconds")
    fault = picture_fault(picture, max_megapixels=max_megapixels)
    if fault is not None:
        raise _NoPictureError(f"item {index} {fault[0]}", fault[1])
    return None if stamp is None else float(stamp), picture


def picture_fault(picture: Any, *, max_megapixels: float) -> tuple[str, str] | None:
    """Why something is no picture ``(H, W, 3)`` of uint8, and what it should be; None where it is one.

    Args:
        picture: Whatever a program gave.
        max_megapixels: Larger pictures are refused.
    """
    if not isinstance(picture, np.ndarray):
        return f"is a {type(picture).__name__}", _PICTURE
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        return f"is an array of {picture.dtype} of the shape {picture.shape}", _PICTURE
    height, width = picture.shape[:2]
    if not height or not width or height * width > max_megapixels * 1e6:
        return f"has {width}×{height} pixels", f"it must have some, and not more than {max_megapixels:g} million"
    return None
