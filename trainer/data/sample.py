"""One sample of any data set: a picture or a clip with whatever its set says of it; what a set does not say is missing,
never guessed.

Arrays have the axes T (frames; 1 for a picture) and P (persons, or objects). Missing numbers are NaN, and an array is
None where the set says nothing of the kind at all. Pixels count from 0, the centre of the top-left one is (0, 0).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from trainer.data.splits import Split

# What a set says of a joint: nothing, not labelled, labelled though it is hidden, seen.
UNKNOWN, NOT_LABELLED, HIDDEN, SEEN = -1, 0, 1, 2
FEWEST_JOINTS = 6  # labelled joints of a person who teaches or measures poses: who is hardly seen can only be guessed
_MARGIN = 0.15  # of the longer side of the joints' extent, around it: flesh, hair and clothes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file."""

    path: Path


@dataclass(frozen=True, slots=True)
class Video:
    """Frames of a video file: ``count`` frames from number ``first`` on; None takes all to the end."""

    path: Path
    first: int = 0
    count: int | None = None


@dataclass(frozen=True, slots=True)
class FrameFiles:
    """A clip that comes as one picture file a frame, in order."""

    paths: tuple[Path, ...]


Media = Picture | Video | FrameFiles


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture or clip.

    Attributes:
        name: Unlike any other of its set.
        source: What was recorded together (a person, a video, a session): samples of one source belong on one side of
            a split.
        media: Where its pixels are; None where only labels are at hand.
        split: Of the set's own; None where it has none, or does not name this sample.
        actions: Numbers of the set's actions that it shows: one, several, or () where it shows none of them; None
            where nobody said.
        boxes: ``(T, P, 4)`` float32 x_min, y_min, x_max, y_max.
        head_boxes: ``(T, P, 4)`` float32, of heads alone.
        joints: ``(T, P, J, 2)`` float32 x, y in pixels; of a copy that has lost them, in what its reader says.
        visibility: ``(T, P, J)`` int8, one of `UNKNOWN`, `NOT_LABELLED`, `HIDDEN`, `SEEN`; there whenever joints are.
        joints_3d: ``(T, P, J, 3)`` float32 in metres.
        masks: Reads ``(T, P, H, W)`` bool when it is called, for masks are large.
    """

    name: str
    source: str
    media: Media | None = None
    split: Split | None = None
    actions: tuple[int, ...] | None = None
    boxes: np.ndarray | None = None
    head_boxes: np.ndarray | None = None
    joints: np.ndarray | None = None
    visibility: np.ndarray | None = None
    joints_3d: np.ndarray | None = None
    masks: Callable[[], np.ndarray] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse arrays whose axes do not fit each other.

        Raises:
            ValueError: With the sample's name and the shapes.
        """
        ends = {"boxes": (4,), "head_boxes": (4,), "joints": (None, 2), "visibility": (None,), "joints_3d": (None, 3)}
        shapes = {name: getattr(self, name).shape for name in ends if getattr(self, name) is not None}
        fitting = all(
            len(shape) == 2 + len(ends[name])
            and all(end in (None, size) for end, size in zip(ends[name], shape[2:], strict=True))
            for name, shape in shapes.items()
        )
        same = len({shape[:2] for shape in shapes.values()}) <= 1
        joints = {shapes[name][2] for name in ("joints", "visibility", "joints_3d") if name in shapes and fitting}
        together = ("joints" in shapes) == ("visibility" in shapes)
        if not (fitting and same and len(joints) <= 1 and together):
            raise ValueError(f"{self.name}: arrays do not fit each other: {shapes}")

    @property
    def picture(self) -> Path:
        """The file of the sample's picture.

        Raises:
            ValueError: The sample is a clip, or has labels alone.
        """
        return self._file_of(Picture, "picture")

    @property
    def video(self) -> Path:
        """The file of the sample's video.

        Raises:
            ValueError: The sample is no video, or has labels alone.
        """
        return self._file_of(Video, "video")

    def _file_of(self, kind: type[Picture] | type[Video], noun: str) -> Path:
        if not isinstance(self.media, kind):
            raise ValueError(f"{self.name} is no {noun} but {self.media}")
        return self.media.path


@dataclass(frozen=True, slots=True, eq=False)
class SampleSet:
    """All samples of a data set.

    Attributes:
        name: Of the set.
        samples: In a stable order.
        actions: Names of its actions, in the order of their numbers.
        joints: Names of its joints, in order.
    """

    name: str
    samples: tuple[Sample, ...]
    actions: tuple[str, ...] = ()
    joints: tuple[str, ...] = ()

    def part(self, split: Split) -> tuple[Sample, ...]:
        """The samples of a split."""
        return tuple(sample for sample in self.samples if sample.split == split)


def box_around(joints: np.ndarray) -> np.ndarray:
    """Box ``(4,)`` float32 around a person's joints ``(J, 2)``, of which unknown ones are NaN, with the room that a box
    drawn by a person has.
    """
    low, high = np.nanmin(joints, 0), np.nanmax(joints, 0)
    margin = _MARGIN * float((high - low).max())
    return np.concatenate([low - margin, high + margin]).astype(np.float32)


def one_person(values: object) -> np.ndarray:
    """Values of one person in one picture as float32, with the axes T and P (both 1) put before them."""
    return np.asarray(values, np.float32)[None, None]


def seen_where(visible: object, *, labelled: object = True) -> np.ndarray:
    """Visibility ``(...,)`` int8 of flags: `SEEN` or `HIDDEN`, and `NOT_LABELLED` where nothing is labelled."""
    flags = np.where(np.asarray(visible, bool), SEEN, HIDDEN)
    return np.where(np.asarray(labelled, bool), flags, NOT_LABELLED).astype(np.int8)
