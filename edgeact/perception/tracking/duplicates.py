"""Two tracks that show one person in a frame: which of them is right."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeact.geometry import box_area
from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.appearance import colour_similarity
from edgeact.perception.tracking.association import find_duplicates, pose_fit
from edgeact.perception.tracking.limits import DUPLICATE_SIMILARITY, NEW_SIMILARITY
from edgeact.perception.tracking.sighting import Sighting, stack_boxes
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32


def without_duplicates(
    tracks: Sequence[TrackState], sightings: Sequence[Sighting], poses: PoseBatch, *, sigmas: Float32
) -> list[Sighting]:
    """Where two tracks show one person, only one of them.

    A track that was never seen alone is a second one of the same person, even if the detector gives both a box: it
    ends, and the elder takes its place. Of two that were, one is hidden by the other: it is not seen in this frame,
    and is lost unless it is found again in time.

    Args:
        tracks: All that are followed, the elder ones first.
        sightings: Where they seem to be.
        poses: Of the frame.
        sigmas: ``(J,)`` how far each joint may be off.
    """
    found = dict(enumerate(sightings))
    boxes, features = (
        stack_boxes([sighting.box for sighting in sightings]),
        poses.features[[sighting.row for sighting in sightings]],
    )
    for similarity, pair in find_duplicates(features, boxes, sigmas=sigmas, similarity=NEW_SIMILARITY):
        if not all(index in found for index in pair):
            continue
        elder, younger = sorted(pair, key=lambda index: tracks.index(found[index].track))
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
            del found[min(younger, elder, key=lambda index: _fit(found[index], poses, sigmas))]
    return list(found.values())


def _fit(sighting: Sighting, poses: PoseBatch, sigmas: Float32) -> float:
    """How well a sighting continues its track: pose, clothes, and being detected, each up to 1."""
    track = sighting.track
    area = float(box_area(track.motion.box))
    fit = pose_fit(track.expected_features(), poses.features[sighting.row], area=area, sigmas=sigmas)
    clothes = float(colour_similarity(track.colours[None], poses.colours[sighting.row][None])[0, 0])
    return round(fit, 1) + (0.5 if np.isnan(clothes) else round(clothes, 1)) + (sighting.detection is not None)
