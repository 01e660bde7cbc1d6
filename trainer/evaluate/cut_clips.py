"""Cut held-out videos into the clips that a graph of clips of whole frames is given."""

from dataclasses import dataclass

import numpy as np

from edgeact.bundle.manifest import GraphSpec
from edgeact.capture.open import open_source
from edgeact.perception.pictures import picture_size, scene_picture
from trainer.data.labelled_samples import LabelledSample

_MOST_CLIPS = 10  # of one video, evenly over it


@dataclass(frozen=True, slots=True, eq=False)
class CutClips:
    """Clips of one video.

    Attributes:
        clips: Each ``(1, T, H, W, 3)`` uint8 RGB.
        frames: Of each clip the frames of the video that it is made of, ``(T,)`` from 0.
        times: ``(F,)`` seconds of all frames of the video.
        size: Width and height of the video in pixels.
    """

    clips: list[np.ndarray]
    frames: list[np.ndarray]
    times: np.ndarray
    size: tuple[int, int]

    def nearest(self) -> np.ndarray:
        """Which clip's middle is nearest to each frame: ``(F,)``."""
        middles = np.array([self.times[rows[[0, -1]]].mean() for rows in self.frames])
        return np.abs(self.times[:, None] - middles).argmin(1)


def cut_clips(sample: LabelledSample, spec: GraphSpec) -> CutClips:
    """Cut a video into clips at the graph's stride, half over each other; a short video ends in its last frame."""
    assert spec.clip is not None
    size = picture_size(spec.inputs[0])
    with open_source(sample.path) as source:
        seen = [(frame.time, scene_picture(frame.image, size)[0], frame.image.shape) for frame in source.frames()]
    times = np.array([moment for moment, _, _ in seen])
    clips, rows = [], []
    for start in clip_starts(times, spec.clip.length * spec.clip.stride_seconds):
        wanted = start + np.arange(spec.clip.length) * spec.clip.stride_seconds
        rows.append(np.clip(np.searchsorted(times, wanted + 1e-6) - 1, 0, len(seen) - 1))
        clips.append(np.stack([seen[row][1] for row in rows[-1]])[None])
    height, width = seen[0][2][:2]
    return CutClips(clips, rows, times, (width, height))


def clip_starts(times: np.ndarray, seconds: float) -> np.ndarray:
    """When clips of a video begin that are even over it and at least half over each other, but at most ten.

    Args:
        times: ``(F,)`` of its frames, in seconds.
        seconds: Length of a clip; a video that is shorter has one clip.
    """
    last = max(times[-1] - seconds, times[0])
    count = int(np.clip(np.ceil((last - times[0]) / (seconds / 2)) + 1, 1, _MOST_CLIPS))
    return np.linspace(times[0], last, count)
