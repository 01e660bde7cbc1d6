"""What files, images and iterables have in common: every frame is delivered once, in one pass."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, TypeVar

import numpy as np

from edgeact.capture.base import SourceInfo, SourceState
from edgeact.errors import UsageError
from edgeact.types import Frame

_Opened = TypeVar("_Opened", bound="RecordedSource")


def check_every(every: int) -> None:
    """Raises `UsageError` where each n-th frame cannot be meant."""
    if every < 1:
        raise UsageError(f"every is {every}, but must be at least 1: it means that each n-th frame is used")


def check_frame_rate(frame_rate: float) -> None:
    """Raises `UsageError` where so many frames a second cannot be meant."""
    if not (np.isfinite(frame_rate) and frame_rate > 0):
        raise UsageError(f"the frame rate is {frame_rate}, but must be greater than 0")


class RecordedSource(ABC):
    """The states and the one pass of a source that is no live one. Kinds of source set `_info` and give `_deliver`."""

    _info: SourceInfo

    def __init__(self) -> None:
        self._state = SourceState.STARTING
        self._closing = threading.Event()
        self._is_taken = False

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def state(self) -> SourceState:
        """Where the source stands; may be read from any thread."""
        return self._state

    @property
    def epoch(self) -> int:
        """Always 0: only live sources are reconnected."""
        return 0

    def frames(self) -> Iterator[Frame]:
        """Yield every frame once, in order, times strictly increasing; after `close` it ends.

        Raises:
            EdgeactError: A frame cannot be read; each kind of source says why.
            RuntimeError: The frames were already taken.
        """
        if self._is_taken:
            raise RuntimeError(f"the frames of {self._info.name} were already taken; open it again")
        self._is_taken = True
        self._state = SourceState.RUNNING
        try:
            yield from self._deliver()
            self._state = SourceState.ENDED
        except Exception:
            self._state = SourceState.FAILED
            raise
        finally:
            self.close()

    @abstractmethod
    def _deliver(self) -> Iterator[Frame]:
        """The frames of one pass, until the end or until `_closing` is set."""

    def close(self) -> None:
        """Stop and release; may be called from any thread, and twice."""
        self._closing.set()
        self._release()
        if self._state in (SourceState.STARTING, SourceState.RUNNING):
            self._state = SourceState.ENDED

    def _release(self) -> None:  # noqa: B027  # most kinds hold nothing
        """Let go of what the source holds; may be called twice."""

    def __enter__(self: _Opened) -> _Opened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False
