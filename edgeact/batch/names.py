"""Names of the files that a batch writes: a distinct one for every input, and which files are such outputs."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from edgeact.batch.record import load_record

VIDEO_SUFFIX, EVENTS_SUFFIX, FRAMES_SUFFIX, RECORD_SUFFIX = ".mp4", ".events.csv", ".frames.jsonl", ".run.json"

# File systems take names of 255 bytes; our suffixes and the temporary name around them need 22.
_LONGEST_STEM_BYTES = 200


def output_names(stem: str, *, video: bool) -> tuple[str, ...]:
    """File names of an input's outputs, in the order in which they get their final names; the record comes after
    them.
    """
    return (*([f"{stem}{VIDEO_SUFFIX}"] if video else []), f"{stem}{EVENTS_SUFFIX}", f"{stem}{FRAMES_SUFFIX}")


def record_path(out_dir: Path, stem: str) -> Path:
    """Where the record of an input's outputs lies."""
    return out_dir / f"{stem}{RECORD_SUFFIX}"


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
