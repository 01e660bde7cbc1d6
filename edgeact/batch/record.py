"""What stands in ``<stem>.run.json``: which input was annotated, how, and how it ended, so that a batch can be resumed.

The record is what makes a set of outputs count. It is written with state ``writing`` just before the first output gets
its final name and with ``done`` after the last one did, so that outputs without a ``done`` record are done again.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import edgeact
from edgeact.atomic import publish_file
from edgeact.bundle.load import Bundle
from edgeact.config import PipelineConfig
from edgeact.errors import OutputError
from edgeact.regular_file import create_new, read_regular

VIDEO_SUFFIX, EVENTS_SUFFIX, FRAMES_SUFFIX, RECORD_SUFFIX = ".mp4", ".events.csv", ".frames.jsonl", ".run.json"
_PARTIAL_SUFFIX = ".partial"
_LARGEST_RECORD = 2**20  # bytes; ours have a few thousand

# File systems take names of 255 bytes; our suffixes and the temporary name around them need 22.
_LONGEST_STEM_BYTES = 200

# These change how fast results come, or whether an input is refused, but not which results come.
_SPEED_KEYS = {"queue_frames", "memory_megabytes", "threads", "max_megapixels"}


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


def run_settings(
    bundle: Bundle, config: PipelineConfig, *, every: int, video: bool, turn: int = 0, stream: int | None = None
) -> dict[str, Any]:
    """What decides the outputs of an input, comparable between runs."""
    turned = {"turn": turn} if turn else {}  # absent without, so that what was finished before this option still counts
    return turned | {
        "edgeact": edgeact.__version__,
        "bundle": bundle.digest,
        "every": every,
        "video": video,
        **({} if stream is None else {"stream": stream}),
        "config": config.model_dump(mode="json", exclude=_SPEED_KEYS),
    }


def fingerprint_input(path: Path) -> InputRecord:
    """Identify a file, or a folder of images, without reading its content.

    Raises:
        OSError: It cannot be looked at.
    """
    files = sorted(child for child in path.iterdir() if child.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        status = file.stat()
        digest.update(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return InputRecord(path=str(path.resolve()), fingerprint=digest.hexdigest())


def output_names(stem: str, *, video: bool) -> tuple[str, ...]:
    """File names of an input's outputs, in the order in which they get their final names; the record comes after
    them.
    """
    return (*([f"{stem}{VIDEO_SUFFIX}"] if video else []), f"{stem}{EVENTS_SUFFIX}", f"{stem}{FRAMES_SUFFIX}")


def record_path(out_dir: Path, stem: str) -> Path:
    """Where the record of an input's outputs lies."""
    return out_dir / f"{stem}{RECORD_SUFFIX}"


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
    partial = path.with_name(path.name + _PARTIAL_SUFFIX)
    try:
        with os.fdopen(create_new(partial), "w", encoding="utf-8") as file:
            json.dump(record.model_dump(mode="json"), file, indent=2)
            file.write("\n")
        publish_file(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); free some space or choose another --out"
        ) from error


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


def is_output(path: Path) -> bool:
    """True when a record beside this file says that edgeact wrote it, or it is such a record."""
    for suffix in (RECORD_SUFFIX, EVENTS_SUFFIX, FRAMES_SUFFIX, VIDEO_SUFFIX):
        if path.name.endswith(suffix):
            record = load_record(record_path(path.parent, path.name.removesuffix(suffix)))
            return record is not None and (suffix == RECORD_SUFFIX or path.name in record.outputs)
    return False


def output_stems(paths: Sequence[Path], out_dir: Path) -> list[str]:
    """A distinct name for the outputs of every input.

    The name is the input's stem; where stems are the same (``a.mp4`` and ``a.mov``), the whole file name; where these
    are the same as well (``x/a.mp4`` and ``y/a.mp4``), folder and file name; and after that the stem with a hash of the
    whole path. Letter case does not tell names apart, as it does not on every file system. A symbolic link has its own
    name, not that of its target; a name too long for our suffixes is cut and gets a hash.

    An input that has a record under one of these names keeps it, so that a newcomer of the same stem does not make it
    start again.

    Args:
        paths: Different files or folders.
        out_dir: Where the records are.
    """
    names = [_candidate_names(path) for path in paths]
    kept = [_recorded_name(path, candidates, out_dir) for path, candidates in zip(paths, names, strict=True)]
    levels = [level or 0 for level in kept]
    while True:
        groups: dict[str, list[int]] = {}
        for position, level in enumerate(levels):
            groups.setdefault(names[position][level].casefold(), []).append(position)
        shared = []
        for group in groups.values():
            if len(group) > 1:
                shared += [position for position in group if kept[position] != levels[position]] or group
        raised = [position for position in shared if levels[position] + 1 < len(names[position])]
        if not raised:
            return [names[position][level] for position, level in enumerate(levels)]
        for position in raised:
            levels[position] += 1


def _candidate_names(path: Path) -> tuple[str, ...]:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link
    stem = absolute.name if path.is_dir() else absolute.stem
    digest = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:8]
    names = (stem, absolute.name, f"{absolute.parent.name}-{absolute.name}", f"{stem}-{digest}")
    return tuple(name if len(os.fsencode(name)) <= _LONGEST_STEM_BYTES else f"{_cut(stem)}-{digest}" for name in names)


def _recorded_name(path: Path, names: Sequence[str], out_dir: Path) -> int | None:
    """Which of the candidate names has a record of this very input."""
    for level, name in enumerate(names):
        record = load_record(record_path(out_dir, name))
        if record is not None and record.input.path == str(path.resolve()):
            return level
    return None


def _cut(name: str) -> str:
    """The beginning of a name, with room for a hash behind it."""
    return os.fsencode(name)[: _LONGEST_STEM_BYTES - 9].decode("utf-8", errors="ignore")
