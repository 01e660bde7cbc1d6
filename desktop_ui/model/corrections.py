"""What the operator has said of what was seen: another label, not a person, somebody else, a joint elsewhere."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from desktop_ui.model.listeners import Listeners
from desktop_ui.model.undo import Step, UndoStack
from edgeact.atomic import write_text
from edgeact.batch.names import FRAMES_SUFFIX
from edgeact.errors import ConfigError
from edgeact.regular_file import read_regular

VERSION = 1
FILE_NAME = "corrections.json"
_LARGEST_BYTES = 64 * 2**20
_BESIDE = ".corrections"  # after the name that results have in common


class Correction(BaseModel):
    """One correction.

    Attributes:
        id: Unique for ever.
        kind: What was said: another label, not a person, this is another number, a joint lies elsewhere.
        source: Name of the source.
        clock: ``file``: times are seconds of the file; ``utc``: seconds since 1970.
        start, end: Of the stretch, or of the frame.
        track: Whom it is about: the number that the tracker gave.
        label: What the person does.
        becomes: The number that the person really has.
        carries_on: The person has that number for as long as the track lasts, also after the end of the stretch.
        joint: Name of the joint, ``x`` and ``y``: where it is, in pixels of the frame.
        pose: All joints of the person in that frame after the correction: x, y, confidence.
        joints: Their names.
        box: Of the person in that frame.
        size: Width and height of the frame.
        material: File name of the clip or picture in the folder of corrections; None where there is none.
        lead: Pictures of the clip before the stretch begins: what a network has seen when it judges the stretch.
        boxes: Where the person is in the clip: picture, then x_min, y_min, x_max, y_max in the clip's pixels.
        beside: The results of `edgeact annotate` that it is saved beside; None of all others. Not in the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: Literal["label", "not_person", "identity", "joint"]
    source: str
    clock: Literal["file", "utc"]
    start: float
    end: float
    track: int
    label: str | None = None
    becomes: int | None = None
    carries_on: bool = False
    joint: str | None = None
    x: float | None = None
    y: float | None = None
    pose: tuple[tuple[float, float, float], ...] = ()
    joints: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None
    size: tuple[int, int] | None = None
    material: str | None = Field(default=None, pattern=r"^\w[\w.-]*$")
    lead: int = 0
    boxes: tuple[tuple[int, float, float, float, float], ...] = ()
    beside: str | None = Field(default=None, exclude=True)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    corrections: tuple[Correction, ...]


class Corrections:
    """All corrections of a window; used on its thread.

    Args:
        path: The file that they are saved in.
        undo: Takes them back.

    Attributes:
        changed: There are others now.
    """

    def __init__(self, path: Path, undo: UndoStack) -> None:
        self.path, self.changed = path, Listeners()
        self._undo = undo
        self._all: tuple[Correction, ...] = ()
        self._written: set[str | None] = {None}  # what corrections are, or were, beside

    @property
    def all(self) -> tuple[Correction, ...]:
        """In the order in which they were made."""
        return self._all

    def load(self) -> None:
        """Read the file, where there is one.

        Raises:
            ConfigError: It cannot be read; it is kept under another name.
        """
        if self.path.exists():
            ended = self.path.stat().st_mtime
            self._put(tuple(_over(one, ended) for one in read_corrections(self.path)))

    def take_beside(self, results: str, source: str, read: Sequence[Correction]) -> None:
        """Take what was read beside results that were opened.

        Args:
            results: The file of the frames.
            source: What they are called in the window.
            read: Of `read_corrections`.
        """
        known = {one.id for one in self._all}
        fresh = [one.model_copy(update={"source": source, "beside": results}) for one in read if one.id not in known]
        self._put((*self._all, *fresh))

    def saving(self) -> Callable[[], None]:
        """What writes the corrections of now into their files, on whatever thread.

        Calling it raises an OutputError where a file cannot be written, an OSError where its folder cannot be made.
        """
        everything = self._all
        self._written |= {one.beside for one in everything}
        files = {self.path if beside is None else path_beside(beside): beside for beside in self._written}

        def write() -> None:
            for path, beside in files.items():
                made = _File(version=1, corrections=tuple(one for one in everything if one.beside == beside))
                if made.corrections or path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_text(path, made.model_dump_json(indent=1) + "\n")

        return write

    def add(self, correction: Correction, words: str) -> None:
        """Add one; undo, which names it by ``words``, takes it away."""

        def redo() -> None:
            self._put((*self._all, correction))

        def undo() -> None:
            self._put(tuple(one for one in self._all if one.id != correction.id))

        self._undo.do(Step(words, undo, redo))

    def clear(self) -> None:
        """Begin anew, because all were exported."""
        self._put(())

    def _put(self, corrections: tuple[Correction, ...]) -> None:
        self._all = corrections
        self.changed.notify()


def path_beside(results: str) -> Path:
    """The file of the corrections of results: ``NAME.corrections.json`` beside ``NAME.frames.jsonl``."""
    return folder_beside(results).with_name(f"{folder_beside(results).name}.json")


def folder_beside(results: str) -> Path:
    """The folder of the clips and pictures of the corrections of results."""
    path = Path(results)
    return path.with_name(path.name.removesuffix(FRAMES_SUFFIX) + _BESIDE)


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """What is in a file of corrections; nothing where there is none.

    Raises:
        ConfigError: It cannot be read; it is kept under another name.
    """
    if not path.exists():
        return ()
    try:
        return _File.model_validate(json.loads(read_regular(path, limit=_LARGEST_BYTES))).corrections
    except (OSError, ValueError, ValidationError) as error:
        kept = path.with_name(f"{path.name}.unread")
        path.replace(kept)
        raise ConfigError(
            f"the corrections in {path} cannot be read; they are kept as {kept.name}, and new ones begin"
        ) from error


def _over(one: Correction, ended: float) -> Correction:
    """A correction of an earlier day: a camera gives its numbers to others by now, so nothing carries on."""
    if one.clock == "file" or not one.carries_on:
        return one
    return one.model_copy(update={"end": max(one.end, ended), "carries_on": False})
