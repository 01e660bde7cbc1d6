"""The interface of a source, the states it goes through, and what all kinds of source share."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from types import TracebackType
from typing import Literal, Protocol, TypeAlias, TypeVar

from edgeact.types import Frame

# Of a file every frame is used, of a live source the newest one.
SourceKind: TypeAlias = Literal["file", "live"]

_Opened = TypeVar("_Opened", bound="SourceBase")


class SourceState(Enum):
    """starting → running ⇄ stalled → reconnecting → running … → ended | failed; a file knows only some of them."""

    STARTING = "starting"
    RUNNING = "running"
    STALLED = "stalled"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known before the first frame.

    Attributes:
        name: The path or address, with credentials removed.
        width: Upright width in pixels; 0 of a live source that has not given its first frame.
        height: Upright height in pixels; 0 of a live source that has not given its first frame.
        live: True for cameras and streams (keep the newest frame), False for files (keep every frame).
        frame_rate: Average frames per second as announced, or None; never used to compute time.
        frame_count: Frames as announced by the container, or None; the truth is known only at the end.
        duration: Seconds as announced, or None.
        pixel_shape: Width over height of an upright pixel on a screen; None for square ones.
    """

    name: str
    width: int
    height: int
    live: bool
    frame_rate: Fraction | None
    frame_count: int | None
    duration: float | None
    pixel_shape: Fraction | None = None


class Source(Protocol):
    """Delivers frames in order; iterate once, then close (or use as a context manager)."""

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        ...

    @property
    def state(self) -> SourceState:
        """Where the source stands; may be read from any thread."""
        ...

    @property
    def epoch(self) -> int:
        """How often the source started anew."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Yield every frame once, in order, times strictly increasing."""
        ...

    def close(self) -> None:
        """Stop and release; may be called from any thread, and twice."""
        ...


class PartOfSource(ABC):
    """Some of the frames of another source; everything else is the other source's.

    Args:
        source: The other source.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def info(self) -> SourceInfo:
        """What is known of the other source before the first frame."""
        return self._source.info

    @property
    def state(self) -> SourceState:
        """Where the other source stands."""
        return self._source.state

    @property
    def epoch(self) -> int:
        """How often the other source started anew."""
        return self._source.epoch

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Yield the frames that are taken."""

    def close(self) -> None:
        """Close the other source."""
        self._source.close()


class SourceBase(ABC):
    """What all kinds of source share: where the source stands, that its frames are taken once, and that it is closed.

    Kinds of source set `_info` and keep `_state`.
    """

    _info: SourceInfo

    def __init__(self) -> None:
        self._state = SourceState.STARTING
        self._is_taken = False

    @property
    def info(self) -> SourceInfo:
        """What is known so far; see `SourceInfo` for what a live source learns with its first frame."""
        return self._info

    @property
    def state(self) -> SourceState:
        """Where the source stands; may be read from any thread."""
        return self._state

    def _take_frames(self) -> None:
        """Note that somebody takes the frames.

        Raises:
            RuntimeError: Somebody did before.
        """
        if self._is_taken:
            raise RuntimeError(f"the frames of {self._info.name} were already taken; open it again")
        self._is_taken = True

    @abstractmethod
    def close(self) -> None:
        """Stop and release; may be called from any thread, and twice."""

    def __enter__(self: _Opened) -> _Opened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False
