"""What the operator has said of what was seen: another label, not a person, somebody else, a joint elsewhere."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from desktop_ui.model.listeners import Listeners
from desktop_ui.model.timeline import Stretch
from desktop_ui.model.undo import Step, UndoStack
from edgeact.atomic import write_text
from edgeact.errors import ConfigError
from edgeact.regular_file import read_regular

VERSION = 1
FILE_NAME = "corrections.json"
_LARGEST_BYTES = 64 * 2**20


class Correction(BaseModel):
    """One correction.

    Attributes:
        id: Unique for ever.
        kind: What was said: another label, not a person, this is another number, a joint lies elsewhere.
        source: Name of the source.
        clock: ``file``: times are seconds of the file; ``utc``: seconds since 1970.
        start, end: Of the stretch, or of the frame.
        track: Whom it is about.
        label: What the person does.
        becomes: The number that the person really has.
        joint: Name of the joint, ``x`` and ``y``: where it is, in pixels of the frame.
        pose: All joints of the person in that frame after the correction: x, y, confidence.
        joints: Their names.
        box: Of the person in that frame.
        size: Width and height of the frame.
        material: Clip or picture, relative to the folder of corrections; None where there is none.
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
    joint: str | None = None
    x: float | None = None
    y: float | None = None
    pose: tuple[tuple[float, float, float], ...] = ()
    joints: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None
    size: tuple[int, int] | None = None
    material: str | None = None


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

    @property
    def all(self) -> tuple[Correction, ...]:
        """In the order in which they were made."""
        return self._all

    def load(self) -> None:
        """Read the file, where there is one.

        Raises:
            ConfigError: It cannot be read; it is kept under another name.
        """
        if not self.path.exists():
            return
        try:
            self._all = _File.model_validate(json.loads(read_regular(self.path, limit=_LARGEST_BYTES))).corrections
        except (OSError, ValueError, ValidationError) as error:
            kept = self.path.with_name(f"{self.path.name}.unread")
            self.path.replace(kept)
            raise ConfigError(
                f"the corrections in {self.path} cannot be read; they are kept as {kept.name}, and new ones begin"
            ) from error
        self.changed.notify()

    def saving(self) -> Callable[[], None]:
        """What writes the corrections of now into the file, on whatever thread.

        Calling it raises an OutputError where the file cannot be written, an OSError where its folder cannot be made.
        """
        made, path = _File(version=1, corrections=self._all), self.path

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, made.model_dump_json(indent=1) + "\n")

        return write

    def add(self, correction: Correction, step: Step) -> None:
        """Add one; undo takes it away.

        Args:
            correction: What was said.
            step: What else is to be done with it, and taken back; its words name it.
        """

        def redo() -> None:
            step.redo()
            self._put((*self._all, correction))

        def undo() -> None:
            step.undo()
            self._put(tuple(one for one in self._all if one.id != correction.id))

        self._undo.do(Step(step.words, undo, redo))

    def clear(self) -> None:
        """Begin anew, because all were exported."""
        self._put(())

    def _put(self, corrections: tuple[Correction, ...]) -> None:
        self._all = corrections
        self.changed.notify()


def corrected(own: Sequence[Stretch], track_id: int, corrections: Sequence[Correction]) -> tuple[Stretch, ...]:
    """The stretches of a track as somebody has corrected them.

    Args:
        own: As the network said.
        track_id: Whose they are.
        corrections: Of the source, with times of the timeline.
    """
    found = list(own)
    for one in corrections:
        if one.kind == "joint":
            continue
        if one.track == track_id:
            found = [part for stretch in found for part in _without(stretch, one.start, one.end)]
        says_label = one.kind == "label" and one.track == track_id
        if (says_label or (one.kind == "identity" and one.becomes == track_id)) and one.label:
            found.append(Stretch(track_id, one.label, one.start, one.end, is_corrected=True))
    return tuple(sorted(found, key=lambda stretch: stretch.start))


def _without(stretch: Stretch, start: float, end: float) -> list[Stretch]:
    """What of a stretch lies before and after another one."""
    if stretch.end <= start or stretch.start >= end:
        return [stretch]
    parts = [(stretch.start, start), (end, stretch.end)]
    return [
        Stretch(stretch.track_id, stretch.label, first, last, stretch.is_corrected)
        for first, last in parts
        if last - first > 1e-6
    ]
