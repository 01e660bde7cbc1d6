"""Files that appear under their final name only when they are complete.

Until then a file is called ``.<name>.partial``, in the same folder, so that a rename is all that is left to do. A run
that is killed leaves at most such a file, which the next run with the same output writes over.
"""

import contextlib
import errno
import os
import shutil
from pathlib import Path

from av import FFmpegError

from edgeact.errors import OutputError
from edgeact.regular_file import create_new, open_regular, sync_folder

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def partial_path(path: Path) -> Path:
    """The name under which ``path`` is written."""
    return path.with_name(f".{path.name}.partial")


def prepare_partial(path: Path) -> Path:
    """Check early that ``path`` can be written, create the empty file under its temporary name, and return that name.

    Raises:
        OutputError: The folder is missing or cannot be written, or there is a folder in the file's place.
    """
    os.close(_create_partial(path))
    return partial_path(path)


def _create_partial(path: Path) -> int:
    """As `prepare_partial`, but give the new file's descriptor."""
    if path.is_dir():
        raise OutputError(
            f"{path} is a folder, a file is to be written there; rename the folder or choose another --out"
        )
    try:
        return create_new(partial_path(path))
    except OSError as error:
        raise output_error(path, error) from error


def publish(path: Path) -> None:
    """Give the complete file its final name, over an older one if there is one; its content is on the disk before.

    Raises:
        OutputError: It cannot be written to the disk or renamed; the temporary file is then removed.
    """
    partial = partial_path(path)
    try:
        _put_in_place(partial, path)
    except OSError as error:
        remove_partials(path)
        raise output_error(path, error) from error


def _put_in_place(partial: Path, path: Path) -> None:
    """Put a complete file on the disk, then rename it, then put the new name on the disk."""
    descriptor = open_regular(partial)
    try:
        os.fsync(descriptor)  # else a power cut may leave the new name with an empty file
    finally:
        os.close(descriptor)
    partial.replace(path)
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file that has its name only when it is whole.

    Raises:
        OutputError: It cannot be written; nothing is left then.
    """
    file = PartialText(path)
    file.write(text)
    file.close()


def remove_partials(path: Path) -> None:
    """Remove what an unfinished run left of ``path``; nothing happens where there is nothing, or it cannot be
    removed.
    """
    with contextlib.suppress(OSError):
        partial_path(path).unlink(missing_ok=True)


def concerns_all(error: OutputError) -> bool:
    """Whether other files in the same folder would fail as well: a full or read-only disk, a folder that is gone or
    forbidden.
    """
    return getattr(error.__cause__, "errno", None) in _FULL | _FORBIDDEN | {errno.ENOENT}


def output_error(path: Path, error: Exception) -> OutputError:
    """The error to raise when writing ``path`` failed with ``error`` (an OSError, or one of FFmpeg's)."""
    code = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    if code in _FULL:
        remedy = "free some space or choose another --out"
    elif code in _FORBIDDEN:
        remedy = "choose an --out that you may write to"
    elif isinstance(error, FFmpegError) and (code == errno.EINVAL or code not in errno.errorcode):
        remedy = "the encoder does not take these pictures or this sound; --no-video writes the data alone"
    elif code == errno.ENOENT:
        remedy = f"the folder {path.parent} is gone: create it or choose another --out"
    else:
        remedy = "choose another --out"
    return OutputError(f"{path} cannot be written ({reason}); {remedy}")


class PartialText:
    """A UTF-8 text file that is written piece by piece and appears on `close`; it has what `csv.writer` needs."""

    def __init__(self, path: Path) -> None:
        """Raises: OutputError: The file cannot be created."""
        self._path = path
        self._closed = False
        self._file = os.fdopen(_create_partial(path), "w", encoding="utf-8", newline="")

    def write(self, text: str) -> int:
        """Append; after a failure the temporary file is gone.

        Raises:
            OutputError: The disk is full or the folder is gone.
            ValueError: The file was closed before.
        """
        try:
            return self._file.write(text)
        except OSError as error:
            self.abort()
            raise output_error(self._path, error) from error

    def close(self) -> None:
        """Publish; does nothing after the first time, or after `abort`.

        Raises:
            OutputError: It cannot be completed; nothing is left then.
        """
        if self._closed:
            return
        try:
            self._file.close()
        except OSError as error:
            self.abort()
            raise output_error(self._path, error) from error
        self._closed = True
        publish(self._path)

    def abort(self) -> None:
        """Leave nothing; does nothing after `close`."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):  # what is still buffered may not fit on the disk: it is not wanted any more
            self._file.close()
        remove_partials(self._path)


class PartialFolder:
    """A folder of text files that appears on `close`."""

    def __init__(self, path: Path) -> None:
        """Raises: OutputError: The folder is there already, or cannot be created."""
        self._path, self._partial = path, partial_path(path)
        self._closed = False
        if path.exists():
            raise OutputError(f"{path} exists, and a folder is never replaced; choose another --out")
        try:
            shutil.rmtree(self._partial, ignore_errors=True)  # of a run that was killed
            self._partial.mkdir()
        except OSError as error:
            raise output_error(path, error) from error

    def write(self, name: str, text: str) -> None:
        """Write a file of the folder.

        Args:
            name: Of the file, without a folder.
            text: Its whole content.

        Raises:
            OutputError: The disk is full or the folder is gone.
        """
        try:
            with os.fdopen(create_new(self._partial / name), "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise output_error(self._path / name, error) from error

    def close(self) -> None:
        """Give the folder its final name; does nothing after the first time, or after `abort`.

        Raises:
            OutputError: It cannot be renamed, or somebody else made a folder of that name.
        """
        if self._closed:
            return
        try:
            sync_folder(self._partial)
            self._partial.rename(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise output_error(self._path, error) from error
        self._closed = True

    def abort(self) -> None:
        """Leave nothing; does nothing after `close`."""
        if not self._closed:
            self._closed = True
            shutil.rmtree(self._partial, ignore_errors=True)
