"""Clips: the last seconds of one track, or of the scene, sampled by time.

What was seen in a frame is kept here (a pose, features, a small picture) and read again by the clip graphs, so that
each frame is computed once. Sampling goes by seconds, so that a clip means the same at any frame rate, and is one
function, so that a clip cut from a stream is the clip cut from the whole recording.
"""

from collections import deque
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from edgeact.bundle.manifest import ClipSpec
from edgeact.types import Float32, UInt8

Sample = TypeVar("Sample", Float32, UInt8)

# Samples closer together than this share of the clip's stride tell nothing new: of them only the newest is kept. It
# bounds the memory of a track whatever the frame rate; with the default stride of 1/15 s every frame counts up to 240
# frames a second.
CLOSEST_SHARE = 1 / 16
# Pictures are a hundred times as large as poses: at most two are kept for each moment of a clip.
CLOSEST_PICTURES_SHARE = 1 / 2

# A clip is worth classifying once the track is known for this share of it, half a second of two; what comes before its
# first sample is that sample, as in training (`trainer.data.action_windows`). Measured on tracks that start anywhere in
# a sequence: after half a second 37 % of Penn Action and 66 % of studio motions are called right and 5 and 0 % wrong
# (after one second 77, 94 and 3, 1 %), and of movements that are no action fewer are called one than later (NW-UCLA 4.5
# against 7.4 %). After a third of a second, wrong calls of studio motions grow to 2 %.
VALID_SHARE = 0.25


def sample_clip(times: npt.NDArray[np.float64], features: Sample, *, end: float, clip: ClipSpec) -> Sample:
    """The clip that ends at a time: for each of its moments the nearest sample, the earlier one of two that are as
    near.

    Args:
        times: ``(n,)`` seconds, increasing, at least one.
        features: ``(n, …)`` what was seen at these times: joint features ``(J, 3)`` of each, or a picture.
        end: Time of the clip's last moment.
        clip: How many moments, how far apart.

    Returns:
        ``(T, …)`` of the same type; moments before the first sample repeat it.
    """
    return features[nearest_samples(times, end=end, clip=clip)]


def nearest_samples(times: npt.NDArray[np.float64], *, end: float, clip: ClipSpec) -> npt.NDArray[np.intp]:
    """For each of a clip's moments ``(T,)`` the position of the nearest of the times; see `sample_clip`."""
    moments = end - clip.stride_seconds * np.arange(clip.length - 1, -1, -1)
    after = np.clip(np.searchsorted(times, moments), 1, max(len(times) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(times) - 1)
    return np.where(times[after] - moments < moments - times[before], after, before)


class ClipBuffer(Generic[Sample]):
    """Ring buffer of what was seen of one track or scene; it holds what the next clip can need and no more.

    Args:
        clip: Of the bundle.
        gap_seconds: A track that was not seen for longer starts anew.
        closest_share: Samples closer together than this share of the clip's stride tell nothing new.
    """

    def __init__(self, clip: ClipSpec, *, gap_seconds: float, closest_share: float = CLOSEST_SHARE) -> None:
        self._clip = clip
        self._gap = gap_seconds
        self._closest = closest_share * clip.stride_seconds
        self._samples: deque[tuple[float, Sample]] = deque()

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def known_share(self) -> float:
        """How much of a clip that ends at the last sample the track was known for, 0..1."""
        if not self._samples:
            return 0.0
        if self._clip.length == 1:
            return 1.0
        return min((self._samples[-1][0] - self._samples[0][0]) / self._clip.seconds, 1.0)

    def add(self, time: float, features: Sample) -> bool:
        """Append what was seen at a later time: features ``(J, 3)``, or a picture.

        Returns:
            Whether they go on from what came before: after a gap that is forgotten.

        Raises:
            ValueError: The time is not later than the last one.
        """
        if self._samples and time <= self._samples[-1][0]:
            raise ValueError(
                f"features of {time} s come after those of {self._samples[-1][0]} s; reset the buffer when a "
                "source starts anew"
            )
        continues = not self._samples or time - self._samples[-1][0] <= self._gap
        if not continues:
            self._samples.clear()
        if len(self._samples) >= 2 and self._samples[-1][0] - self._samples[-2][0] < self._closest:
            self._samples.pop()
        self._samples.append((time, features))
        # One sample at or before the clip's first moment is enough, since the moments only move on.
        while len(self._samples) >= 2 and self._samples[1][0] <= time - self._clip.seconds:
            self._samples.popleft()
        return continues

    def clip(self, *, least_share: float = VALID_SHARE) -> Sample | None:
        """The clip ``(T, …)`` that ends at the last sample, or None while the buffer spans less than this share of
        it.
        """
        if not self._samples or self.known_share < least_share:
            return None
        times = np.array([time for time, _ in self._samples])
        return sample_clip(
            times, np.stack([features for _, features in self._samples]), end=float(times[-1]), clip=self._clip
        )

    def reset(self) -> None:
        """Forget everything."""
        self._samples.clear()
