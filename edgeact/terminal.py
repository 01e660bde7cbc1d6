"""Standard output and standard error that cannot fail a run: full, closed, blocked, or not UTF-8.

What is said about a run is a courtesy beside its files: where it cannot be printed, it is lost, and the run goes on.
What a command was asked to print is its result: `print_result` and `write_result` raise when that is lost.
"""

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, Any

from edgeact.errors import OutputError

if TYPE_CHECKING:
    from rich.console import RenderableType

# So long a line on standard error may wait for a reader that has stopped reading; the next ones then do not wait.
_PATIENCE_SECONDS = 1.0
_PIECE = 512  # bytes that a pipe with room takes without waiting, on every system (PIPE_BUF)


class TolerantFile(io.RawIOBase):
    """Writes to a descriptor as far as that is possible; never raises.

    Args:
        descriptor: Stays open.
        patience: Seconds to wait for a reader; None waits as long as it takes.

    Attributes:
        lost: Why something could not be written; None while all was.
    """

    def __init__(self, descriptor: int, *, patience: float | None) -> None:
        super().__init__()
        self.lost: OSError | None = None
        self._descriptor = descriptor
        self._patience = patience

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """Write bytes, or lose them; gives how many were dealt with."""
        piece = bytes(data[:_PIECE])
        try:
            patience = 0.0 if self.lost is not None and self._patience is not None else self._patience
            if not select.select([], [self._descriptor], [], patience)[1]:
                raise BlockingIOError(errno.EAGAIN, "nobody reads it")
            return os.write(self._descriptor, piece)
        except OSError as error:
            self.lost = error
            return len(piece)
        except ValueError:  # a descriptor too high for select: then it may wait
            return os.write(self._descriptor, piece)


def make_streams_tolerant() -> None:
    """Replace ``sys.stdout`` and ``sys.stderr`` by such that cannot fail; those of a test that captures them stay."""
    _open_missing_descriptors()
    for name, patience in (("stdout", None), ("stderr", _PATIENCE_SECONDS)):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue
        raw = getattr(stream.buffer, "raw", stream.buffer)  # with PYTHONUNBUFFERED there is no buffer around it
        if not isinstance(raw, io.FileIO):
            continue
        stream.flush()
        tolerant = io.TextIOWrapper(
            io.BufferedWriter(TolerantFile(stream.fileno(), patience=patience)),
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=raw is stream.buffer or stream.line_buffering,
        )
        setattr(sys, name, tolerant)


def write_result(text: str) -> None:
    """Print what a command was asked for.

    Raises:
        OutputError: Standard output does not take it.
    """
    if sys.stdout is not None:
        sys.stdout.write(text)
    _check_result()


def print_result(*renderables: "RenderableType", highlight: bool = True) -> None:
    """Print tables and lines (rich markup) that a command was asked for.

    Raises:
        OutputError: Standard output does not take them.
    """
    from rich.console import Console

    console = Console()
    for renderable in renderables:
        console.print(renderable, highlight=highlight)
    _check_result()


def _check_result() -> None:
    if sys.stdout is None:
        return
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    lost = raw.lost if isinstance(raw, TolerantFile) else None
    if lost is not None and lost.errno != errno.EPIPE:  # `| head` has read what it wanted
        raise OutputError(
            f"standard output cannot be written ({lost.strerror}); free some space, or send it elsewhere"
        ) from lost


def _open_missing_descriptors() -> None:
    """Where a program was started without standard streams, the next file that it opens would become one of them, and
    messages of libraries would go into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            os.set_inheritable(opened, True)
