"""Results of an earlier ``annotate`` in place of networks: the session runs over them, and perceives nothing again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeact.batch.names import FRAMES_SUFFIX, VIDEO_SUFFIX
from edgeact.bundle.load import Bundle
from edgeact.config import PipelineConfig
from edgeact.errors import BackendError, EdgeactError, SourceNotFoundError, UsageError
from edgeact.perception.pace import Pace
from edgeact.perception.stages import Followed, Looked
from edgeact.perception.tracking.step import TrackStep
from edgeact.results.load import load_results
from edgeact.results.records import EventRecord, FrameRecord, Results
from edgeact.types import Event, EventPhase, Frame, Observation, Perceived

_NOTHING = TrackStep(persons=(), lost=())


@dataclass(slots=True, eq=False)
class RecordedStream:
    """How far the results of a source were read: frames to come, events to come by their start, and those that last."""

    source: str
    records: Iterator[FrameRecord]
    waiting: list[tuple[int, EventRecord]]
    lasting: list[tuple[int, EventRecord]]


class RecordedPerceiving:
    """What a session needs of stages (see `edgeact.runtime.session.Perceiving`), over results.

    Args:
        results: Of the source that is run.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    def open_stream(
        self, config: PipelineConfig, *, source: str = "", live: bool = False, pace: Pace | None = None
    ) -> RecordedStream:
        """Begin to read."""
        events = sorted(enumerate(self._results.events, start=1), key=lambda one: one[1].start)
        return RecordedStream(source, iter(self._results.frames), events, [])

    def detect(self, batch: Sequence[tuple[RecordedStream, Frame]]) -> Sequence[Looked | BackendError]:
        """Pass frames on."""
        return [Looked(frame, False, None, {}) for _, frame in batch]

    def track(self, batch: Sequence[tuple[RecordedStream, Looked]]) -> Sequence[Followed | BackendError]:
        """Pass frames on."""
        return [Followed(looked, _NOTHING) for _, looked in batch]

    def act(self, batch: Sequence[tuple[RecordedStream, Followed]]) -> Sequence[Perceived | BackendError]:
        """Give each frame what was found in it."""
        return [self._perceived(stream, followed.looked.frame) for stream, followed in batch]

    def finish(self, stream: RecordedStream) -> tuple[Event, ...]:
        """End what lasts until the end."""
        return tuple(_event(stream, number, record, "end") for number, record in stream.lasting)

    def _perceived(self, stream: RecordedStream, frame: Frame) -> Perceived | BackendError:
        try:
            record = next(stream.records, None)
        except EdgeactError as error:
            return BackendError(str(error))
        if record is None or record.index != frame.index:
            return BackendError(
                f"{self._results.path} has no frame {frame.index} of {stream.source}: they do not belong together; "
                "annotate the video again"
            )
        events = []
        while stream.waiting and stream.waiting[0][1].start <= frame.time:
            stream.lasting.append(stream.waiting.pop(0))
            events.append(_event(stream, *stream.lasting[-1], "new"))
        for number, ended in [one for one in stream.lasting if one[1].end <= frame.time]:
            stream.lasting.remove((number, ended))
            events.append(_event(stream, number, ended, "end"))
        return Perceived(Observation(frame, record.persons, record.scene, record.attention), tuple(events))


def is_results(name: str) -> bool:
    """Whether a source is named by the results of an earlier run."""
    return name.endswith(FRAMES_SUFFIX)


def open_results(name: str, bundle: Bundle) -> tuple[Results, Path]:
    """Results, and the video that they are of: where it was, or else beside them.

    Args:
        name: The file of the frames.
        bundle: That is open; it knows the skeleton that is drawn.

    Raises:
        EdgeactError: The results cannot be read, their video is gone, or their skeleton is another one.
    """
    results = load_results(name)
    if results.header.skeleton is not None and results.header.skeleton != _skeleton(bundle):
        made_by = results.header.bundle.get("name", "")
        raise UsageError(f"{name} was made by the bundle {made_by!r} with another skeleton; choose that bundle first")
    stem = results.path.name.removesuffix(FRAMES_SUFFIX)
    asked = [] if results.run is None else [Path(results.run.input.path)]
    named = results.header.source.name
    asked += [Path(named), results.path.parent / Path(named).name, results.path.with_name(stem + VIDEO_SUFFIX)]
    for path in asked:
        if path.exists():
            return results, path
    raise SourceNotFoundError(f"the video {named} of {name} is gone; put it into {results.path.parent}")


def _skeleton(bundle: Bundle) -> object:
    return None if bundle.plan.persons is None else bundle.skeleton


def _event(stream: RecordedStream, number: int, record: EventRecord, phase: EventPhase) -> Event:
    return Event(
        id=number,
        phase=phase,
        source=stream.source,
        epoch=0,
        kind="action",
        subject="scene" if record.track_id is None else "track",
        track_id=record.track_id,
        label=record.label,
        start=record.start,
        end=record.end if phase == "end" else None,
        score=record.score,
    )
