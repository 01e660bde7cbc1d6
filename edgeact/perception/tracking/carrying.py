"""Tracks that no detection shows: the pose network looks where each is expected, and what it finds moves the box."""

from collections.abc import Sequence

from edgeact.geometry import box_area, clip_box
from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.clothes import is_somebody_else
from edgeact.perception.tracking.limits import FRESH_SECONDS, INSIDE_SHARE, KEPT_SHARE, POSE_SHARE
from edgeact.perception.tracking.sighting import Sighting, stack_boxes
from edgeact.perception.tracking.state import TrackState, mean_confidence
from edgeact.types import Float32


def unseen_tracks(
    time: float, tracks: Sequence[TrackState], sightings: Sequence[Sighting], *, width: int, height: int
) -> tuple[list[TrackState], Float32]:
    """The tracks that no detection shows but that may be where they are expected.

    Args:
        time: Of the frame, in seconds.
        tracks: All that are followed.
        sightings: Those that detections show.
        width: Of the frame in pixels.
        height: Of the frame in pixels.

    Returns:
        The tracks, and their boxes ``(N, 4)``.
    """
    matched = {sighting.track for sighting in sightings}
    missing = [
        track for track in tracks if track not in matched and (track.waiting or time - track.seen <= FRESH_SECONDS)
    ]
    boxes = stack_boxes([track.motion.box for track in missing])
    inside = box_area(clip_box(boxes, width=width, height=height)) >= INSIDE_SHARE * box_area(boxes)
    return [track for track, is_inside in zip(missing, inside, strict=True) if is_inside], boxes[inside]


def carry(
    tracks: Sequence[TrackState],
    asked: Sequence[TrackState],
    found: PoseBatch,
    *,
    first: int,
    joint_confidence: float,
) -> list[Sighting]:
    """The tracks that a pose shows where they were expected.

    Args:
        tracks: All that are followed.
        asked: Those that were looked for.
        found: One pose for each of ``asked``.
        first: How many poses of the frame come before these.
        joint_confidence: Joints under this are not sure.
    """
    carried = []
    for index, (track, features) in enumerate(zip(asked, found.features, strict=True)):
        needed = POSE_SHARE * joint_confidence
        if track.missed:
            # Streets and curtains, once someone has left them, have .65 of the person's confidence; the person has
            # .9 of it and more.
            needed = max(needed, KEPT_SHARE * track.confidence)
        if mean_confidence(features) >= needed:
            box = track.carried_box(features, threshold=joint_confidence)
            if box is not None:
                carried.append(Sighting(track, box, first + index))
    rows, boxes = [tracks.index(one.track) for one in carried], stack_boxes([one.box for one in carried])
    colours = found.colours[[one.row - first for one in carried]]
    jumped = is_somebody_else(tracks, rows, boxes, colours)
    return [sighting for sighting, is_jump in zip(carried, jumped, strict=True) if not is_jump]
