"""Clips read into memory, and batches of frames drawn from them in time."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from edgeact.capture.open import open_source
from edgeact.geometry import letterbox
from edgeact.skeleton import MPII_16
from trainer.data.appearance import shift_colours
from trainer.data.labelled_samples import LabelledSample
from trainer.data.spread import spread
from trainer.inputs.batch import MISSING, Batch

_KEPT_FRAMES = 48  # of a clip, evenly over it: what a clip of 16 is drawn from
_SHORTEST_PART = 2 / 3  # of a clip that is drawn


@dataclass(frozen=True, slots=True, eq=False)
class ReadClip:
    """The frames of a clip, read into memory.

    Attributes:
        frames: ``(T, size, size, 3)`` uint8 RGB, even over the clip.
        seconds: From the first frame to the last.
        filmed: How many frames the clip has as it was filmed.
    """

    frames: np.ndarray
    seconds: float
    filmed: int


def read_clips(samples: Sequence[LabelledSample], size: int, *, every: int | None = None) -> list[ReadClip]:
    """Read clips as square frames, evenly spaced over each clip.

    Args:
        samples: The clips.
        size: Side in pixels.
        every: One frame of so many is kept; None keeps at most `_KEPT_FRAMES`.
    """
    clips = []
    for sample in samples:
        with open_source(sample.path) as source:
            seen = [(frame.time, letterbox(frame.image, width=size, height=size)) for frame in source.frames()]
        kept = _KEPT_FRAMES if every is None else -(-len(seen) // every)
        chosen = [image for _, image in spread(seen, kept)]
        clips.append(ReadClip(np.stack(chosen), seen[-1][0] - seen[0][0], len(seen)))
    return clips


def clip_frames(count: int, frames: int) -> list[int]:
    """Return the frame numbers, from 0, that `read_clips` and `clip_batch` take of a clip for measuring.

    Args:
        count: Frames of the clip.
        frames: How many are drawn.
    """
    kept = spread(range(count), _KEPT_FRAMES)
    return [kept[row] for row in np.linspace(0, len(kept) - 1, frames).round().astype(int)]


def drawn_parts(filmed: int, frames: int, steps: tuple[int, int]) -> np.ndarray:
    """Return the share of a clip that each temporal sub-sampling factor covers (paper E, 4.2.3: "temporal subsampling
    by a factor from 3 to 10"); a clip that is too short for a factor is used whole.

    Args:
        filmed: Frames of the clip.
        frames: How many are drawn.
        steps: The smallest and the largest factor.

    Returns:
        ``(steps,)`` ratios of the clip's length, 0..1.
    """
    factors = np.arange(steps[0], steps[1] + 1)
    return np.minimum(factors * (frames - 1) / max(filmed - 1, 1), 1.0)


def clip_stride(clips: Sequence[ReadClip], frames: int, steps: tuple[int, int] | None = None) -> float:
    """Return the median time step in seconds between two frames that `clip_batch` draws, for a draw of mean length.

    Args:
        clips: The clips that are drawn from.
        frames: How many frames are drawn of a clip.
        steps: As for `drawn_parts`; None where at least two thirds of each clip are drawn.
    """
    whole = (1 + _SHORTEST_PART) / 2
    drawn = [
        clip.seconds * (whole if steps is None else float(drawn_parts(clip.filmed, frames, steps).mean()))
        for clip in clips
    ]
    return float(np.median(drawn)) / max(frames - 1, 1)


def clip_batch(
    clips: Sequence[np.ndarray],
    labels: Sequence[int],
    frames: int,
    rng: np.random.Generator | None,
    *,
    flip: bool,
    parts: Sequence[np.ndarray] | None = None,
    colour_shift: float = 0.0,
    zoom: float = 0.0,
) -> Batch:
    """Make a batch of clips: ``frames`` evenly spaced frames of each.

    Args:
        clips: ``(T, H, W, 3)`` uint8 RGB each.
        labels: Their actions.
        frames: Of a clip.
        rng: Draws which part of a clip is taken, and how it is changed; None takes all of it as it is.
        flip: Whether every other one is mirrored.
        parts: Of each clip the ratios of its length that may be drawn; None draws at least two thirds.
        colour_shift: As of `Augmentation`; one draw for all frames of a clip.
        zoom: The size changes by up to this ratio, and the place by up to half of it.
    """
    drawn = []
    for number, clip in enumerate(clips):
        first, last = 0.0, len(clip) - 1.0
        if rng is not None:
            length = last * float(rng.uniform(_SHORTEST_PART, 1) if parts is None else rng.choice(parts[number]))
            first = float(rng.uniform(0, last - length))
            last = first + length
        chosen = clip[np.linspace(first, last, frames).round().astype(int)]
        chosen = chosen[:, :, ::-1] if rng is not None and flip and rng.random() < 0.5 else chosen
        chosen = shift_colours(chosen, rng, colour_shift) if rng and colour_shift else chosen
        drawn.append(_zoomed(chosen, rng, zoom) if rng and zoom else chosen)
    count = len(drawn)
    return Batch(
        torch.from_numpy(np.ascontiguousarray(np.stack(drawn))),
        torch.tensor(list(labels)),
        torch.full((count, 4), torch.nan),
        torch.full((count, len(MPII_16.joints), 2), float(MISSING)),
    )


def _zoomed(frames: np.ndarray, rng: np.random.Generator, zoom: float) -> np.ndarray:
    """Apply one random zoom and shift to all frames ``(T, H, W, 3)``; border pixels are replicated."""
    height, width = frames.shape[1:3]
    scale = 1 + float(rng.uniform(-zoom, zoom))
    middle = np.array([width - 1, height - 1]) / 2
    shift = rng.uniform(-zoom / 2, zoom / 2, 2) * (width, height) + (1 - scale) * middle
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    changed = [
        cv2.warpAffine(np.ascontiguousarray(frame), matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        for frame in frames
    ]
    return np.stack(changed)
