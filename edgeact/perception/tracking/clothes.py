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
    found = np.zeros((len(tracks), len(boxes)), bool)
    claimed = _confirmed_there(tracks, boxes)
    if not claimed.any():
        return found
    worn = _worn(tracks, colours)
    for row in range(len(tracks)):
        others = claimed.copy()
        others[row] = False
        found[row] = _is_rivalled(worn[row], worn, others)
    return found


def is_somebody_else(tracks: Sequence[TrackState], rows: Sequence[int], boxes: Float32, colours: Float32) -> list[bool]:
    """Whether the clothes show that poses which seemed to carry tracks on are other people's.

    Args:
        tracks: All that are followed.
        rows: Of M of them the place in ``tracks``.
        boxes: ``(M, 4)`` where each of the M was found.
        colours: ``(M, 2, 3)`` what is worn there.

    Returns:
        For each of the M whether what was found there wears another track's clothes, or clothes too unlike its own to
        be the same person's a moment later. What is not known of the clothes says nothing.
    """
    if not rows:
        return []
    worn, columns = _worn(tracks, colours), list(range(len(rows)))
    own = worn[rows, columns]
    is_else = own < UNLIKE_CLOTHES  # NaN, unknown, is not
    others = _confirmed_there(tracks, boxes)
    others[rows, columns] = False
    if others.any():  # most people touch nobody, so nobody can be taken for them
        is_else |= _is_rivalled(own, worn, others)
    return [bool(one) for one in is_else]


def _worn(tracks: Sequence[TrackState], colours: Float32) -> Float32:
    """How alike what N tracks wear is to colours ``(M, 2, 3)``: ``(N, M)`` 0..1, NaN where unknown."""
    return colour_similarity(np.stack([track.colours for track in tracks]), colours)


def _confirmed_there(tracks: Sequence[TrackState], boxes: Float32) -> npt.NDArray[np.bool_]:
    """``(N, M)``: whether each of N tracks is confirmed and expected where each box ``(M, 4)`` is."""
    if not tracks or len(boxes) == 0:
        return np.zeros((len(tracks), len(boxes)), bool)
    confirmed = np.array([track.track_id is not None for track in tracks])
    there = box_iou(np.stack([track.motion.box for track in tracks]), boxes) >= CONTACT_IOU
    return np.asarray(there & confirmed[:, None], bool)


def _is_rivalled(own: Float32, worn: Float32, others: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """For M boxes whether the clothes there are clearly more like those of another track than like a track's own.

    Args:
        own: ``(M,)`` how like that track's own.
        worn: ``(N, M)`` how like each track's.
        others: ``(N, M)`` which tracks may have a claim.
    """
    rivals = np.where(others & np.isfinite(worn), worn, 0.0).max(0)
    return np.asarray(np.isfinite(own) & (rivals - own > RIVAL_MARGIN), bool)
