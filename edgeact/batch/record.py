"""What stands in ``<stem>.run.json``: which input was annotated, how, and how it ended, so that a batch can be resumed.

The record is what makes a set of outputs count. It is written with state ``writing`` just before the first output gets
its final name and with ``done`` after the last one did, so that outputs without a ``done`` record are done again.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeact.atomic import write_text
from edgeact.regular_file import read_regular

_LARGEST_RECORD = 2**20  # bytes; ours have a few thousand


class InputRecord(BaseModel):
    """Which input it was: its absolute path, and a fingerprint of name, size and modification time (so it may be
    moved).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    fingerprint: str


class RunSummary(BaseModel):
    """What the run found, for the summary on the terminal; ``warning`` says what was wrong with the input, if anything
    was.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: int
    seconds: float
    media_seconds: float
    tracks: int
    most_persons: int
    action_seconds: dict[str, float]
    truncated: bool
    warning: str | None


class RunRecord(BaseModel):
    """The content of ``<stem>.run.json``.

    Attributes:
        record_version: Of this layout.
        state: ``writing`` while outputs get their final names, ``done``, or ``interrupted`` (outputs end at the
            interruption).
        input: The input.
        settings: Everything that decides what comes out: version, bundle, configuration, options.
        outputs: Size in bytes of every output by file name.
        summary: What was found; None while writing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_version: Literal[1] = 1
    state: Literal["writing", "done", "interrupted"]
    input: InputRecord
    settings: dict[str, Any]
    outputs: dict[str, Annotated[int, Field(ge=0)]]
    summary: RunSummary | None


def load_record(path: Path) -> RunRecord | None:
    """The record, or None when there is none or it is not readable (the input is then done again).

    Videos lie beside records that anybody may have put there, so only a regular file of a sensible size is read.
    """
    try:
        return RunRecord.model_validate_json(read_regular(path, limit=_LARGEST_RECORD))
    except (OSError, ValidationError):
        return None


def save_record(path: Path, record: RunRecord) -> None:
    """Write the record so that it is either there as a whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    write_text(path, json.dumps(record.model_dump(mode="json"), indent=2) + "\n")


def is_whole(record: RunRecord | None, out_dir: Path) -> bool:
    """True when the outputs of a whole input are all there, whatever it was and with which settings."""
    if record is None or record.state != "done":
        return False
    return all(
        (out_dir / name).is_file() and (out_dir / name).stat().st_size == size for name, size in record.outputs.items()
    )


def is_current(record: RunRecord | None, source: InputRecord, settings: dict[str, Any], out_dir: Path) -> bool:
    """True when the outputs are all there and came from this very input with these very settings."""
    if record is None or record.settings != settings or record.input.fingerprint != source.fingerprint:
        return False
    return is_whole(record, out_dir)
