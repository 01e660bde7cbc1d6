"""The folder that results go to: it can be written, and one run at a time does."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from edgeact.errors import OutputError


@contextlib.contextmanager
def own_folder(out_dir: Path) -> Iterator[None]:
    """Make the folder, see that it can be written, and keep other runs out, which use the same temporary names."""
    probe = out_dir / f".edgeact-{time.time_ns()}"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        folder = os.open(out_dir, os.O_RDONLY)
    except OSError as error:
        if out_dir.exists() and not out_dir.is_dir():
            raise OutputError(
                f"{out_dir} cannot be written: it is a file, not a folder; choose another --out"
            ) from error
        raise OutputError(f"{out_dir} cannot be written ({error.strerror}); choose another --out") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, also when it is killed
    except BlockingIOError as error:
        os.close(folder)
        raise OutputError(
            f"{out_dir} is in use by another run of edgeact; wait for it or choose another --out"
        ) from error
    except OSError:
        pass  # some network file systems lock no folders
    try:
        yield
    finally:
        os.close(folder)
