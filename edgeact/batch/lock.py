"""The folder that results go to: it can be written, and one run at a time does."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from edgeact.errors import OutputError


@contextlib.contextmanager
def own_folder(out_dir: Path, *, remedy: str = "choose another --out") -> Iterator[None]:
    """Make the folder, see that it can be written, and keep other runs out, which use the same temporary names.

    Args:
        out_dir: The folder.
        remedy: What helps where it cannot be had.

    Raises:
        OutputError: It cannot be created or written, or another run has it.
    """
    probe = out_dir / f".edgeact-{time.time_ns()}"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        folder = os.open(out_dir, os.O_RDONLY)
    except OSError as error:
        if out_dir.exists() and not out_dir.is_dir():
            raise OutputError(f"{out_dir} cannot be written: it is a file, not a folder; {remedy}") from error
        raise OutputError(f"{out_dir} cannot be written ({error.strerror}); {remedy}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, also when it is killed
    except BlockingIOError as error:
        os.close(folder)
        raise OutputError(f"{out_dir} is in use by another run of edgeact; wait for it or {remedy}") from error
    except OSError:
        pass  # some network file systems lock no folders
    try:
        yield
    finally:
        os.close(folder)
