"""Accuracy of samples and of videos, counted by hand."""

import numpy as np
import pytest

from trainer.evaluate.metrics.accuracy import (
    confusion,
    single_clip_accuracy,
    top1,
    video_accuracy,
    video_probability,
)

PROBABILITY = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.6, 0.4]])
LABELS = np.array([0, 0, 1, 1])
VIDEOS = ["a", "a", "b", "b"]


def test_single_clips() -> None:
    assert top1(PROBABILITY, LABELS) == 0.5
    assert confusion(PROBABILITY, LABELS).tolist() == [[1, 1], [1, 1]]


def test_several_clips_of_a_video_answer_together() -> None:
    mean, names = video_probability(PROBABILITY, VIDEOS)
    assert names == ["a", "b"]
    assert mean == pytest.approx(np.array([[0.65, 0.35], [0.45, 0.55]]))
    assert video_accuracy(PROBABILITY, LABELS, VIDEOS) == 1.0
    with pytest.raises(ValueError, match="several labels"):
        video_accuracy(PROBABILITY, LABELS, ["a", "b", "b", "b"])


def test_the_clip_in_the_middle_stands_for_its_video() -> None:
    # Video a has three clips, of which the second is right; b has two, of which the second, wrong, counts.
    probability = np.array([[0.2, 0.8], [0.9, 0.1], [0.3, 0.7], [0.1, 0.9], [0.6, 0.4]])
    labels, videos = np.array([0, 0, 0, 1, 1]), ["a", "a", "a", "b", "b"]
    assert single_clip_accuracy(probability, labels, videos) == 0.5
    assert top1(probability, labels) == 0.4  # frame-wise: the second and the fourth of five
    # Video-wise: a's mean is (.467, .533), wrong; b's (.35, .65), right.
    assert video_accuracy(probability, labels, videos) == 0.5


def test_no_answer_is_wrong_and_taken_for_nothing() -> None:
    probability, labels = np.array([[0.0, 0.0], [0.7, 0.3]]), np.array([0, 0])
    assert top1(probability, labels) == 0.5
    assert confusion(probability, labels).tolist() == [[1, 0], [0, 0]]
