"""Pictures and clips of the events of one source."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_ui.keeping.clip_file import write_clip
from desktop_ui.keeping.held_frames import HeldFrames, encode_jpeg
from edgeact.bundle.plan import Plan
from edgeact.daemon.event_record import EventRecord
from edgeact.drawing.drawer import make_drawer
from edgeact.errors import EdgeactError, OutputError
from edgeact.types import Event, Observation, UInt8

logger = logging.getLogger(__name__)

PRE_SECONDS, POST_SECONDS = 5.0, 3.0  # of a clip before its event and after it
_LONGEST_SECONDS = 20.0  # of an event that its clip shows
_SNAPSHOT_SIDE = 960
LEAST_FREE_BYTES = 500 * 2**20  # that are left on the disk: under it nothing is recorded


@dataclass(slots=True)
class _Due:
    """A clip to be written: its file, from when to when, of `time.monotonic`."""

    path: Path
    start: float
    end: float


class WindowEventMedia:
    """Gives alerts a picture and a clip, other events a picture. Used from one thread.

    Args:
        folder: Of the window's events; paths in records are relative to it.
        plan: Of the bundle.
        held: The last pictures of a live source, of which clips are made; None makes none.
        later: Does something on a thread that may take time.

    Attributes:
        began: When each open event began, in seconds of the timeline.
    """

    def __init__(
        self, folder: Path, plan: Plan, held: HeldFrames | None, later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._folder, self._plan, self._held, self._later = folder, plan, held, later
        self._draw: Callable[[Observation], UInt8] | None = None
        self._newest: Observation | None = None
        self._due: dict[str, _Due] = {}
        self.began: dict[str, float] = {}

    def note(self, observation: Observation) -> None:
        """Take the next observation, whose picture may be kept, and write the clips that are complete with it."""
        self._newest = observation
        now = observation.frame.captured
        for event in [event for event, due in self._due.items() if due.end <= now]:
            self._write(self._due.pop(event))

    def complete(self, record: EventRecord, event: Event) -> EventRecord:
        """The record with the paths of its picture and its clip."""
        if self._newest is None:
            return record
        frame = self._newest.frame
        began = frame.captured - max(0.0, frame.time - event.start)
        self.began.setdefault(record.id, event.start if self._held is None else began)
        if event.phase == "new":
            record = replace(record, snapshot=self._snapshot(record, self._newest))
            if self._held is not None and event.rule is not None and self._has_room():
                name = f"clips/{record.id}.mp4"
                self._due[record.id] = _Due(
                    self._folder / name, began - PRE_SECONDS, began + _LONGEST_SECONDS + POST_SECONDS
                )
                record = replace(record, clip=name)
        elif event.phase == "end" and record.id in self._due:
            due = self._due[record.id]
            due.end = min(due.end, frame.captured + POST_SECONDS)
        return record

    def release(self, event: str) -> None:
        """Write the clip of an event that ends because its source does."""
        due = self._due.pop(event, None)
        if due is not None:
            self._write(due)

    def close(self) -> None:
        """Write the clips that still wait for what comes after their events."""
        for event in list(self._due):
            self.release(event)

    def _snapshot(self, record: EventRecord, observation: Observation) -> str | None:
        if not self._has_room():
            return None
        if self._draw is None:
            self._draw = make_drawer(self._plan)
        name = f"snapshots/{record.id}.jpg"
        try:
            (self._folder / "snapshots").mkdir(parents=True, exist_ok=True)
            (self._folder / name).write_bytes(encode_jpeg(self._draw(observation), _SNAPSHOT_SIDE))
        except OSError as error:
            logger.error("the picture of an event cannot be written: %s", error)
            return None
        return name

    def _write(self, due: _Due) -> None:
        held = self._held
        if held is None:
            return
        frames = held.between(due.start, due.end)

        def write() -> None:
            try:
                due.path.parent.mkdir(parents=True, exist_ok=True)
                write_clip(due.path, [(frame.captured, frame.picture()) for frame in frames])
            except (EdgeactError, OSError) as error:
                logger.error("the clip of an event cannot be written: %s", error)

        self._later(write)

    def _has_room(self) -> bool:
        return free_bytes(self._folder) >= LEAST_FREE_BYTES


def free_bytes(folder: Path) -> int:
    """Free bytes on the disk of a folder that may not be there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_room(folder: Path) -> None:
    """Refuse to write where the disk is nearly full.

    Raises:
        OutputError: Less than `LEAST_FREE_BYTES` are free.
    """
    free = free_bytes(folder)
    if free < LEAST_FREE_BYTES:
        raise OutputError(
            f"{folder}: {free // 2**20} MB are free, and {LEAST_FREE_BYTES // 2**20} MB are left to other programs; "
            "free some space or choose another folder"
        )
