"""Accuracy of samples and of videos, counted by hand."""

import numpy as np
import pytest

from trainer.evaluate.metrics.accuracy import confusion, top1, video_accuracy, video_probability

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
