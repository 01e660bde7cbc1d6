"""Where recordings, clips and snapshots lie in the folder of state, and which of them are being written."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edgeact.errors import OutputError

RECORDINGS, CLIPS, SNAPSHOTS = "recordings", "clips", "snapshots"
SUFFIXES = frozenset({".mp4", ".mkv", ".jpg"})
# What a file of an event is called: by the event's identity, a ULID. Nothing else is ever served.
_OF_EVENT = re.compile(r"(?:clips/[0-9A-Z]{26}\.(?:mp4|mkv)|snapshots/[0-9A-Z]{26}(?:\.plain)?\.jpg)")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An existing file: its path, its size in bytes, and when it was last modified, in seconds since 1970."""

    path: Path
    size: int
    modified: float


class MediaFolder:
    """Paths of all media in a folder of state, and which files are being written; may be used from any thread.

    Args:
        state: The folder of state.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self._written: set[Path] = set()
        self._lock = threading.Lock()

    def clip(self, identity: str, suffix: str) -> Path:
        """The path of the clip of an event."""
        return self.state / CLIPS / f"{identity}{suffix}"

    def snapshot(self, identity: str, *, is_plain: bool) -> Path:
        """The path of a picture of an event, with the overlay or without (``is_plain``)."""
        return self.state / SNAPSHOTS / f"{identity}{'.plain' if is_plain else ''}.jpg"

    def recording(self, camera: str, began: datetime, suffix: str) -> Path:
        """The path of the part of a camera's recording that begins at a moment."""
        moment = began.astimezone(timezone.utc)
        name = f"{moment:%H%M%S}.{moment.microsecond // 1000:03d}Z{suffix}"
        return self.state / RECORDINGS / camera / f"{moment:%Y-%m-%d}" / name

    def name_of(self, path: Path) -> str:
        """The path as events have it: relative to the folder of state."""
        return path.relative_to(self.state).as_posix()

    def of_event(self, name: str | None) -> Path | None:
        """The path of the file that an event names; None where the name is no event's file, or the file is missing."""
        if name is None or _OF_EVENT.fullmatch(name) is None:
            return None
        path = self.state / name
        return path if path.is_file() and not path.is_symlink() else None

    def begin(self, path: Path) -> None:
        """Mark a file as being written, so that retention leaves it alone, and create its folder.

        Raises:
            OutputError: The folder cannot be made.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path.parent} cannot be made ({error.strerror}); check the disk and the folder of state"
            ) from error
        with self._lock:
            self._written.add(path)

    def end(self, path: Path) -> None:
        """Mark a file as complete."""
        with self._lock:
            self._written.discard(path)

    def is_written(self, path: Path) -> bool:
        """Whether a file is being written."""
        with self._lock:
            return path in self._written

    def files(self) -> Iterator[MediaFile]:
        """All existing recordings, clips and snapshots."""
        for folder in (RECORDINGS, CLIPS, SNAPSHOTS):
            for path in (self.state / folder).rglob("*"):
                if path.suffix not in SUFFIXES:
                    continue
                try:
                    found = path.lstat()
                except OSError:
                    continue  # removed in the meantime
                yield MediaFile(path, found.st_size, found.st_mtime)
