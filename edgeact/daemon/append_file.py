"""A text file that grows by whole lines for months: rotated by size, and of a killed process at most the last line is
lost.
"""

import os
from pathlib import Path

from edgeact.errors import OutputError

_PIECE = 2**16  # bytes that are read at once when the end of the last whole line is looked for


class AppendFile:
    """Appends lines to a file, which becomes ``NAME.1`` when it is full, and that ``NAME.2``, and so on.

    After an error the file is as it was before, and the next line is tried anew: a full disk may have been freed.

    Args:
        path: The file; its folder exists.
        largest: Bytes that a file may have; a longer line has a file of its own.
        keep: Full files that are kept; older ones are removed.
        header: A line that every file begins with; empty for none.

    Raises:
        OutputError: The file cannot be opened or written.
    """

    def __init__(self, path: Path, *, largest: int, keep: int, header: str = "") -> None:
        self._path, self._largest, self._keep, self._header = path, largest, keep, header
        self._descriptor: int | None = None
        self._size = 0
        try:
            self._open()
        except OSError as error:
            raise self._error(error) from error

    def write(self, line: str) -> None:
        """Append a line, with its line end; when this returns, the system has it.

        Raises:
            OutputError: The disk is full or the folder is gone; nothing of the line is left.
        """
        data = line.encode("utf-8")
        try:
            if self._descriptor is None:
                self._open()
            if self._size + len(data) > self._largest and self._size > len(self._header.encode()):
                self._rotate()
            self._append(data)
        except OSError as error:
            raise self._error(error) from error

    def rotate(self) -> None:
        """Begin a new file.

        Raises:
            OutputError: The file cannot be renamed or created.
        """
        try:
            self._rotate()
        except OSError as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self._path, flags, 0o640)
        self._size = _whole_lines(self._descriptor)
        os.ftruncate(self._descriptor, self._size)  # the rest of a line that a killed process began
        if self._size == 0 and self._header:
            self._append(self._header.encode("utf-8"))

    def _append(self, data: bytes) -> None:
        assert self._descriptor is not None  # noqa: S101 - opened above
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += written

    def _rotate(self) -> None:
        self.close()
        self._numbered(self._keep).unlink(missing_ok=True)
        for number in range(self._keep - 1, 0, -1):
            if self._numbered(number).exists():
                self._numbered(number).replace(self._numbered(number + 1))
        if self._path.exists():
            self._path.replace(self._numbered(1))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _error(self, error: OSError) -> OutputError:
        reason = error.strerror or str(error)
        return OutputError(f"{self._path} cannot be written ({reason}); check the disk and the folder of state")


def _whole_lines(descriptor: int) -> int:
    """Bytes up to the end of the last whole line."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _PIECE)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
