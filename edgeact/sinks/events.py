"""Actions from start to end as CSV, for a spreadsheet: ``track,label,start,end,peak_score``.

The track of what the scene as a whole shows is `SCENE`.

A label that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP recommends against "CSV
injection".
"""

import csv
from pathlib import Path

from edgeact.atomic import PartialText
from edgeact.plain_text import printable
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Observation, UInt8

COLUMNS = ("track", "label", "start", "end", "peak_score")
SCENE = "scene"

# What a cell begins with that is executed, also in the wide forms of Chinese and Japanese keyboards.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - these are meant


def text_cell(text: str) -> str:
    """A text as a spreadsheet shows it: a formula is not executed, and control characters are escapes."""
    return f"'{printable(text)}" if text.lstrip().startswith(_FORMULA_STARTS) else printable(text)


def plain_label(cell: str) -> str:
    """The label that `text_cell` has made this cell of (but escapes of control characters stay escapes)."""
    is_guarded = cell.startswith("'") and cell[1:].lstrip().startswith(_FORMULA_STARTS)
    return cell[1:] if is_guarded else cell


class EventsSink:
    """One line an event, in the order in which they end; start and end in seconds of the source's time (3 decimals)."""

    def __init__(self, path: Path) -> None:
        """Raises: OutputError: The file cannot be created."""
        self._file = PartialText(path)
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Events."""
        return frozenset({"events"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Do nothing: observations have a file of their own."""

    def write_event(self, event: Event) -> None:
        """Write an event once it is over.

        Raises:
            OutputError: The disk is full or the folder is gone.
        """
        if event.phase != "end" or event.end is None:
            return
        self._rows.writerow(
            (
                SCENE if event.subject == "scene" else event.track_id,
                text_cell(event.label),
                f"{event.start:.3f}",
                f"{event.end:.3f}",
                f"{event.score:.4f}",
            )
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
