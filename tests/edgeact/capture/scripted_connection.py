"""A connection that does what a test says, for testing the supervisor without a network."""

import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av

from edgeact.capture.connection import Arrival
from tests.media import Picture, numbered_picture


class ScriptedConnection:
    """Gives its pictures, then ends, raises or hangs.

    Args:
        pictures: Given one after the other, ``pause`` seconds apart.
        then: ``"end"``, ``"hang"`` (until `released`), ``"babble"`` (packets without pictures) or an error to raise.
        ends: The end is that of a recording.
    """

    def __init__(
        self, pictures: Sequence[Picture], *, then: Any = "hang", ends: bool = False, pause: float = 0.01
    ) -> None:
        self.rate: Fraction | None = Fraction(10)
        self.ends = ends
        self.mode: str | None = None
        self.packets = 0
        self.released = threading.Event()
        self.is_closed = False
        self._pictures, self._then, self._pause = pictures, then, pause

    def arrivals(self, left: threading.Event) -> Iterator[Arrival]:
        for index, picture in enumerate(self._pictures):
            self.packets += 1
            yield Arrival(av.VideoFrame.from_ndarray(picture, format="rgb24"), index / 10, time.monotonic())
            time.sleep(self._pause)
        if isinstance(self._then, Exception):
            raise self._then
        while self._then == "babble" and not left.wait(0.01):
            self.packets += 1
        if self._then == "hang":
            self.released.wait(30)

    def close(self) -> None:
        self.is_closed = True


class Script:
    """Opens the given connections one after the other; raises those that are errors. The last one comes again."""

    def __init__(self, *steps: ScriptedConnection | Exception) -> None:
        self.attempts = 0
        self._steps = steps

    def open(self) -> ScriptedConnection:
        step = self._steps[min(self.attempts, len(self._steps) - 1)]
        self.attempts += 1
        if isinstance(step, Exception):
            raise step
        return step


def pictures(count: int, **size: int) -> list[Picture]:
    return [numbered_picture(number, **size) for number in range(count)]
