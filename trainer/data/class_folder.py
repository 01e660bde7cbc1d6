"""A user's own recordings: a folder with a sub-folder for each class, clips and images in it.

A *source* is what was recorded together (a person, a session, a place): clips of one source are trained on together or
measured together, never split. It is the sub-folder of the class that a clip lies in or, for clips that lie in the
class's folder itself, the file's name without its last number (``anna_03.mp4`` is of ``anna``).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeact.capture.images import IMAGE_SUFFIXES
from edgeact.capture.inputs import VIDEO_SUFFIXES, natural_key
from edgeact.errors import SourceNotFoundError, UsageError
from trainer.data.labelled_stretch import Stretch

OTHER_CLASS = "other"
_LONGEST_LABEL = 60  # characters: a label is drawn over a person
_NUMBER_AT_THE_END = re.compile(r"[\s._-]*\(?\d+\)?$")
_NOT_OURS = frozenset({"__macosx", "@eadir"})  # what other programs leave in folders


@dataclass(frozen=True, slots=True)
class ClassClip:
    """One file of a class, or what one person does in a part of a file.

    Attributes:
        path: The clip or image.
        label: Its class.
        source: What it was recorded with; the same in all classes.
        still: Whether it is an image.
        part: Frames and person of it; None takes all of it, and whoever is seen longest and largest.
        lead: So many of its first frames are what happened just before.
    """

    path: Path
    label: str
    source: str
    still: bool
    part: Stretch | None = None
    lead: int = 0

    @property
    def name(self) -> str:
        """The path and, of a part, its frames and person: unique."""
        if self.part is None:
            return str(self.path)
        return f"{self.path} frames {self.part.first}-{self.part.last} {self.part.who}"


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """All files of all classes.

    Attributes:
        clips: In the order of their classes and names.
        labels: The classes in order, without `OTHER_CLASS`.
        notes: What the user should know: files that are left out, sources that the names do not tell.
    """

    clips: tuple[ClassClip, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def read_class_folder(folder: Path) -> ClassFolder:
    """List the classes and files of a folder; no file is opened.

    Raises:
        SourceNotFoundError: The folder does not exist, or has no sub-folder with clips or images.
        UsageError: A name cannot be a label. `check_several_classes` says whether there are enough.
    """
    if not folder.is_dir():
        raise SourceNotFoundError(f"{folder} is no folder; give one with a sub-folder of clips for each class")
    classes = [path for path in sorted(folder.iterdir(), key=natural_key) if path.is_dir() and not _is_foreign(path)]
    check_labels([path.name for path in classes], "folders", "rename them")
    clips: list[ClassClip] = []
    notes: list[str] = []
    for path in classes:
        found, left_out = _clips_of(path)
        clips += found
        if left_out:
            notes.append(f"left out, since they are neither clips nor images: {_shown(left_out)}")
        if not found:
            notes.append(f"{path} holds no clips and no images")
    if not clips:
        raise SourceNotFoundError(
            f"{folder} has no sub-folder with clips or images; make one for each class, such as {folder / 'wave'}"
        )
    return make_class_folder(clips, notes)


def make_class_folder(clips: Sequence[ClassClip], notes: Sequence[str]) -> ClassFolder:
    """Put together what was listed: the classes in the order of their first clips, and sources that can be held out."""
    told, more = _tell_sources(clips)
    labels = tuple(dict.fromkeys(clip.label for clip in told if clip.label != OTHER_CLASS))
    return ClassFolder(tuple(told), labels, (*notes, *more))


def check_several_classes(found: ClassFolder, where: Path) -> None:
    """Refuse what a network cannot learn to tell apart.

    Raises:
        UsageError: There is one class only.
    """
    if len({clip.label for clip in found.clips}) < 2:
        raise UsageError(
            f"{where} has one class only, {found.clips[0].label!r}; add a second one, or {OTHER_CLASS!r} with clips of "
            "people who do something else"
        )


def _clips_of(folder: Path) -> tuple[list[ClassClip], list[Path]]:
    """Files of a class, and those that are no media."""
    label, found, left_out = as_label(folder.name), [], []
    for path in sorted(folder.rglob("*"), key=natural_key):
        inside = path.relative_to(folder)
        if not path.is_file() or any(_is_foreign(Path(part)) for part in inside.parts):
            continue
        suffix = path.suffix.lower()
        if suffix not in VIDEO_SUFFIXES | IMAGE_SUFFIXES:
            left_out.append(path)
            continue
        found.append(ClassClip(path, label, source_of(inside), suffix in IMAGE_SUFFIXES))
    return found, left_out


def source_of(inside: Path) -> str:
    """The source of a file by its path inside a folder: the first sub-folder, or its name without the last number."""
    return inside.parts[0] if len(inside.parts) > 1 else _NUMBER_AT_THE_END.sub("", inside.stem) or inside.stem


def _tell_sources(clips: Sequence[ClassClip]) -> tuple[list[ClassClip], list[str]]:
    """The clips with sources that can be held out: where a class has one source only, each file counts as one."""
    counts = Counter(label for label, _ in {(clip.label, clip.source) for clip in clips})
    few = sorted(label for label, count in counts.items() if count < 2)
    if not few:
        return list(clips), []
    single = [replace(clip, source=f"{clip.label}/{Path(clip.name).name}") for clip in clips]
    note = (
        f"{', '.join(few)}: names do not tell who was recorded, or all is of one source; so each clip counts as a "
        "source of its own, and the measured accuracy is that of people who were trained on; put clips of one person "
        "or session into a sub-folder, and record several"
    )
    return single, [note]


def _is_foreign(path: Path) -> bool:
    return path.name.startswith(".") or path.name.casefold() in _NOT_OURS


def as_label(name: str) -> str:
    """The label of a class: spelt in one way on every system, and ``Other`` is `OTHER_CLASS`."""
    label = unicodedata.normalize("NFC", name).strip()
    return OTHER_CLASS if label.casefold() == OTHER_CLASS else label


def check_labels(names: Sequence[str], what: str, remedy: str) -> None:
    """Refuse names that cannot be labels.

    Args:
        names: As they are written, each once.
        what: What has these names, in the plural.
        remedy: What to do.

    Raises:
        UsageError: Some cannot; all are listed.
    """
    faults = []
    for name in names:
        if not as_label(name) or not as_label(name).isprintable():
            faults.append(f"{name!a} has characters that cannot be printed")
        elif len(as_label(name)) > _LONGEST_LABEL:
            faults.append(f"{name!r} is longer than {_LONGEST_LABEL} characters")
    for label, count in Counter(as_label(name).casefold() for name in names).items():
        if count > 1:
            faults.append(f"{count} {what} are called {label!r} but for capitals or accents")
    if faults:
        raise UsageError(f"{what} that cannot be labels: {'; '.join(faults)}; {remedy}")


def _shown(paths: Sequence[Path], limit: int = 5) -> str:
    names = ", ".join(str(path) for path in paths[:limit])
    return names if len(paths) <= limit else f"{names} and {len(paths) - limit} more"
