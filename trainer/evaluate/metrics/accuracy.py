"""How often the most probable action is the right one: of pictures, of clips, of frames and of whole videos."""

from collections.abc import Sequence

import numpy as np


def top1(probability: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples whose most probable action ``(N, A)`` is the right one ``(N,)``."""
    return float((probability.argmax(1) == labels).mean())


def confusion(probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many samples of each action (rows) were taken for each (columns): ``(A, A)`` int64."""
    actions = probability.shape[1]
    return np.bincount(labels * actions + probability.argmax(1), minlength=actions**2).reshape(actions, actions)


def video_probability(probability: np.ndarray, videos: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Multi-clip answers: the mean over the clips, or frames, of each video.

    Args:
        probability: ``(N, A)`` of clips.
        videos: The video of each.

    Returns:
        ``(V, A)``, and the videos in the order of their first clip.
    """
    names = list(dict.fromkeys(videos))
    rows = np.array([names.index(video) for video in videos])
    return np.stack([probability[rows == row].mean(0) for row in range(len(names))]), names


def video_accuracy(probability: np.ndarray, labels: np.ndarray, videos: Sequence[str]) -> float:
    """Share of videos whose mean answer is right; all clips of a video must have one label.

    Raises:
        ValueError: Clips of a video have several labels.
    """
    mean, names = video_probability(probability, videos)
    wanted = [{int(label) for label, video in zip(labels, videos, strict=True) if video == name} for name in names]
    if any(len(found) != 1 for found in wanted):
        raise ValueError("clips of one video have several labels; measure its frames instead")
    return top1(mean, np.array([found.pop() for found in wanted]))
