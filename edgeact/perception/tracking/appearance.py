"""What a person wears, as two colours: enough to tell two people apart again after they hugged or crossed."""

import cv2
import numpy as np
import numpy.typing as npt

from edgeact.skeleton import Skeleton
from edgeact.types import Float32, UInt8

# Points on the trunk, as shares of the way from the right to the left side and from shoulders to hips; well inside,
# because an outline takes colour from what is behind it. And on the thighs, from hip to knee.
_TRUNK = tuple((across, down) for across in (0.3, 0.5, 0.7) for down in (0.2, 0.4, 0.6, 0.8))
_THIGH = (0.3, 0.5, 0.7)

# Colours of the same clothes differ about so much (in CIE Lab) as a person turns and moves through shadow; lightness
# most.
_DEVIATION = np.array([18.0, 8.0, 8.0])


class ClothingSampler:
    """Reads the colours of trunk and thighs out of a person's crop.

    Args:
        skeleton: What the joints follow; it must have shoulders, hips and knees.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        left, right, count = skeleton.index("left_hip"), skeleton.index("right_hip"), len(skeleton.joints)
        trunk = (skeleton.index("right_shoulder"), skeleton.index("left_shoulder"), right, left)
        rows = []
        for across, down in _TRUNK:
            row = np.zeros(count, np.float32)
            row[list(trunk)] = (1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down
            rows.append(row)
        for hip, knee in ((left, skeleton.index("left_knee")), (right, skeleton.index("right_knee"))):
            for down in _THIGH:
                row = np.zeros(count, np.float32)
                row[[hip, knee]] = 1 - down, down
                rows.append(row)
        self._weights = np.stack(rows)  # (points, J): each point is a mean of joints
        self._needed = self._weights > 0
        self._regions = (slice(0, len(_TRUNK)), slice(len(_TRUNK), len(rows)))

    def sample(self, crop: UInt8, joints: Float32, confidence: Float32, *, threshold: float) -> Float32:
        """Colours of one person.

        Args:
            crop: ``(H, W, 3)`` uint8 RGB.
            joints: ``(J, 2)`` x, y in pixels of the crop.
            confidence: ``(J,)``.
            threshold: A point is only read where all its joints reach this confidence.

        Returns:
            ``(2, 3)`` float32 CIE Lab of trunk and thighs; NaN where nothing could be read.
        """
        points = np.rint(self._weights @ joints).astype(int)  # (points, 2)
        height, width = crop.shape[:2]
        usable = (self._needed <= (confidence >= threshold)[None]).all(1)
        usable &= (points >= 0).all(1) & (points[:, 0] < width) & (points[:, 1] < height)
        colours = np.full((2, 3), np.nan, np.float32)
        for index, region in enumerate(self._regions):
            chosen = points[region][usable[region]]
            if len(chosen) >= 3:
                pixels = crop[chosen[:, 1], chosen[:, 0]][:, None].astype(np.float32) / 255.0
                # The median; NumPy's own takes ten times as long for so few values.
                ordered = np.sort(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[:, 0], axis=0)
                colours[index] = (ordered[(len(chosen) - 1) // 2] + ordered[len(chosen) // 2]) / 2
        return colours


def colour_similarity(first: Float32, second: Float32) -> Float32:
    """How alike the clothes ``(N, 2, 3)`` and ``(M, 2, 3)`` are: ``(N, M)`` 0..1, and NaN where they cannot be
    compared.
    """
    difference = ((first[:, None] - second[None]) / _DEVIATION) ** 2  # (N, M, 2, 3)
    distance = difference.sum(-1)
    known = np.isfinite(distance)
    count = known.sum(-1)
    total = np.where(known, distance, 0.0).sum(-1)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.asarray(np.exp(-mean / 4), np.float32)


def blend_colours(before: Float32, after: Float32, *, share: float) -> npt.NDArray[np.float32]:
    """Let remembered colours ``(2, 3)`` follow new ones; what one of them does not know is taken from the other."""
    blended = before + share * (after - before)
    return np.where(np.isfinite(blended), blended, np.where(np.isfinite(before), before, after)).astype(np.float32)
