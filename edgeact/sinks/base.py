"""The interface of a sink."""

from typing import Protocol

from edgeact.types import FrameResult, UInt8


class Sink(Protocol):
    """Takes the results of one source, in order; used from one thread.

    Files are written under a temporary name beside the final one, which they get when `close` succeeds.
    """

    def write(self, result: FrameResult, picture: UInt8 | None) -> None:
        """Take one frame's result; ``picture`` is the drawn frame ``(H, W, 3)`` uint8 RGB, or None when nothing is
        drawn.

        Raises:
            OutputError: The result cannot be written (full disk, folder gone).
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
