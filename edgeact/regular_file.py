"""Files of others, opened so that they cannot do harm: regular ones only, no links, of a size known beforehand.

A symbolic link may lead anywhere, a named pipe may never end, and a device may do anything on being read. What is
opened here is none of these, and what was looked at is what is read: all goes by one descriptor, never again by name.
"""

import errno
import os
import stat
from pathlib import Path

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # opening a named pipe would wait for its writer
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> int:
    """Open a regular file for reading and return its descriptor, which the caller closes.

    Raises:
        OSError: It is missing or forbidden, or is a symbolic link, folder, pipe, socket or device; ``strerror`` is one
            line that says so.
    """
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        # What O_NOFOLLOW meets is ELOOP on Linux and macOS, EMLINK on FreeBSD; a socket is ENXIO.
        if error.errno in (errno.ELOOP, errno.EMLINK) and path.is_symlink():
            raise OSError(error.errno, "it is a symbolic link", str(path)) from error
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, "it is no regular file", str(path)) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"it is {_KINDS.get(stat.S_IFMT(mode), 'no regular file')}", str(path))
    return descriptor


def read_regular(path: Path, *, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes; of a larger one nothing is read.

    Raises:
        OSError: See `open_regular`; or the file is larger than ``limit``.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        # A file may grow while it is read, and those of /proc say that they are empty.
        content = b"" if size > limit else file.read(limit + 1)
    if size > limit or len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes", str(path))
    return content


def create_new(path: Path) -> int:
    """Create an empty file and return its descriptor, open for writing, which the caller closes.

    What was there under the name (the rest of a killed run, or a link that somebody put there) is removed first and
    never written through.

    Raises:
        OSError: There is a folder under the name, the folder around it is missing or forbidden, or somebody else
            created the file in the meantime.
    """
    path.unlink(missing_ok=True)
    return os.open(path, _CREATE, 0o666)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk, without which a rename may be undone by a power cut.

    Raises:
        OSError: The disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems do not know this for folders; there is nothing better to do there.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)
