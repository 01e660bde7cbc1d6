"""Clips: the last seconds of one track, sampled by time.

The pose graph has seen every frame once; what it found is kept here and read again by the clip graphs. Sampling goes by
seconds, so that a clip means the same at any frame rate, and is one function, so that a clip cut from a stream is the
clip cut from the whole recording.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from edgeact.bundle.manifest import ClipSpec
from edgeact.types import Float32

# Samples closer together than this share of the clip's stride tell nothing new: of them only the newest is kept. It
# bounds the memory of a track whatever the frame rate; with the default stride of 1/15 s every frame counts up to 240
# frames a second.
_CLOSEST_SHARE = 1 / 16

# A clip is worth classifying once the track is known for this share of it, half a second of two; what comes before its
# first sample is that sample, as in training (`trainer.data.action_windows`). Measured on tracks that start anywhere in
# a sequence: after half a second 37 % of Penn Action and 66 % of studio motions are called right and 5 and 0 % wrong
# (after one second 77, 94 and 3, 1 %), and of movements that are no action fewer are called one than later (NW-UCLA 4.5
# against 7.4 %). After a third of a second, wrong calls of studio motions grow to 2 %.
VALID_SHARE = 0.25


def sample_clip(times: npt.NDArray[np.float64], features: Float32, *, end: float, clip: ClipSpec) -> Float32:
    """The clip that ends at a time: for each of its moments the nearest sample, the earlier one of two that are as
    near.

    Args:
        times: ``(n,)`` seconds, increasing, at least one.
        features: ``(n, J, 3)`` joint features at these times.
        end: Time of the clip's last moment.
        clip: How many moments, how far apart.

    Returns:
        ``(T, J, 3)`` float32; moments before the first sample repeat it.
    """
    moments = end - clip.stride_seconds * np.arange(clip.length - 1, -1, -1)
    after = np.clip(np.searchsorted(times, moments), 1, max(len(times) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(times) - 1)
    nearest = np.where(times[after] - moments < moments - times[before], after, before)
    return np.asarray(features[nearest], np.float32)


class ClipBuffer:
    """Ring buffer of one track's features; it holds what the next clip can need and no more.

    Args:
        clip: Of the bundle.
        gap_seconds: A track that was not seen for longer starts anew.
    """

    def __init__(self, clip: ClipSpec, *, gap_seconds: float) -> None:
        self._clip = clip
        self._gap = gap_seconds
        self._samples: deque[tuple[float, Float32]] = deque()

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def known_share(self) -> float:
        """How much of a clip that ends at the last sample the track was known for, 0..1."""
        if not self._samples:
            return 0.0
        return min((self._samples[-1][0] - self._samples[0][0]) / self._clip.seconds, 1.0)

    def add(self, time: float, features: Float32) -> bool:
        """Append ``(J, 3)`` features of a later time.

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
        if (
            len(self._samples) >= 2
            and self._samples[-1][0] - self._samples[-2][0] < _CLOSEST_SHARE * self._clip.stride_seconds
        ):
            self._samples.pop()
        self._samples.append((time, features))
        # One sample at or before the clip's first moment is enough, since the moments only move on.
        while len(self._samples) >= 2 and self._samples[1][0] <= time - self._clip.seconds:
            self._samples.popleft()
        return continues

    def clip(self) -> Float32 | None:
        """The clip ``(T, J, 3)`` that ends at the last sample, or None while the buffer spans less than `VALID_SHARE`
        of it.
        """
        if not self._samples or self.known_share < VALID_SHARE:
            return None
        times = np.array([time for time, _ in self._samples])
        return sample_clip(
            times, np.stack([features for _, features in self._samples]), end=float(times[-1]), clip=self._clip
        )

    def reset(self) -> None:
        """Forget everything."""
        self._samples.clear()
