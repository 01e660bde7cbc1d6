"""How often the most probable action is the right one: of pictures, of clips, of frames and of whole videos."""

from collections.abc import Hashable, Sequence

import numpy as np


def top1(probability: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples whose most probable action ``(N, A)`` is the right one ``(N,)``; no answer (all 0) is wrong.

    Of frames this is the frame-wise accuracy.
    """
    return float(((probability.argmax(1) == labels) & (probability.max(1) > 0)).mean())


def confusion(probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many samples of each action (rows) were taken for each (columns): ``(A, A)`` int64; no answer (all 0) counts
    nowhere.
    """
    actions, said = probability.shape[1], probability.max(1) > 0
    pairs = labels[said] * actions + probability[said].argmax(1)
    return np.bincount(pairs, minlength=actions**2).reshape(actions, actions)


def single_clip_accuracy(probability: np.ndarray, labels: np.ndarray, videos: Sequence[Hashable]) -> float:
    """Share of videos whose clip in the middle is right (paper E, section 4.1.1); of an even number, the later of the
    two in the middle.

    Args:
        probability: ``(N, A)`` of clips, those of a video in the order of time.
        labels: ``(N,)``.
        videos: The video of each.
    """
    rows: dict[Hashable, list[int]] = {}
    for row, video in enumerate(videos):
        rows.setdefault(video, []).append(row)
    middle = [found[len(found) // 2] for found in rows.values()]
    return top1(probability[middle], labels[middle])


def video_probability(probability: np.ndarray, videos: Sequence[Hashable]) -> tuple[np.ndarray, list[Hashable]]:
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


def video_accuracy(probability: np.ndarray, labels: np.ndarray, videos: Sequence[Hashable]) -> float:
    """Share of videos whose mean answer is right: of clips the multi-clip accuracy (paper E, section 4.1.1), of frames
    the video-wise one. All clips of a video must have one label.

    Raises:
        ValueError: Clips of a video have several labels.
    """
    mean, names = video_probability(probability, videos)
    wanted = [{int(label) for label, video in zip(labels, videos, strict=True) if video == name} for name in names]
    if any(len(found) != 1 for found in wanted):
        raise ValueError("clips of one video have several labels; measure its frames instead")
    return top1(mean, np.array([found.pop() for found in wanted]))
