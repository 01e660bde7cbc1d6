"""Which detection shows which track, as ByteTrack does it (Zhang et al., ECCV 2022, arXiv 2110.06864)."""

from collections.abc import Sequence

import numpy as np

from edgeact.geometry import box_iou
from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.association import (
    COVERED_SHARE,
    Expectation,
    assign,
    covered_share,
    track_similarity,
    without_pairs,
)
from edgeact.perception.tracking.clothes import wears_anothers
from edgeact.perception.tracking.limits import (
    FAINT_SHARE,
    FRESH_SECONDS,
    MAXIMUM_GROWTH,
    MERGED_WIDTH,
    NEAR_IOU,
    SURE_SIMILARITY,
    WEAK_SIMILARITY,
)
from edgeact.perception.tracking.settings import TrackingSettings
from edgeact.perception.tracking.sighting import Sighting, stack_boxes
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Detection, Float32


def choose_candidates(
    tracks: Sequence[TrackState], detections: Sequence[Detection], settings: TrackingSettings
) -> list[Detection]:
    """Select the detections whose pose is estimated: all near a track, and the highest-scoring others while there is
    room, down to `FAINT_SHARE` of the detection score.

    Args:
        tracks: All that are followed.
        detections: Of the frame.
        settings: ``max_persons`` and ``detection_score`` are used.
    """
    ordered = without_pairs(sorted(detections, key=lambda detection: -detection.score))
    near = _near_tracks(ordered, tracks)
    # A track that is out of sight may be any of the others, so it takes no room.
    room = settings.max_persons - sum(1 for track in tracks if track.missed == 0)
    candidates = []
    for detection, is_near in zip(ordered, near, strict=True):
        if is_near:
            candidates.append(detection)
        elif room > 0 and detection.score >= FAINT_SHARE * settings.detection_score:
            room -= 1
            candidates.append(detection)
    return candidates


def match_detections(
    time: float,
    tracks: Sequence[TrackState],
    candidates: Sequence[Detection],
    poses: PoseBatch,
    settings: TrackingSettings,
) -> tuple[list[Sighting], list[int]]:
    """Give detections to tracks: first the sure ones, then the weak ones to the tracks that are left.

    Args:
        time: Of the frame, in seconds.
        tracks: All that are followed.
        candidates: As `choose_candidates` gives them.
        poses: One for each candidate, in their order.
        settings: ``detection_score`` and ``sigmas`` are used.

    Returns:
        The sightings; and the rows of candidates without a track, which may be new people. Weak candidates near a track
        are left out: they may be parts of its person.
    """
    sure = [row for row, detection in enumerate(candidates) if detection.score >= settings.detection_score]
    weak = [row for row, detection in enumerate(candidates) if detection.score < settings.detection_score]
    sightings, claimed = _assign(
        time, tracks, tracks, candidates, sure, poses, settings.sigmas, threshold=SURE_SIMILARITY
    )
    matched = {sighting.track for sighting in sightings}
    left = [track for track in tracks if track not in matched]
    more, _ = _assign(time, tracks, left, candidates, weak, poses, settings.sigmas, threshold=WEAK_SIMILARITY)
    near = _near_tracks([candidates[row] for row in weak], tracks)
    faint = [row for row, is_near in zip(weak, near, strict=True) if not is_near]
    return [*sightings, *more], [row for row in (*sure, *faint) if row not in claimed]


def _near_tracks(detections: Sequence[Detection], tracks: Sequence[TrackState]) -> np.ndarray:
    """Whether each detection's IoU with the expected box of any track reaches `NEAR_IOU`: (N,) bool."""
    boxes, expected = (stack_boxes(rows) for rows in ([d.box for d in detections], [t.motion.box for t in tracks]))
    return np.asarray(box_iou(boxes, expected).max(1, initial=0.0) >= NEAR_IOU)


def _assign(
    time: float,
    everybody: Sequence[TrackState],
    tracks: Sequence[TrackState],
    candidates: Sequence[Detection],
    rows: list[int],
    poses: PoseBatch,
    sigmas: Float32,
    *,
    threshold: float,
) -> tuple[list[Sighting], set[int]]:
    """Give the candidates in some rows to some tracks; also returns the rows that are taken."""
    if not rows or not tracks:
        return [], set()
    boxes, colours = stack_boxes([candidates[row].box for row in rows]), poses.colours[rows]
    similarity = track_similarity(_expectation(time, tracks), boxes, poses.features[rows], colours, sigmas=sigmas)
    others = wears_anothers(everybody, boxes, colours)[[everybody.index(track) for track in tracks]]
    similarity = np.where(others, 0.0, similarity).astype(np.float32)
    pairs = [(tracks[index], rows[column]) for index, column in assign(similarity, threshold=threshold)]
    alone = [track for track in tracks if track.track_id is not None and track not in {matched for matched, _ in pairs}]
    sightings = [
        Sighting(track, candidates[row].box, row, candidates[row])
        for track, row in pairs
        if not _holds_two(track, candidates[row].box, alone)
    ]
    return sightings, {row for _, row in pairs}


def _expectation(time: float, tracks: Sequence[TrackState]) -> Expectation:
    """Where tracks should be and what they should look like."""
    fresh = np.array([time - track.seen <= FRESH_SECONDS for track in tracks])
    growth = [
        min(track.motion.uncertainty(), MAXIMUM_GROWTH) if track.mixed or not is_fresh else 0.0
        for track, is_fresh in zip(tracks, fresh, strict=True)
    ]
    return Expectation(
        boxes=stack_boxes([track.motion.box for track in tracks]),
        growth=np.array(growth, np.float32),
        poses=np.stack([track.expected_features() for track in tracks]),
        fresh=fresh,
        colours=np.stack([track.colours for track in tracks]),
        mixed=np.array([track.mixed for track in tracks]),
    )


def _holds_two(track: TrackState, box: Float32, others: list[TrackState]) -> bool:
    """Whether a detection is one box around two people who touch: then both are better carried by their poses."""
    expected = track.motion.box
    if box[2] - box[0] < MERGED_WIDTH * (expected[2] - expected[0]):
        return False
    inside = covered_share(stack_boxes([other.motion.box for other in others]), box[None])
    return bool((inside >= COVERED_SHARE).any())
