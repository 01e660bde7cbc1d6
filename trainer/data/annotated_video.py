"""What exports of annotation programs have in common: the files they speak of, and labels that mean an action."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from edgeact.capture.images import IMAGE_SUFFIXES
from edgeact.capture.inputs import VIDEO_SUFFIXES, natural_key
from edgeact.errors import SourceFormatError
from trainer.data.class_folder import ClassClip, ClassFolder, as_label, check_labels, make_class_folder, source_of
from trainer.data.labelled_stretch import LabelledBox, stretches_of

NO_ACTION = frozenset({"", "__undefined__", "none", "null", "-"})  # what programs write where nothing was chosen
_MERELY_PEOPLE = frozenset({"person", "people", "human", "pedestrian", "man", "woman"})
_MOST_FAULTS = 8


def find_media(folder: Path, name: str) -> Path | None:
    """The video or picture of a name that an export gives, in the export's folder or below; None where it is missing.

    Only the last part of the name has to fit, since annotation programs keep paths of their own. Nothing outside of the
    folder is looked at.
    """
    wanted = PurePosixPath(name.replace("\\", "/"))
    if not wanted.name:
        return None
    if not wanted.is_absolute() and ".." not in wanted.parts and (folder / wanted).is_file():
        return folder / wanted
    return next((path for path in sorted(folder.rglob(_literal(wanted.name)), key=natural_key) if path.is_file()), None)


def only_video(folder: Path) -> Path | None:
    """The video of a folder that has one; None where there are none or several."""
    found = [path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()]
    return found[0] if len(found) == 1 else None


def clips_of_boxes(
    boxes: Sequence[LabelledBox], root: Path, faults: Sequence[str], attribute: str, notes: Iterable[str] = ()
) -> ClassFolder:
    """Clips of the stretches in which people do what the boxes say.

    Args:
        boxes: Of all videos; a picture is a video of one frame.
        root: The export's folder: a sub-folder of it is a source, or the names of the files tell the sources.
        faults: What is wrong with the export.
        attribute: Of a person: names what the person does.
        notes: What the user should know.

    Raises:
        SourceFormatError: There are faults, or no actions.
        UsageError: A label cannot be one.
    """
    if faults:
        more = f" and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise SourceFormatError(f"{root}: {'; '.join(list(faults)[:_MOST_FAULTS])}{more}")
    labels = sorted({box.label for box in boxes})
    if not labels or {label.casefold() for label in labels} <= _MERELY_PEOPLE:
        said = f"calls everybody {', '.join(labels)}" if labels else "labels nobody"
        raise SourceFormatError(
            f"{root} {said}; give people an attribute {attribute!r} that says what they do (--attribute names another "
            "one), or labels that are actions"
        )
    check_labels(labels, "labels", "rename them in the annotation program and export again")
    clips = []
    for video, label, part in stretches_of(boxes):
        inside = video.relative_to(root) if video.is_relative_to(root) else Path(video.name)
        still = video.suffix.lower() in IMAGE_SUFFIXES and not video.is_dir()
        clips.append(ClassClip(video, as_label(label), source_of(inside), still, part))
    return make_class_folder(clips, list(notes))


def _literal(name: str) -> str:
    """A name as a pattern that stands for nothing else."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
