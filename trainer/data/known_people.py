"""Clips whose people are known: who is where in every frame."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError

# Of a person of whom less is visible (a share of the joints) nobody asks where: found is as good as not found.
LEAST_VISIBLE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class KnownPerson:
    """One person in one frame.

    Attributes:
        identity: The same in all frames of a clip, also after the person was away.
        box: ``(4,)`` float32 x_min, y_min, x_max, y_max in pixels: what is visible.
        whole: ``(4,)`` float32: with what is hidden, as far as it is known.
        visible: 0..1.
    """

    identity: int
    box: np.ndarray
    whole: np.ndarray
    visible: float = 1.0

    @property
    def counts(self) -> bool:
        """Whether this person has to be found in this frame."""
        return self.visible >= LEAST_VISIBLE


@dataclass(frozen=True, slots=True, eq=False)
class KnownClip:
    """A clip.

    Attributes:
        name: In the tables.
        group: What happens in it.
        half: 0: limits may be chosen on it; 1: it is only reported.
        path: The video.
        frames: For each frame its persons, or None where somebody is unknown: such frames are not scored.
    """

    name: str
    group: str
    half: int
    path: Path
    frames: tuple[tuple[KnownPerson, ...] | None, ...]


def read_frames(path: Path) -> tuple[tuple[KnownPerson, ...] | None, ...]:
    """The frames of a label file: JSON lines ``{"persons": [{"id", "box", "whole", "visible"}]}``, persons null where
    somebody is unknown; ``whole`` and ``visible`` may be missing.

    Raises:
        SourceFormatError: The file is not such a file.
    """
    try:
        rows = [json.loads(line)["persons"] for line in path.read_text(encoding="utf-8").splitlines()]
        return tuple(None if row is None else tuple(_person(person) for person in row) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        raise SourceFormatError(
            f"{path} holds no labels of a clip ({error}); delete it to have it made again"
        ) from error


def _person(row: dict) -> KnownPerson:
    box = np.array(row["box"], np.float32).reshape(4)
    return KnownPerson(
        int(row["id"]), box, np.array(row.get("whole", box), np.float32).reshape(4), float(row.get("visible", 1.0))
    )


def identities(clips: Iterable[KnownClip]) -> int:
    """How many people have to be found in some frame of the clips."""
    return sum(
        len({person.identity for frame in clip.frames for person in frame or () if person.counts}) for clip in clips
    )
