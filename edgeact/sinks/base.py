"""The interface of a sink."""

from typing import Literal, Protocol, TypeAlias

from edgeact.types import Event, Observation, UInt8

SinkInput: TypeAlias = Literal["observations", "pictures", "events"]


class Sink(Protocol):
    """Takes what comes of one source, in order; used from one thread.

    Files are written under a temporary name beside the final one, which they get when `close` succeeds.
    """

    @property
    def takes(self) -> frozenset[SinkInput]:
        """What the sink is to be given: `write` is called for observations or pictures, `write_event` for events."""
        ...

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Take what is seen in one frame.

        Args:
            observation: Of the frame.
            picture: The drawn frame ``(H, W, 3)`` uint8 RGB, or None when nothing is drawn.

        Raises:
            OutputError: It cannot be written (full disk, folder gone).
        """
        ...

    def write_event(self, event: Event) -> None:
        """Take one phase of an event.

        Raises:
            OutputError: It cannot be written (full disk, folder gone).
        """
        ...

    def close(self) -> None:
        """Finish: everything written becomes visible under the final name."""
        ...

    def abort(self) -> None:
        """Give up: no file is left under the final name, nor the temporary one. Calling it after `close` does
        nothing.
        """
        ...
