"""Corrections of the operator's window as clips: what it exports, or the folder in which it keeps them.

``corrections.json`` says what each stretch really shows; its clip lies in ``classes/LABEL/SOURCE/ID.mp4`` of an export,
or beside the file where the window keeps it. Beside results it is ``NAME.corrections.json``, with the clips in
``NAME.corrections``. Corrections of joints, identities and of what is no person teach no
action.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from edgeact.errors import SourceFormatError
from trainer.data.class_folder import ClassClip, ClassFolder, as_label, check_labels, make_class_folder
from trainer.data.labelled_stretch import Stretch
from trainer.data.sets.files import read_json_file

FILE_NAME = "corrections.json"
BESIDE_SUFFIX = ".corrections.json"  # of the file beside results
_CLASSES = "classes"
_VERSION = 1


def read_corrections(file: Path) -> ClassFolder:
    """The clips of all corrected labels; a camera or file of the window is a source.

    Args:
        file: ``corrections.json``.

    Raises:
        SourceNotFoundError: The file is missing.
        SourceFormatError: It holds no corrections of labels, or no clips of them.
        UsageError: A label cannot be one.
    """
    content = read_json_file(file, "the corrections of the window")
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise SourceFormatError(
            f"{file} is not of version {_VERSION} of the window's corrections; export them again with this edgeact"
        )
    try:
        kinds = Counter(str(row["kind"]) for row in content["corrections"])
        said = [row for row in content["corrections"] if row["kind"] == "label" and row.get("label")]
        clips = [(row, _clip_of(row, file)) for row in said]
        labels = [str(row["label"]) for row in said]
        found = [_class_clip(row, path) for row, path in clips if path is not None]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceFormatError(f"{file} is not as the window writes it ({error!r}); export it again") from error
    check_labels(sorted(set(labels)), "labels", "correct them again in the window")
    missing = [str(row["id"]) for row, path in clips if path is None]
    if not found:
        raise SourceFormatError(
            f"{file} has {len(said)} corrected labels, and {len(missing)} of them have no clip; say in the window what "
            "a stretch with pictures shows, and export again"
        )
    notes = [
        f"{file}: {count} corrections of the kind {kind} teach no action"
        for kind, count in kinds.items()
        if kind != "label"
    ]
    if missing:
        notes.append(
            f"{file}: left out, since their clips are missing: {', '.join(missing[:5])} ({len(missing)} in all)"
        )
    return make_class_folder(found, notes)


def _class_clip(row: dict[str, Any], path: Path) -> ClassClip:
    """A correction's clip; the person in it is meant whose boxes stand with it, where the window wrote them."""
    boxes = tuple((int(frame), (float(a), float(b), float(c), float(d))) for frame, a, b, c, d in row.get("boxes", ()))
    part = Stretch(0, boxes[-1][0], boxes, f"track {row['track']}") if boxes else None
    label, lead = as_label(str(row["label"])), int(row.get("lead", 0))
    return ClassClip(path, label, str(row["source"]), still=False, part=part, lead=lead)


def _clip_of(row: dict[str, Any], file: Path) -> Path | None:
    """The clip of a correction; None where there is none. Names that lead out of the folder are none."""
    name, folder = f"{row['id']}.mp4", file.parent
    if Path(name).name != name:
        return None
    places = (folder, file.with_suffix("")) if file.name.endswith(BESIDE_SUFFIX) else (folder,)
    exported = next(iter(sorted((folder / _CLASSES).glob(f"*/*/{name}"))), None)
    return exported or next((place / name for place in places if (place / name).is_file()), None)
