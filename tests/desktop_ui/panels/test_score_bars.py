import numpy as np

from desktop_ui.panels.score_bars import ScoreOrder
from edgeact.types import Reading

LABELS = ("walk", "run", "wave", "jump", "clap", "kick", "other")


def reading(*scores: float, label: str = "walk") -> Reading:
    values = np.array(scores, np.float32)
    return Reading("action", values, values, (label,), (float(max(scores)),))


def test_the_strongest_labels_are_shown_and_rows_stay_for_a_second() -> None:
    order = ScoreOrder()
    first = order.bars(LABELS, reading(0.6, 0.3, 0.05, 0.03, 0.02, 0.0, 0.0), 10.0)
    assert [bar.label for bar in first] == ["walk", "run", "wave", "jump", "clap"]
    swapped = reading(0.3, 0.6, 0.05, 0.03, 0.02, 0.0, 0.0, label="run")
    soon = order.bars(LABELS, swapped, 10.5)
    assert [bar.label for bar in soon] == ["walk", "run", "wave", "jump", "clap"]
    assert [bar.in_force for bar in soon[:2]] == [False, True]
    later = order.bars(LABELS, swapped, 11.1)
    assert [bar.label for bar in later][:2] == ["run", "walk"]


def test_what_is_in_force_is_shown_at_once() -> None:
    order = ScoreOrder()
    order.bars(LABELS, reading(0.6, 0.3, 0.05, 0.03, 0.02, 0.0, 0.0), 10.0)
    bars = order.bars(LABELS, reading(0.1, 0, 0, 0, 0, 0.9, 0.0, label="kick"), 10.1)
    assert (bars[0].label, bars[0].in_force) == ("kick", True)
    other = order.bars(("a", "b"), reading(0.1, 0.9, label="b"), 10.2)
    assert [bar.label for bar in other] == ["b", "a"]
