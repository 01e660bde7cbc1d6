"""Writes a result in another format, so that nothing is replaced unasked and nothing half written is left."""

from pathlib import Path

from edgeact.batch.names import EVENTS_SUFFIX, FRAMES_SUFFIX, RECORD_SUFFIX, VIDEO_SUFFIX
from edgeact.errors import OutputError, UsageError
from edgeact.formats.coco import write_coco
from edgeact.formats.csv import write_csv
from edgeact.formats.kinds import KINDS
from edgeact.formats.mot import write_mot
from edgeact.formats.openpose import write_openpose
from edgeact.formats.parquet import write_parquet
from edgeact.results.records import Results

_WRITERS = {
    "coco": write_coco,
    "mot": write_mot,
    "openpose": write_openpose,
    "csv": write_csv,
    "parquet": write_parquet,
}


def convert(results: Results, *, to: str, out: Path, overwrite: bool = False) -> Path:
    """Write a result in another format; where that fails nothing is left under the final name.

    Args:
        results: What to write, as `edgeact.load_results` gives it.
        to: One of `edgeact.formats.kinds.KINDS`.
        out: The file, or of ``openpose`` the folder; the folder around it must be there.
        overwrite: Replace a file that is there; never a folder, and never a file of the result itself.

    Returns:
        ``out``.

    Raises:
        UsageError: There is no such format, or the format cannot hold this result.
        MissingExtraError: The format needs a package that is not installed.
        SourceFormatError: The file of the frames was cut off or damaged.
        OutputError: It cannot be written, or is there already.
    """
    if to not in _WRITERS:
        raise UsageError(f"there is no format {to!r}; there are {', '.join(KINDS)}")
    stem = results.path.name.removesuffix(FRAMES_SUFFIX)
    own = [
        results.path.with_name(stem + suffix) for suffix in (FRAMES_SUFFIX, EVENTS_SUFFIX, RECORD_SUFFIX, VIDEO_SUFFIX)
    ]
    if out.resolve() in [path.resolve() for path in own]:
        raise OutputError(f"{out} belongs to the result itself; choose another --out")
    if out.is_dir():
        raise OutputError(f"{out} is a folder that is there; choose a new name for --out")
    if out.exists() and not overwrite:
        raise OutputError(f"{out} exists; choose another --out, or --overwrite to replace it")
    _WRITERS[to](results, out)
    return out
