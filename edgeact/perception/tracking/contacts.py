"""What tracks go through beside being seen: signs of them in detections, touching others, being hidden behind one."""

from collections.abc import Collection, Sequence

import numpy as np

from edgeact.geometry import box_iou
from edgeact.perception.tracking.association import COVERED_SHARE, covered_share
from edgeact.perception.tracking.limits import APART_IOU, CONTACT_IOU
from edgeact.perception.tracking.sighting import stack_boxes
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32


def note_support(time: float, tracks: Sequence[TrackState], boxes: Float32) -> None:
    """Remember of which tracks the detector saw a sign, if only as part of a larger box.

    Args:
        time: Of the frame, in seconds.
        tracks: All that are followed.
        boxes: ``(N, 4)`` all detections of the frame.
    """
    inside = covered_share(stack_boxes([track.motion.box for track in tracks]), boxes).max(1, initial=0.0)
    for track, share in zip(tracks, inside, strict=True):
        if track.hits and share >= COVERED_SHARE:
            track.supported, track.missed = time, 0
        else:
            track.missed += 1


def note_contacts(tracks: Sequence[TrackState], detected: Collection[TrackState]) -> None:
    """Remember who touches whom, and who is hidden behind whom.

    Args:
        tracks: All that are followed.
        detected: Those that a detection showed in this frame: only that shows that someone stands alone again.
    """
    boxes = stack_boxes([track.motion.box for track in tracks])
    known = np.array([track.track_id is not None for track in tracks], bool)
    overlap = box_iou(boxes, boxes) * known
    inside = covered_share(boxes, boxes) * (known & np.array([track.row is not None for track in tracks], bool))
    np.fill_diagonal(overlap, 0.0)
    np.fill_diagonal(inside, 0.0)
    for track, touching, covered in zip(tracks, overlap.max(1, initial=0.0), inside.max(1, initial=0.0), strict=True):
        track.waiting = track.row is None and bool(covered >= COVERED_SHARE)
        if track.waiting:
            # Its last movements, of a pose that was half hidden already, would carry it out of there, where nobody
            # waits for it.
            track.motion.rest()
        if touching >= CONTACT_IOU:
            track.mixed = True
        elif touching < APART_IOU and track in detected:
            track.mixed, track.established = False, True
