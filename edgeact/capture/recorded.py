"""What files, images and iterables have in common: every frame is delivered once, in one pass."""

import threading
from abc import abstractmethod
from collections.abc import Iterator

import numpy as np

from edgeact.capture.base import SourceBase, SourceState
from edgeact.errors import UsageError
from edgeact.types import Frame


def check_every(every: int) -> None:
    """Raises `UsageError` where each n-th frame cannot be meant."""
    if every < 1:
        raise UsageError(f"every is {every}, but must be at least 1: it means that each n-th frame is used")


def check_frame_rate(frame_rate: float) -> None:
    """Raises `UsageError` where so many frames a second cannot be meant."""
    if not (np.isfinite(frame_rate) and frame_rate > 0):
        raise UsageError(f"the frame rate is {frame_rate}, but must be greater than 0")


class RecordedSource(SourceBase):
    """The states and the one pass of a source that is no live one. Kinds of source set `_info` and give `_deliver`."""

    def __init__(self) -> None:
        super().__init__()
        self._closing = threading.Event()

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
        self._take_frames()
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

    def _release(self) -> None:  # most kinds hold nothing
        """Let go of what the source holds; may be called twice."""
