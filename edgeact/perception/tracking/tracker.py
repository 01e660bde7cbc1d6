"""Who is who from frame to frame.

On frames with detections, detections are assigned to tracks (`association`), first the sure ones, then the weak ones to
the tracks that are left, as ByteTrack does (Zhang et al., ECCV 2022, arXiv 2110.06864). On the frames between, and
where a detection is missing, a track is carried by its own pose: the pose network looks where the track is expected,
and what it finds moves the box. Gates keep a lost person from sticking to the background: a carried pose must be
confident and plausible, no two tracks may show the same person, and the detector must see a sign of each track now and
then. All limits are seconds or shares of the person's size, never frames or pixels.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeact.config import PipelineConfig
from edgeact.geometry import box_area, box_iou, clip_box, joint_sigmas
from edgeact.perception.pose import PoseBatch, empty_batch, join_batches
from edgeact.perception.tracking.appearance import colour_similarity
from edgeact.perception.tracking.association import (
    COVERED_SHARE,
    Expectation,
    assign,
    covered_share,
    find_duplicates,
    pose_fit,
    track_similarity,
    without_pairs,
)
from edgeact.perception.tracking.clothes import is_somebody_else, wears_anothers
from edgeact.perception.tracking.limits import (
    APART_IOU,
    CONTACT_IOU,
    CONTINUED_FIT,
    DUPLICATE_SIMILARITY,
    FRESH_SECONDS,
    INSIDE_SHARE,
    KEPT_SHARE,
    MAXIMUM_GROWTH,
    MERGED_WIDTH,
    MISSED_RUNS,
    NEAR_IOU,
    NEW_SIMILARITY,
    POSE_SHARE,
    SURE_SIMILARITY,
    TOUCHING_FACTOR,
    UNSUPPORTED_FACTOR,
    WAITING_FACTOR,
    WEAK_SIMILARITY,
)
from edgeact.perception.tracking.newcomers import Newcomers
from edgeact.perception.tracking.numbers import Numbers
from edgeact.perception.tracking.state import TrackState, mean_confidence
from edgeact.perception.tracking.step import TrackedPerson, TrackStep
from edgeact.perception.tracking.turns import PoseTurns
from edgeact.skeleton import Skeleton
from edgeact.types import Detection, Float32


@dataclass(frozen=True, slots=True, eq=False)
class PoseRequest:
    """Where the tracker needs poses of the frame: boxes ``(N, 4)`` in frame pixels, N ≥ 1."""

    boxes: Float32


@dataclass(frozen=True, slots=True, eq=False)
class _Sighting:
    """A track seems to be in a box of this frame, with the pose in this row; by a detection, or carried."""

    track: TrackState
    box: Float32
    row: int
    detection: Detection | None = None


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
        self._config = config
        self._detection_score, self._joint_confidence = detection_score, joint_confidence
        self._sigmas = joint_sigmas(skeleton.joints)
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
        candidates = [] if detections is None else self._candidates(detections)
        poses = empty_batch(len(self._sigmas))
        if candidates:
            poses = yield _stack([detection.box for detection in candidates])
        sightings, unclaimed = self._match(time, candidates, poses)
        waiting, boxes = self._unseen(time, sightings, width=width, height=height)
        carried: list[_Sighting] = []
        resting = self._turns.rest(waiting)
        if waiting:
            asked = [index for index, track in enumerate(waiting) if track not in resting]
            found = yield boxes[asked]
            carried = self._carry([waiting[index] for index in asked], found, first=len(poses.features))
            poses = join_batches(poses, found)
        if resting:
            carried += [
                _Sighting(track, track.motion.box, len(poses.features) + row) for row, track in enumerate(resting)
            ]
            poses = join_batches(poses, self._turns.remembered(resting))
        seen = self._without_duplicates([*sightings, *carried], poses)
        for sighting in seen:
            self._see(sighting, poses, time)
        self._turns.note([(sighting.track, sighting.row) for sighting in seen], poses, resting=resting)
        if detections is not None:
            self._note_support(time, _stack([detection.box for detection in detections]))
            self._start(time, candidates, unclaimed, poses)
            self._started = True
        self._note_contacts({sighting.track for sighting in seen if sighting.detection is not None})
        return self._finish(time, poses, width=width, height=height)

    # Detections

    def _candidates(self, detections: Sequence[Detection]) -> list[Detection]:
        """Detections that are worth a pose: all near a track, and as many sure others as there is room for."""
        ordered = without_pairs(sorted(detections, key=lambda detection: -detection.score))
        boxes = _stack([detection.box for detection in ordered])
        near = box_iou(boxes, _stack([track.motion.box for track in self._tracks])).max(1, initial=0.0) >= NEAR_IOU
        # A track that is out of sight may be any of the others, so it takes no room.
        room = self._config.max_persons - sum(1 for track in self._tracks if track.missed == 0)
        candidates = []
        for detection, is_near in zip(ordered, near, strict=True):
            if is_near:
                candidates.append(detection)
            elif room > 0 and detection.score >= self._detection_score:
                room -= 1
                candidates.append(detection)
        return candidates

    def _match(self, time: float, candidates: list[Detection], poses: PoseBatch) -> tuple[list[_Sighting], list[int]]:
        """Give candidates to tracks; also returns the sure ones that are nobody's."""
        sure = [row for row, detection in enumerate(candidates) if detection.score >= self._detection_score]
        weak = [row for row, detection in enumerate(candidates) if detection.score < self._detection_score]
        sightings, claimed = self._assign(time, self._tracks, candidates, sure, poses, threshold=SURE_SIMILARITY)
        matched = {sighting.track for sighting in sightings}
        left = [track for track in self._tracks if track not in matched]
        more, _ = self._assign(time, left, candidates, weak, poses, threshold=WEAK_SIMILARITY)
        return [*sightings, *more], [row for row in sure if row not in claimed]

    def _assign(
        self,
        time: float,
        tracks: list[TrackState],
        candidates: list[Detection],
        rows: list[int],
        poses: PoseBatch,
        *,
        threshold: float,
    ) -> tuple[list[_Sighting], set[int]]:
        """Give the candidates in some rows to tracks; also returns the rows that are taken."""
        if not rows or not tracks:
            return [], set()
        boxes, colours = _stack([candidates[row].box for row in rows]), poses.colours[rows]
        similarity = track_similarity(
            self._expectation(time, tracks), boxes, poses.features[rows], colours, sigmas=self._sigmas
        )
        others = wears_anothers(self._tracks, boxes, colours)[[self._tracks.index(track) for track in tracks]]
        similarity = np.where(others, 0.0, similarity).astype(np.float32)
        pairs = [(tracks[index], rows[column]) for index, column in assign(similarity, threshold=threshold)]
        alone = [
            track for track in tracks if track.track_id is not None and track not in {matched for matched, _ in pairs}
        ]
        sightings = [
            _Sighting(track, candidates[row].box, row, candidates[row])
            for track, row in pairs
            if not _holds_two(track, candidates[row].box, alone)
        ]
        return sightings, {row for _, row in pairs}

    def _expectation(self, time: float, tracks: list[TrackState]) -> Expectation:
        fresh = np.array([time - track.seen <= FRESH_SECONDS for track in tracks])
        growth = [
            min(track.motion.uncertainty(), MAXIMUM_GROWTH) if track.mixed or not is_fresh else 0.0
            for track, is_fresh in zip(tracks, fresh, strict=True)
        ]
        return Expectation(
            boxes=_stack([track.motion.box for track in tracks]),
            growth=np.array(growth, np.float32),
            poses=np.stack([track.expected_features() for track in tracks]),
            fresh=fresh,
            colours=np.stack([track.colours for track in tracks]),
            mixed=np.array([track.mixed for track in tracks]),
        )

    def _note_support(self, time: float, boxes: Float32) -> None:
        """Remember of which tracks the detector saw a sign, if only as part of a larger box."""
        inside = covered_share(_stack([track.motion.box for track in self._tracks]), boxes).max(1, initial=0.0)
        for track, share in zip(self._tracks, inside, strict=True):
            if track.hits and share >= COVERED_SHARE:
                track.supported, track.missed = time, 0
            else:
                track.missed += 1

    # Poses

    def _unseen(
        self, time: float, sightings: list[_Sighting], *, width: int, height: int
    ) -> tuple[list[TrackState], Float32]:
        """The tracks that no detection shows but that may be where they are expected; and their boxes ``(N, 4)``."""
        matched = {sighting.track for sighting in sightings}
        tracks = [
            track
            for track in self._tracks
            if track not in matched and (track.waiting or time - track.seen <= FRESH_SECONDS)
        ]
        boxes = _stack([track.motion.box for track in tracks])
        inside = box_area(clip_box(boxes, width=width, height=height)) >= INSIDE_SHARE * box_area(boxes)
        return [track for track, is_inside in zip(tracks, inside, strict=True) if is_inside], boxes[inside]

    def _carry(self, tracks: list[TrackState], found: PoseBatch, *, first: int) -> list[_Sighting]:
        """The tracks that a pose shows where they were expected; the poses follow ``first`` others of the frame."""
        carried = []
        for index, (track, features) in enumerate(zip(tracks, found.features, strict=True)):
            needed = POSE_SHARE * self._joint_confidence
            if track.missed:
                # Streets and curtains, once someone has left them, have .65 of the person's confidence; the person has
                # .9 of it and more.
                needed = max(needed, KEPT_SHARE * track.confidence)
            if mean_confidence(features) >= needed:
                box = track.carried_box(features, threshold=self._joint_confidence)
                if box is not None:
                    carried.append(_Sighting(track, box, first + index))
        rows, boxes = [self._tracks.index(one.track) for one in carried], _stack([one.box for one in carried])
        colours = found.colours[[one.row - first for one in carried]]
        jumped = is_somebody_else(self._tracks, rows, boxes, colours)
        return [sighting for sighting, is_jump in zip(carried, jumped, strict=True) if not is_jump]

    def _without_duplicates(self, sightings: list[_Sighting], poses: PoseBatch) -> list[_Sighting]:
        """Where two tracks show one person, only one of them.

        A track that was never seen alone is a second one of the same person, even if the detector gives both a box: it
        ends, and the elder takes its place. Of two that were, one is hidden by the other: it is not seen in this frame,
        and is lost unless it is found again in time.
        """
        found = dict(enumerate(sightings))
        boxes, features = (
            _stack([sighting.box for sighting in sightings]),
            poses.features[[sighting.row for sighting in sightings]],
        )
        for similarity, pair in find_duplicates(features, boxes, sigmas=self._sigmas, similarity=NEW_SIMILARITY):
            if not all(index in found for index in pair):
                continue
            elder, younger = sorted(pair, key=lambda index: self._tracks.index(found[index].track))
            if found[younger].track.established and (
                similarity < DUPLICATE_SIMILARITY or all(found[index].detection is not None for index in pair)
            ):
                continue  # two people who stand so close that the pose network takes one for the other
            if not found[younger].track.established:
                found[younger].track.ended = True
                if found[younger].detection is not None:
                    found[elder] = replace(found[younger], track=found[elder].track)
                del found[younger]
            else:
                del found[min(younger, elder, key=lambda index: self._fit(found[index], poses))]
        return list(found.values())

    def _fit(self, sighting: _Sighting, poses: PoseBatch) -> float:
        """How well a sighting continues its track: pose, clothes, and being detected, each up to 1."""
        track = sighting.track
        area = float(box_area(track.motion.box))
        fit = pose_fit(track.expected_features(), poses.features[sighting.row], area=area, sigmas=self._sigmas)
        clothes = float(colour_similarity(track.colours[None], poses.colours[sighting.row][None])[0, 0])
        return round(fit, 1) + (0.5 if np.isnan(clothes) else round(clothes, 1)) + (sighting.detection is not None)

    def _see(self, sighting: _Sighting, poses: PoseBatch, time: float) -> None:
        track, features = sighting.track, poses.features[sighting.row]
        if sighting.detection is not None and time - track.seen <= FRESH_SECONDS:
            fit = pose_fit(track.expected_features(), features, area=float(box_area(sighting.box)), sigmas=self._sigmas)
            track.continues = not track.mixed or fit >= CONTINUED_FIT
        track.see(sighting.box, features, poses.colours[sighting.row], sighting.row, time)
        if sighting.detection is not None:
            track.note_detection(sighting.detection, threshold=self._joint_confidence)

    def _note_contacts(self, detected: set[TrackState]) -> None:
        """Remember who touches whom, and who is hidden behind whom; only a detection shows that someone stands alone
        again.
        """
        tracks = self._tracks
        boxes = _stack([track.motion.box for track in tracks])
        known = np.array([track.track_id is not None for track in tracks], bool)
        overlap = box_iou(boxes, boxes) * known
        inside = covered_share(boxes, boxes) * (known & np.array([track.row is not None for track in tracks], bool))
        np.fill_diagonal(overlap, 0.0)
        np.fill_diagonal(inside, 0.0)
        for track, touching, covered in zip(
            tracks, overlap.max(1, initial=0.0), inside.max(1, initial=0.0), strict=True
        ):
            track.waiting = track.row is None and bool(covered >= COVERED_SHARE)
            if track.waiting:
                # Its last movements, of a pose that was half hidden already, would carry it out of there, where nobody
                # waits for it.
                track.motion.rest()
            if touching >= CONTACT_IOU:
                track.mixed = True
            elif touching < APART_IOU and track in detected:
                track.mixed, track.established = False, True

    # Life and death

    def _start(self, time: float, candidates: list[Detection], unclaimed: list[int], poses: PoseBatch) -> None:
        """Begin a track for every sure detection that is nobody's and shows a person."""
        for row in unclaimed:
            features, detection = poses.features[row], candidates[row]
            if sum(1 for track in self._tracks if track.missed == 0) >= self._config.max_persons:
                break
            if not self._newcomers.is_one(detection, features, self._tracks):
                continue
            track = TrackState(detection.box, time)
            track.see(detection.box, features, poses.colours[row], row, time)
            track.note_detection(detection, threshold=self._joint_confidence)
            if not self._started:  # who is there when the source starts need not be waited for
                track.hits = self._config.confirm_hits
            self._tracks.append(track)

    def _finish(self, time: float, poses: PoseBatch, *, width: int, height: int) -> TrackStep:
        """Drop who is lost, confirm who is there, and report."""
        lost = [track for track in self._tracks if self._is_lost(track, time)]
        self._tracks = [track for track in self._tracks if track not in lost]
        for track in lost:
            self._numbers.remember(track)
        persons: list[TrackedPerson] = []
        for track in self._tracks:
            # Next to others, parts of them are detected as persons now and then, so it takes longer to believe.
            needed = self._config.confirm_hits * (TOUCHING_FACTOR if track.mixed else 1)
            if track.track_id is None and track.hits >= needed:
                self._numbers.give(track, time)
            if track.track_id is not None and track.row is not None and len(persons) < self._config.max_persons:
                box = track.box_around_joints(threshold=self._joint_confidence)
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

    def _is_lost(self, track: TrackState, time: float) -> bool:
        patience = self._config.lost_seconds
        if track.ended or (track.track_id is None and track.missed >= MISSED_RUNS):
            return True
        if track.missed >= MISSED_RUNS and time - track.supported > UNSUPPORTED_FACTOR * patience:
            return True
        return time - track.seen > patience * (WAITING_FACTOR if track.waiting else 1.0)


def _holds_two(track: TrackState, box: Float32, others: list[TrackState]) -> bool:
    """Whether a detection is one box around two people who touch: then both are better carried by their poses."""
    expected = track.motion.box
    if box[2] - box[0] < MERGED_WIDTH * (expected[2] - expected[0]):
        return False
    inside = covered_share(_stack([other.motion.box for other in others]), box[None])
    return bool((inside >= COVERED_SHARE).any())


def _stack(boxes: Sequence[Float32]) -> Float32:
    return np.array(boxes, np.float32) if boxes else np.zeros((0, 4), np.float32)
