"""Who is who from frame to frame.

On frames with detections, detections are assigned to tracks (`matching`). On the frames between, and where a detection
is missing, a track is carried by its own pose (`carrying`): the pose network looks where the track is expected, and
what it finds moves the box. Gates keep a lost person from sticking to the background: a carried pose must be confident
and plausible, no two tracks may show the same person (`duplicates`), and the detector must see a sign of each track now
and then (`contacts`). All limits are seconds or shares of the person's size, never frames or pixels.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from edgeact.config import PipelineConfig
from edgeact.geometry import box_area, clip_box, joint_sigmas
from edgeact.perception.pose import PoseBatch, empty_batch, join_batches
from edgeact.perception.tracking.association import pose_fit
from edgeact.perception.tracking.carrying import carry, unseen_tracks
from edgeact.perception.tracking.contacts import note_contacts, note_support
from edgeact.perception.tracking.duplicates import without_duplicates
from edgeact.perception.tracking.limits import (
    CONTINUED_FIT,
    FRESH_SECONDS,
    MISSED_RUNS,
    UNSUPPORTED_FACTOR,
    UNSURE_FACTOR,
    WAITING_FACTOR,
)
from edgeact.perception.tracking.matching import choose_candidates, match_detections
from edgeact.perception.tracking.newcomers import Newcomers
from edgeact.perception.tracking.numbers import Numbers
from edgeact.perception.tracking.settings import TrackingSettings
from edgeact.perception.tracking.sighting import Sighting, stack_boxes
from edgeact.perception.tracking.state import TrackState
from edgeact.perception.tracking.step import TrackedPerson, TrackStep
from edgeact.perception.tracking.turns import PoseTurns
from edgeact.skeleton import Skeleton
from edgeact.types import Detection, Float32


@dataclass(frozen=True, slots=True, eq=False)
class PoseRequest:
    """Where the tracker needs poses of the frame: boxes ``(N, 4)`` in frame pixels, N ≥ 1."""

    boxes: Float32


class Tracker:
    """Follows persons; one for each source.

    Args:
        config: ``max_persons``, ``lost_seconds`` and ``confirm_hits`` are used.
        skeleton: What the poses follow.
        detection_score: Detections under this score are no persons by themselves.
        joint_confidence: Joints under this are not sure.
    """

    def __init__(
        self, config: PipelineConfig, *, skeleton: Skeleton, detection_score: float, joint_confidence: float
    ) -> None:
        self._settings = TrackingSettings(
            max_persons=config.max_persons,
            lost_seconds=config.lost_seconds,
            confirm_hits=config.confirm_hits,
            detection_score=detection_score,
            joint_confidence=joint_confidence,
            sigmas=joint_sigmas(skeleton.joints),
        )
        self._newcomers = Newcomers(skeleton, detection_score=detection_score, joint_confidence=joint_confidence)
        self._tracks: list[TrackState] = []
        self._numbers = Numbers()
        self._started = False
        self._turns = PoseTurns()
        self._frame: Generator[Float32, PoseBatch, TrackStep] | None = None  # the frame that is being taken in

    @property
    def wants_detection(self) -> bool:
        """Whether detections in the next frame would help: a new person waits for confirmation, or one has just got out
        of sight.
        """
        return any(
            track.track_id is None or (track.row is None and track.missed == 0 and not track.waiting)
            for track in self._tracks
        )

    def reset(self) -> tuple[int, ...]:
        """Forget all tracks (a source started anew) and return the ids that were confirmed; ids go on counting."""
        lost = tuple(track.track_id for track in self._tracks if track.track_id is not None)
        self._tracks = []
        self._numbers.forget()
        self._started = False
        self._turns = PoseTurns()
        return lost

    def expect(
        self, time: float, detections: Sequence[Detection] | None, *, width: int, height: int
    ) -> PoseRequest | TrackStep:
        """Begin to take in a frame: say where poses are needed.

        Args:
            time: Of the frame, in seconds, later than the one before.
            detections: The detector's, or None where it did not run on this frame.
            width: Of the frame in pixels.
            height: Of the frame in pixels.

        Returns:
            The boxes whose poses `answer` is to be given; or, where no pose is needed, what the frame brought.
        """
        self._frame = self._take_in(time, detections, width=width, height=height)
        return self._advance(None)

    def answer(self, poses: PoseBatch) -> PoseRequest | TrackStep:
        """Go on with the poses that were asked for.

        Args:
            poses: One for each box of the last request, in its order.

        Returns:
            One more request, or what the frame brought.
        """
        return self._advance(poses)

    def _advance(self, poses: PoseBatch | None) -> PoseRequest | TrackStep:
        if self._frame is None:
            raise AssertionError("the tracker was answered before it was given a frame")
        try:
            # A generator that has just been made takes None, one that waits for poses takes these.
            boxes = next(self._frame) if poses is None else self._frame.send(poses)
        except StopIteration as finished:
            self._frame = None
            step: TrackStep = finished.value
            return step
        return PoseRequest(boxes)

    def _take_in(
        self, time: float, detections: Sequence[Detection] | None, *, width: int, height: int
    ) -> Generator[Float32, PoseBatch, TrackStep]:
        """Take in one frame; yields boxes ``(N, 4)`` and is sent their poses."""
        for track in self._tracks:
            track.motion.predict(time)
            track.row, track.continues = None, True
        settings, tracks = self._settings, self._tracks
        candidates = [] if detections is None else choose_candidates(tracks, detections, settings)
        poses = empty_batch(len(settings.sigmas))
        if candidates:
            poses = yield stack_boxes([detection.box for detection in candidates])
        sightings, unclaimed = match_detections(time, tracks, candidates, poses, settings)
        waiting, boxes = unseen_tracks(time, tracks, sightings, width=width, height=height)
        carried: list[Sighting] = []
        resting = self._turns.rest(waiting)
        if waiting:
            asked = [index for index, track in enumerate(waiting) if track not in resting]
            found = yield boxes[asked]
            carried = carry(
                tracks,
                [waiting[index] for index in asked],
                found,
                first=len(poses.features),
                joint_confidence=settings.joint_confidence,
            )
            poses = join_batches(poses, found)
        if resting:
            carried += [
                Sighting(track, track.motion.box, len(poses.features) + row) for row, track in enumerate(resting)
            ]
            poses = join_batches(poses, self._turns.remembered(resting))
        seen = without_duplicates(tracks, [*sightings, *carried], poses, sigmas=settings.sigmas)
        for sighting in seen:
            self._see(sighting, poses, time)
        self._turns.note([(sighting.track, sighting.row) for sighting in seen], poses, resting=resting)
        if detections is not None:
            note_support(time, tracks, stack_boxes([detection.box for detection in detections]))
            self._start(time, candidates, unclaimed, poses)
            self._started = True
        note_contacts(self._tracks, {sighting.track for sighting in seen if sighting.detection is not None})
        return self._finish(time, poses, width=width, height=height)

    def _see(self, sighting: Sighting, poses: PoseBatch, time: float) -> None:
        track, features = sighting.track, poses.features[sighting.row]
        if sighting.detection is not None and time - track.seen <= FRESH_SECONDS:
            fit = pose_fit(
                track.expected_features(), features, area=float(box_area(sighting.box)), sigmas=self._settings.sigmas
            )
            track.continues = not track.mixed or fit >= CONTINUED_FIT
        track.see(sighting.box, features, poses.colours[sighting.row], sighting.row, time)
        if sighting.detection is not None:
            track.note_detection(sighting.detection, threshold=self._settings.joint_confidence)

    def _start(self, time: float, candidates: list[Detection], unclaimed: list[int], poses: PoseBatch) -> None:
        """Begin a track for every detection that is nobody's and shows a person."""
        for row in unclaimed:
            features, detection = poses.features[row], candidates[row]
            if sum(1 for track in self._tracks if track.missed == 0) >= self._settings.max_persons:
                break
            if not self._newcomers.is_one(detection, features, self._tracks):
                continue
            track = TrackState(detection.box, time)
            track.see(detection.box, features, poses.colours[row], row, time)
            track.note_detection(detection, threshold=self._settings.joint_confidence)
            if not self._started:  # who is there when the source starts need not be waited for
                track.hits = UNSURE_FACTOR * self._settings.confirm_hits
            self._tracks.append(track)

    def _finish(self, time: float, poses: PoseBatch, *, width: int, height: int) -> TrackStep:
        """Drop who is lost, confirm who is there, and report."""
        lost = [track for track in self._tracks if _is_lost(track, time, patience=self._settings.lost_seconds)]
        self._tracks = [track for track in self._tracks if track not in lost]
        for track in lost:
            self._numbers.remember(track)
        persons: list[TrackedPerson] = []
        for track in self._tracks:
            # Next to others, parts of them are detected as persons now and then, so it takes longer to believe. So does
            # a track whose scores were all below the detection score.
            is_unsure = track.mixed or track.best_score < self._settings.detection_score
            needed = self._settings.confirm_hits * (UNSURE_FACTOR if is_unsure else 1)
            if track.track_id is None and track.hits >= needed:
                self._numbers.give(track, time)
            if track.track_id is not None and track.row is not None and len(persons) < self._settings.max_persons:
                box = track.box_around_joints(threshold=self._settings.joint_confidence)
                persons.append(
                    TrackedPerson(
                        track_id=track.track_id,
                        box=clip_box(box, width=width, height=height),
                        score=track.score,
                        features=track.features,
                        joints_3d=None if poses.joints_3d is None else poses.joints_3d[track.row],
                        joint_maps=None if poses.joint_maps is None else poses.joint_maps[track.row],
                        crop_box=poses.crop_boxes[track.row],
                        continues=track.continues,
                        more={name: values[track.row] for name, values in poses.more.items()},
                    )
                )
        return TrackStep(
            persons=tuple(persons), lost=tuple(track.track_id for track in lost if track.track_id is not None)
        )


def _is_lost(track: TrackState, time: float, *, patience: float) -> bool:
    """Whether a track ends; ``patience`` is how long a person may be out of sight, in seconds."""
    if track.ended or (track.track_id is None and track.missed >= MISSED_RUNS):
        return True
    if track.missed >= MISSED_RUNS and time - track.supported > UNSUPPORTED_FACTOR * patience:
        return True
    return time - track.seen > patience * (WAITING_FACTOR if track.waiting else 1.0)
