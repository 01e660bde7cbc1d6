"""The records of a result: its header, its frames and its events.

A person is the same `edgeact.types.Person` as in a live loop, so that what works on the one works on the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgeact.batch.record import RunRecord
from edgeact.capture.base import SourceInfo
from edgeact.skeleton import Skeleton
from edgeact.types import AttentionMap, Person, Reading

if TYPE_CHECKING:
    import pandas
    import supervision


@dataclass(frozen=True, slots=True)
class Head:
    """An action head: its name, whether it speaks for persons or for the scene, and its labels in order."""

    name: str
    scope: Literal["person", "scene"]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a result says of itself.

    Attributes:
        edgeact: The version that wrote it.
        created: When, in UTC.
        source: Where the frames came from.
        every: Each n-th frame of the source was used.
        skeleton: Names of the joints, in the order of ``pose.joints``, and the bones; None where no poses were seen.
        heads: The action heads; of those of persons the first is a person's action.
        bundle: ``name``, ``version`` and ``digest`` of the bundle.
        config: The settings.
    """

    edgeact: str
    created: str
    source: SourceInfo
    every: int
    skeleton: Skeleton | None
    heads: tuple[Head, ...]
    bundle: Mapping[str, str]
    config: Mapping[str, Any]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a person's action, or else of the scene's, in the order of its probabilities."""
        by_scope = sorted(self.heads, key=lambda head: head.scope)  # persons come first, in the order that there is
        return by_scope[0].labels if by_scope else ()


@dataclass(frozen=True, slots=True, eq=False)
class FrameRecord:
    """What was seen in one frame.

    Attributes:
        index: Number of the frame in its source, from 0.
        time: Presentation time in seconds.
        epoch: How often a live source had been connected anew.
        persons: Who is in it.
        scene: What action heads say of the scene as a whole.
        attention: Maps of the whole frame that belong to no action head; they were written where the setting
            ``attention`` chose them.
    """

    index: int
    time: float
    epoch: int
    persons: tuple[Person, ...]
    scene: tuple[Reading, ...] = ()
    attention: tuple[AttentionMap, ...] = ()

    def to_supervision(self) -> "tuple[supervision.Detections, supervision.KeyPoints]":
        """The persons as detections and key points of supervision (see `edgeact.formats.supervision`).

        Raises:
            MissingExtraError: The package supervision is not installed.
        """
        from edgeact.formats.supervision import to_supervision

        return to_supervision(self.persons)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One action from its start to its end, in seconds; ``track_id`` is None for an action of the scene."""

    track_id: int | None
    label: str
    start: float
    end: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of a result, read from the file whenever they are iterated; any number of times."""

    path: Path
    header: Header = field(repr=False)

    def __iter__(self) -> Iterator[FrameRecord]:
        """The frames in order.

        Raises:
            SourceFormatError: The file was cut off or damaged; the frames before that have come.
        """
        from edgeact.results.load import read_frame_records

        return read_frame_records(self.path, self.header)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The result of one source.

    Attributes:
        path: The file of its frames.
        header: What the result says of itself.
        frames: What was seen in each frame; iterate it, as often as you like.
        events: The actions of each person from start to end, in the order in which they ended.
        run: How it was annotated; None where it was watched.
    """

    path: Path
    header: Header
    frames: Frames
    events: tuple[EventRecord, ...]
    run: RunRecord | None

    def to_dataframe(self, of: Literal["persons", "events"] = "persons") -> "pandas.DataFrame":
        """A table for pandas.

        Args:
            of: ``persons`` gives a row for each person in each frame, with joints, parts and probabilities (see
                `edgeact.formats.table`); ``events`` gives a row for each action.

        Raises:
            MissingExtraError: pandas is not installed.
            SourceFormatError: The file of the frames was cut off or damaged.
        """
        from edgeact.formats.dataframe import events_dataframe, persons_dataframe

        return persons_dataframe(self) if of == "persons" else events_dataframe(self)

    def to_supervision(self) -> "Iterator[tuple[supervision.Detections, supervision.KeyPoints]]":
        """Detections and key points of supervision, a pair for each of ``frames``.

        Raises:
            MissingExtraError: The package supervision is not installed.
            SourceFormatError: The file of the frames was cut off or damaged.
        """
        return (frame.to_supervision() for frame in self.frames)
