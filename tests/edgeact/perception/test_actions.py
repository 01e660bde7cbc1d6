"""Smoothing, hysteresis, minimum duration."""

import math

import numpy as np
import pytest

from edgeact.perception.actions import ActionRules, ActionState
from edgeact.types import ActionEvent, Float32

LABELS = ("walk", "jump", "other")


def rules(*, smoothing: float = 0.0, minimum: float = 0.4) -> ActionRules:
    return ActionRules(LABELS, "other", start_score=0.6, smoothing_seconds=smoothing, minimum_seconds=minimum)


def scores(walk: float, jump: float = 0.0) -> Float32:
    return np.array([walk, jump, 1 - walk - jump], np.float32)


def run(state: ActionState, values: list[Float32], *, step: float = 0.2) -> list[tuple[str | None, ActionEvent | None]]:
    found = []
    for index, value in enumerate(values):
        event = state.update(index * step, value)
        assert state.action is not None
        found.append((state.action.label, event))
    return found


def test_an_action_starts_high_and_ends_at_half_of_that() -> None:
    found = run(ActionState(7, rules()), [scores(s) for s in (0.55, 0.65, 0.45, 0.31, 0.29, 0.2)])
    assert [label for label, _ in found] == [None, "walk", "walk", "walk", None, None]
    (event,) = [event for _, event in found if event is not None]
    assert (event.track_id, event.label) == (7, "walk")
    assert event.start == pytest.approx(0.2)
    assert event.end == pytest.approx(0.8)
    assert event.peak_score == pytest.approx(0.65)


def test_flicker_around_the_threshold_is_one_event() -> None:
    found = run(ActionState(1, rules()), [scores(s) for s in (0.7, 0.5, 0.62, 0.4, 0.7, 0.5, 0.1)])
    assert sum(event is not None for _, event in found) == 1


def test_short_actions_are_no_events() -> None:
    found = run(ActionState(1, rules(minimum=0.5)), [scores(s) for s in (0.9, 0.9, 0.0, 0.0)])
    assert [label for label, _ in found][:2] == ["walk", "walk"]
    assert all(event is None for _, event in found)


def test_a_stronger_action_takes_over() -> None:
    found = run(ActionState(1, rules(minimum=0.0)), [scores(0.7), scores(0.35, 0.62)])
    assert found[1][0] == "jump"
    assert found[1][1] is not None
    assert found[1][1].label == "walk"


def test_other_is_never_in_force() -> None:
    assert [label for label, _ in run(ActionState(1, rules()), [scores(0.0)] * 5)] == [None] * 5


def test_raw_scores_are_kept_and_smoothed_ones_follow_by_seconds() -> None:
    state = ActionState(1, rules(smoothing=0.3))
    state.update(0.0, scores(0.0))
    state.update(0.3, scores(1.0))
    assert state.action is not None
    assert state.action.raw[0] == 1.0
    # One time constant later an exponential average has come 1 − 1/e of the way.
    assert state.action.smoothed[0] == pytest.approx(1 - math.exp(-1), abs=1e-6)
    assert state.action.smoothed.sum() == pytest.approx(1.0, abs=1e-6)


def test_closing_ends_the_action_once() -> None:
    state = ActionState(1, rules())
    run(state, [scores(0.9)] * 4)
    event = state.close()
    assert event is not None
    assert event.end == pytest.approx(0.6)
    assert state.close() is None
