"""Whether clothes say that a pose or a detection is somebody else: where people cross, place and pose may deceive."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeact.geometry import box_iou
from edgeact.perception.tracking.appearance import colour_similarity
from edgeact.perception.tracking.limits import CONTACT_IOU, RIVAL_MARGIN, UNLIKE_CLOTHES
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32


def wears_anothers(tracks: Sequence[TrackState], boxes: Float32, colours: Float32) -> npt.NDArray[np.bool_]:
    """Whether what is seen in each box wears the clothes of another track that is there, rather than a track's own.

    Args:
        tracks: All N that are followed. Only the confirmed ones have clothes to lose.
        boxes: ``(M, 4)`` where somebody is seen.
        colours: ``(M, 2, 3)`` what is worn there, see `ClothingSampler`; NaN where unknown, which says nothing.

    Returns:
        ``(N, M)``: for each track and box whether it is somebody else by the clothes.
    """
    if not tracks or len(boxes) == 0:
        return np.zeros((len(tracks), len(boxes)), bool)
    worn = colour_similarity(np.stack([track.colours for track in tracks]), colours)
    there = box_iou(np.stack([track.motion.box for track in tracks]).astype(np.float32), boxes) >= CONTACT_IOU
    confirmed = np.array([track.track_id is not None for track in tracks])
    claims = np.where(there & confirmed[:, None], np.nan_to_num(worn), 0.0)
    rivals = np.zeros_like(claims)
    for row in range(len(tracks)):
        rivals[row] = np.delete(claims, row, axis=0).max(0, initial=0.0)
    # What is not known of the clothes says nothing.
    return np.isfinite(worn) & (rivals - np.nan_to_num(worn) > RIVAL_MARGIN)


def is_unlike(track: TrackState, colours: Float32) -> bool:
    """Whether clothes ``(2, 3)`` are too unlike a track's to be the same person's a moment later."""
    worn = float(colour_similarity(track.colours[None], colours[None])[0, 0])
    return worn < UNLIKE_CLOTHES  # NaN, unknown, is not
