"""The joints that decide, as soft discs of heat whose size goes with the person.

The pose network's own maps of joints are too sharp to be seen: drawn as they are, each is a spot of a few pixels, which
the skeleton covers.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Person

_RADIUS = 0.07  # of the longer side of the person's box, for the joint that counts most
_LEAST_SHARE = 0.6  # of that radius, for a joint that hardly counts
_LEAST_RADIUS = 5.0  # pixels: of small people a joint itself is drawn as a dot of one and a half
_FAINTEST = 0.3  # heat, under which hardly anything would be seen
# Discs on a head are smaller and fainter, so that a face stays visible where it decides, and where only the neck does.
_HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", "head_top", "upper_neck")
_HEAD_SIZE, _HEAD_HEAT = 0.5, 0.7


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc around ``(x, y)`` in pixels of the picture; its heat, 0..1, is that of its middle (see `disc_heat`)."""

    x: float
    y: float
    radius: float
    heat: float


def joint_discs(
    counts: Float32, person: Person, *, skeleton: Skeleton, threshold: float, scale: float
) -> tuple[Disc, ...]:
    """A disc for each joint that counts more than others and has a place, the hottest last.

    Args:
        counts: ``(J,)`` how much each joint counts for the decision, as `AttentionMap.joints` says it.
        person: Whose joints are meant.
        skeleton: What the pose follows.
        threshold: Joints under this confidence get none.
        scale: Of the picture: 1 draws bones of two pixels.
    """
    levels, is_head = joint_levels(counts), _is_head(skeleton)
    heats = np.sqrt(levels) * np.where(is_head, np.float32(_HEAD_HEAT), np.float32(1))
    largest = max(_RADIUS * float((person.box[2:] - person.box[:2]).max()), _LEAST_RADIUS * scale)
    discs = []
    has_place = (person.pose.confidence >= threshold) & np.isfinite(person.pose.joints).all(-1)
    for joint in np.flatnonzero((heats > _FAINTEST) & has_place).tolist():
        x, y = person.pose.joints[joint].tolist()
        radius = largest * (_LEAST_SHARE + (1 - _LEAST_SHARE) * float(levels[joint]))
        discs.append(Disc(x, y, radius * _HEAD_SIZE if is_head[joint] else radius, float(heats[joint])))
    return tuple(sorted(discs, key=lambda disc: disc.heat))


def disc_heat(distance: Float32) -> Float32:
    """The heat at distances from the middle of a disc, in radii, as a share of its middle's: even inside, 0 at the
    edge.
    """
    return np.asarray(np.maximum(1 - distance**4, 0), np.float32)


def joint_levels(counts: Float32) -> Float32:
    """How strongly each joint ``(J,)`` is shown, 0..1: by how much more than the mean of all it counts.

    The one that counts most has 1. Where all count alike none decides, and all have 0.
    """
    mean, most = float(counts.mean()), float(counts.max())
    if not most - mean > 1e-6:
        return np.zeros_like(counts)
    return np.asarray(np.clip((counts - mean) / (most - mean), 0, 1), np.float32)


@lru_cache(maxsize=8)
def _is_head(skeleton: Skeleton) -> npt.NDArray[np.bool_]:
    return np.array([name in _HEAD for name in skeleton.joints], np.bool_)
