"""The three stages between a decoded frame and what is known of it: detect, track, act.

Each takes one item from every stream that has one, and calls each graph once for all of them: a single source is a
batch of one. Each may run in a thread of its own; the items of a stream go through each in order. Where a graph fails,
the streams that it failed for get the error in place of an outcome, and the others go on.
"""

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError
from edgeact.perception.calls import run_calls
from edgeact.perception.detect import Detector
from edgeact.perception.pace import Pace
from edgeact.perception.pose import PoseBatch, PoseEstimator
from edgeact.perception.stream import Stream
from edgeact.perception.tracking.step import TrackStep
from edgeact.perception.tracking.tracker import PoseRequest
from edgeact.types import Detection, Event, Float32, Frame, Perceived, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame after the first stage.

    Attributes:
        frame: The frame.
        is_new: A shot or an epoch begins with it: nobody is followed into it.
        detections: Persons in it; None where the detector did not run.
        seconds: How long each stage took so far, by its name.
    """

    frame: Frame
    is_new: bool
    detections: tuple[Detection, ...] | None
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A frame after the second stage, and who is followed in it."""

    looked: Looked
    step: TrackStep


class Stages:
    """The stages over one engine; what is remembered of a source is in its stream.

    Args:
        engine: Whose graphs are called.
    """

    def __init__(self, engine: Engine) -> None:
        self._plan, self._engine = engine.bundle.plan, engine
        follows = self._plan.persons is not None
        self._detector = Detector(engine) if follows else None
        self._poses = PoseEstimator(engine) if follows else None
        self._judges = bool(self._plan.readers)
        self._explainers = [explainer.graph for explainer in self._plan.explainers]

    def open_stream(
        self, config: PipelineConfig, *, source: str = "", live: bool = False, pace: Pace | None = None
    ) -> Stream:
        """A stream for a source that has just been opened.

        Raises:
            UsageError: The settings choose an attention map that the bundle does not offer.
        """
        return Stream(self._plan, config, source=source, live=live, pace=pace)

    def detect(self, batch: Sequence[tuple[Stream, Frame]]) -> list[Looked | BackendError]:
        """See where a shot begins, and who is there on the frames that are due; the detector sees these at once."""
        looked = [Looked(frame, stream.begins(frame), None, {}) for stream, frame in batch]
        due = [
            row
            for row, ((stream, frame), one) in enumerate(zip(batch, looked, strict=True))
            if self._detector is not None and stream.schedule.is_due(frame.time, is_new=one.is_new)
        ]
        outcomes: list[Looked | BackendError] = list(looked)
        for row, found in zip(due, self._detect([looked[row] for row in due]), strict=True):
            outcomes[row] = found if isinstance(found, BackendError) else replace(looked[row], detections=found)
        return outcomes

    def track(self, batch: Sequence[tuple[Stream, Looked]]) -> list[Followed | BackendError]:
        """Follow everybody; poses are estimated for the persons of all frames at once."""
        found = self._look_where_wanted(batch)
        batch = [
            (stream, looked if isinstance(one, BackendError) else replace(looked, detections=one))
            for (stream, looked), one in zip(batch, found, strict=True)
        ]
        answers = self._expect(batch, found)
        while any(isinstance(answer, PoseRequest) for answer in answers):
            self._answer(batch, answers)
        followed: list[Followed | BackendError] = []
        for (_, looked), answer in zip(batch, answers, strict=True):
            if isinstance(answer, PoseRequest):
                raise AssertionError("a tracker still waits for poses")
            followed.append(answer if isinstance(answer, BackendError) else Followed(looked, answer))
        return followed

    def act(self, batch: Sequence[tuple[Stream, Followed]]) -> list[Perceived | BackendError]:
        """Judge what every person does and what the scenes show, and compute the attention maps that explain it."""
        began = clock.perf_counter()
        asked = [
            stream.acting.expect(followed.looked.frame, followed.step, is_new=followed.looked.is_new)
            for stream, followed in batch
        ]
        answers = run_calls(self._engine, self._plan.readers, asked)
        explained = [
            [] if isinstance(found, BackendError) else stream.acting.answer(found)
            for (stream, _), found in zip(batch, answers, strict=True)
        ]
        acted = clock.perf_counter()
        reasons = run_calls(self._engine, self._explainers, explained)
        perceived: list[Perceived | BackendError] = []
        for (stream, followed), found, shown in zip(batch, answers, reasons, strict=True):
            if isinstance(found, BackendError):
                perceived.append(found)
                continue
            if isinstance(shown, BackendError):
                perceived.append(shown)
                continue
            seconds = followed.looked.seconds
            one = stream.acting.conclude(shown)
            if self._judges:
                seconds["action"] = (acted - began) / len(batch)
            observation = replace(one.observation, detections=followed.looked.detections or ())
            observation.stage_seconds.update(seconds)
            perceived.append(replace(one, observation=observation))
        explaining = (clock.perf_counter() - acted) / max(len(batch), 1)
        for outcome in perceived:
            if not isinstance(outcome, BackendError):
                outcome.observation.stage_seconds["attention"] = explaining
        return perceived

    def finish(self, stream: Stream) -> tuple[Event, ...]:
        """End all actions that are in force, because the source is over, and forget all tracks."""
        stream.forget()
        return stream.acting.forget_all()

    def _detect(self, looked: Sequence[Looked]) -> list[tuple[Detection, ...] | BackendError]:
        """Persons of some frames; where the detector fails for all of them at once, of each by itself."""
        if not looked or self._detector is None:
            return []
        began = clock.perf_counter()
        try:
            found = self._detector.detect_all([one.frame.image for one in looked])
        except BackendError as error:
            if len(looked) == 1:
                return [error]
            return [outcome for one in looked for outcome in self._detect([one])]
        for one in looked:
            one.seconds["detect"] = (clock.perf_counter() - began) / len(looked)
        return list(found)

    def _look_where_wanted(
        self, batch: Sequence[tuple[Stream, Looked]]
    ) -> list[tuple[Detection, ...] | BackendError | None]:
        """The detections of each frame; where a tracker needs to know more, the detector runs now."""
        wanted = [row for row, (stream, looked) in enumerate(batch) if _wants_detection(stream, looked)]
        found = dict(zip(wanted, self._detect([batch[row][1] for row in wanted]), strict=True))
        return [found.get(row, looked.detections) for row, (_, looked) in enumerate(batch)]

    def _expect(
        self,
        batch: Sequence[tuple[Stream, Looked]],
        found: Sequence[tuple[Detection, ...] | BackendError | None],
    ) -> list[PoseRequest | TrackStep | BackendError]:
        """Tell the trackers of their frames, and of the persons found in them."""
        answers: list[PoseRequest | TrackStep | BackendError] = []
        for (stream, looked), detections in zip(batch, found, strict=True):
            if stream.tracker is None or isinstance(detections, BackendError):
                answers.append(detections if isinstance(detections, BackendError) else TrackStep((), ()))
                continue
            height, width = looked.frame.image.shape[:2]
            looked.seconds["pose"] = 0.0
            began = clock.perf_counter()
            answers.append(stream.tracker.expect(looked.frame.time, detections, width=width, height=height))
            looked.seconds["track"] = clock.perf_counter() - began
        return answers

    def _answer(
        self, batch: Sequence[tuple[Stream, Looked]], answers: list[PoseRequest | TrackStep | BackendError]
    ) -> None:
        """Give every tracker that asks the poses of its frame, and put its next answer in place of the request."""
        rows, requests = [], []
        for row, answer in enumerate(answers):
            if isinstance(answer, PoseRequest):
                rows.append(row)
                requests.append((batch[row][1].frame.image, answer.boxes))
        began = clock.perf_counter()
        poses = self._estimate(requests)
        a_person = (clock.perf_counter() - began) / max(sum(len(boxes) for _, boxes in requests), 1)
        for row, (_, boxes), found in zip(rows, requests, poses, strict=True):
            stream, looked = batch[row]
            if isinstance(found, BackendError) or stream.tracker is None:
                answers[row] = found if isinstance(found, BackendError) else TrackStep((), ())
                continue
            began = clock.perf_counter()
            answers[row] = stream.tracker.answer(found)
            looked.seconds["pose"] += a_person * len(boxes)
            looked.seconds["track"] += clock.perf_counter() - began

    def _estimate(self, requests: Sequence[tuple[UInt8, Float32]]) -> list[PoseBatch | BackendError]:
        """Poses of all frames in one call; where that fails, of each by itself."""
        if self._poses is None:
            return []
        try:
            return list(self._poses.estimate_all(requests))
        except BackendError as error:
            if len(requests) == 1:
                return [error]
        return [found for request in requests for found in self._estimate([request])]


def _wants_detection(stream: Stream, looked: Looked) -> bool:
    """Whether the tracker of a source needs the detector on a frame where it did not run; told of a new shot first."""
    if stream.tracker is None:
        return False
    if looked.is_new:
        stream.tracker.reset()
    would_help = stream.tracker.wants_detection
    return stream.schedule.is_wanted(is_known=looked.detections is not None, would_help=would_help)
