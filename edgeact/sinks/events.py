"""Actions from start to end as CSV, for a spreadsheet: ``track,label,start,end,peak_score``.

A label that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP recommends against "CSV
injection".
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from edgeact.plain_text import printable
from edgeact.sinks.atomic import PartialText
from edgeact.types import ActionEvent, FrameResult, UInt8

COLUMNS = ("track", "label", "start", "end", "peak_score")

# What a cell begins with that is executed, also in the wide forms of Chinese and Japanese keyboards.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - these are meant


def text_cell(text: str) -> str:
    """A text as a spreadsheet shows it: a formula is not executed, and control characters are escapes."""
    return f"'{printable(text)}" if text.lstrip().startswith(_FORMULA_STARTS) else printable(text)


class EventsSink:
    """One line an event, in the order in which they end; start and end in seconds of the source's time (3 decimals)."""

    def __init__(self, path: Path) -> None:
        """Raises: OutputError: The file cannot be created."""
        self._file = PartialText(path)
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def write(self, result: FrameResult, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        """Write the events that ended with this frame.

        Raises:
            OutputError: The disk is full or the folder is gone.
        """
        self.write_events(result.events)

    def write_events(self, events: Iterable[ActionEvent]) -> None:
        """Write events that belong to no frame, as the end of a source closes them.

        Raises:
            OutputError: The disk is full or the folder is gone.
        """
        self._rows.writerows(
            (
                event.track_id,
                text_cell(event.label),
                f"{event.start:.3f}",
                f"{event.end:.3f}",
                f"{event.peak_score:.4f}",
            )
            for event in events
        )

    def close(self) -> None:
        """Publish the file.

        Raises:
            OutputError: It cannot be completed; nothing is left then.
        """
        self._file.close()

    def abort(self) -> None:
        """Leave nothing; does nothing after `close`."""
        self._file.abort()
