"""Exports events: a table, and the clips that there are."""

import csv
import io
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_ui.keeping.clip_file import write_clip
from desktop_ui.keeping.event_media import check_room
from desktop_ui.model.event_list import KeptEvent, csv_rows
from edgeact.atomic import write_text
from edgeact.errors import OutputError
from edgeact.types import UInt8

TABLE_NAME = "events.csv"
Pictures = Sequence[tuple[float, UInt8]]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the folder, events in the table, clips."""

    folder: Path
    events: int
    clips: int


def export_events(
    events: Sequence[KeptEvent], folder: Path, kept_in: Path, pictures_of: Callable[[KeptEvent], Pictures]
) -> Exported:
    """Write ``events.csv`` and a clip of each event that has one, or whose pictures are there.

    Args:
        events: Which ones.
        folder: Where to; made where it is missing, and what is in it already stays.
        kept_in: The folder that paths of records are relative to.
        pictures_of: Gives the pictures of an event of an open file with their times; empty where there are none.

    Raises:
        OutputError: It cannot be written.
    """
    check_room(folder)
    clips = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for event in events:
            target = folder / f"{event.record.start:%Y%m%d-%H%M%S}-{_safe(event.words)}-{event.record.id[-6:]}.mp4"
            source = None if event.record.clip is None else kept_in / event.record.clip
            if source is not None and source.is_file():
                shutil.copyfile(source, target)
            else:
                pictures = pictures_of(event)
                if not pictures:
                    continue
                write_clip(target, pictures)
            clips += 1
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error
    text = io.StringIO()
    csv.writer(text).writerows(csv_rows(events))
    write_text(folder / TABLE_NAME, text.getvalue())
    return Exported(folder, len(events), clips)


def _safe(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")[:40] or "event"
