"""What `edgeact train --classes` learns from: a folder with classes, corrections of the window, or an export of CVAT or
COCO.
"""

from pathlib import Path

from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from trainer.data.class_coco import is_coco, read_coco_actions
from trainer.data.class_corrections import BESIDE_SUFFIX, FILE_NAME, read_corrections
from trainer.data.class_cvat import read_cvat
from trainer.data.class_folder import ClassFolder, make_class_folder, read_class_folder
from trainer.data.sets.files import read_json_file


def read_classes(place: Path, *, attribute: str = "action") -> ClassFolder:
    """List the clips of all classes; no video is opened.

    Args:
        place: A folder with a sub-folder for each class; a folder with ``corrections.json``, with results
            and ``*.corrections.json`` beside them, or with exports (``*.xml`` of CVAT, ``*.json`` of COCO) and what was
            labelled; or one such file.
        attribute: Of a labelled person: names what the person does.

    Raises:
        SourceNotFoundError: There is nothing of the kind.
        SourceFormatError: A file is damaged, or speaks of something that is not there.
        UsageError: A name cannot be a label, or a file is of another kind.
    """
    if place.is_file():
        return _read_file(place, attribute)
    if not place.is_dir():
        raise SourceNotFoundError(f"{place} does not exist; give a folder with a sub-folder of clips for each class")
    if (place / FILE_NAME).is_file():
        return read_corrections(place / FILE_NAME)
    exports = sorted(
        [
            *place.glob("*.xml"),
            *place.glob(f"*{BESIDE_SUFFIX}"),
            *(path for path in place.glob("*.json") if _is_coco_file(path)),
        ]
    )
    if not exports:
        return read_class_folder(place)
    parts = [_read_file(path, attribute) for path in exports]
    return make_class_folder(
        [clip for part in parts for clip in part.clips], [note for part in parts for note in part.notes]
    )


def _read_file(file: Path, attribute: str) -> ClassFolder:
    suffix = file.suffix.lower()
    if file.name == FILE_NAME or file.name.endswith(BESIDE_SUFFIX):
        return read_corrections(file)
    if suffix == ".xml":
        return read_cvat(file, attribute=attribute)
    if suffix == ".json":
        return read_coco_actions(file, attribute=attribute)
    remedy = (
        "unpack it and give the folder"
        if suffix == ".zip"
        else "give a folder of classes, or an export of CVAT or COCO"
    )
    raise UsageError(f"{file} is neither {FILE_NAME} nor an .xml of CVAT nor a .json of COCO; {remedy}")


def _is_coco_file(path: Path) -> bool:
    """Whether a JSON file is one of COCO; others, such as results, may lie beside clips."""
    try:
        return is_coco(read_json_file(path, "annotations"))
    except (SourceNotFoundError, UsageError, SourceFormatError):
        return False
