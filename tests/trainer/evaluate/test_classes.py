"""Figures of a handful of answers, counted by hand."""

import numpy as np
import pytest

from trainer.evaluate.classes import ClipAnswer, class_rows, measure_classes

LABELS = ("kick", "wave", "other")


def answer(name: str, label: str, probability: tuple[float, ...], called: tuple[float, ...]) -> ClipAnswer:
    return ClipAnswer(name, name[0], label, np.array(probability), np.array(called))


def test_what_is_best_and_what_is_called_are_told_apart() -> None:
    report = measure_classes(
        [
            answer("a1", "kick", (0.9, 0.1, 0.0), (0.8, 0.0, 0.0)),
            answer("a2", "kick", (0.5, 0.4, 0.1), (0.0, 0.0, 0.0)),  # right, but never certain
            answer("b1", "kick", (0.2, 0.7, 0.1), (0.1, 0.5, 0.0)),
            answer("b2", "wave", (0.1, 0.3, 0.6), (0.0, 0.0, 0.0)),
            answer("b3", "other", (0.1, 0.1, 0.8), (0.0, 0.1, 0.0)),  # a false alarm
        ],
        LABELS,
    )
    assert report.accuracy == pytest.approx(3 / 5)
    assert report.sources == {"a": 1.0, "b": pytest.approx(1 / 3)}
    kick, wave, other = report.classes.values()
    assert (kick.clips, kick.best, kick.called, kick.wrong, kick.mistaken_for) == (3, 2, 1, 1, "wave")
    assert (wave.best, wave.called, wave.wrong, wave.mistaken_for) == (0, 0, 0, "other")
    assert (other.best, other.called, other.wrong) == (1, 0, 1)
    assert report.worst == ("b1: kick, taken for wave", "b2: wave, taken for other")
    assert class_rows(report)[1][0] == ("kick", "3", "67%", "33%", "33%", "wave")
