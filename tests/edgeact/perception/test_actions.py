"""Smoothing, hysteresis, minimum duration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_a_score_counts_for_as_long_as_the_shortest_event_lasts() -> None:
    found = run(ActionState(7, rules()), [scores(s) for s in (0.55, 0.65, 0.45, 0.31, 0.29, 0.2)])
    assert [label for label, _ in found] == [None, "walk", "walk", "walk", None, None]
    (event,) = [event for _, event in found if event is not None]
    assert (event.track_id, event.label) == (7, "walk")
    assert event.start == pytest.approx(0.2)
    assert event.end == pytest.approx(0.6)  # the last frame that showed it
    assert event.peak_score == pytest.approx(0.65)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40), st.integers(0, 2**31))
def test_what_is_shown_is_what_events_hold(values: list[tuple[float, float]], seed: int) -> None:
    """Whatever the scores: each frame with a label lies in one event of it, none without one lies in any, and the score
    that is shown reaches the threshold.
    """
    rng = np.random.default_rng(seed)
    state, shown, events = ActionState(1, rules(smoothing=0.3)), [], []
    time = 0.0
    for walk, jump in values:
        event = state.update(time, scores(walk, jump * (1 - walk)))
        for _ in range(int(rng.integers(1, 6))):  # frames until the next clip
            action = state.action
            assert action is not None
            if action.label is not None:
                assert action.score is not None
                assert action.score >= 0.6
                assert action.score == action.smoothed[LABELS.index(action.label)]
            state.note_seen(time)
            shown.append((time, action.label))
            time += 0.04
        events += [] if event is None else [event]
    last = state.close()
    in_force = last is not None
    events += [last] if in_force else []
    for seen, label in shown:
        assert [event.label for event in events if event.start <= seen <= event.end] == ([label] if label else [])
    assert all(event.end - event.start >= 0.4 - 1e-6 for event in (events[:-1] if in_force else events))


def test_flicker_around_the_threshold_is_one_event() -> None:
    found = run(ActionState(1, rules()), [scores(s) for s in (0.7, 0.5, 0.62, 0.4, 0.7, 0.5, 0.1, 0.1)])
    assert sum(event is not None for _, event in found) == 1


def test_an_action_that_came_into_force_becomes_an_event_however_soon_the_track_ends() -> None:
    """Without the event, the frames that showed the action would belong to no event."""
    state = ActionState(1, rules(minimum=0.5))
    state.update(0.0, scores(0.9))
    state.note_seen(0.1)
    event = state.close()
    assert event is not None
    assert (event.start, event.end) == (0.0, 0.1)


def test_a_stronger_action_takes_over_when_the_first_has_lasted() -> None:
    found = run(ActionState(1, rules()), [scores(0.7), *[scores(0.2, 0.7)] * 3])
    assert [label for label, _ in found] == ["walk", "walk", "jump", "jump"]
    (event,) = [event for _, event in found if event is not None]
    assert event.label == "walk"


def test_what_cannot_be_seen_is_other() -> None:
    state = ActionState(1, rules())
    state.update(0.0, scores(0.7, 0.2), possible=np.array([False, True, True]))
    assert state.action is not None
    assert state.action.label is None
    assert state.action.raw.tolist() == scores(0.7, 0.2).tolist()
    assert state.action.smoothed == pytest.approx([0, 0.2, 0.8])


def test_who_cannot_be_judged_any_more_does_nothing() -> None:
    state = ActionState(1, rules())
    state.update(0.0, scores(0.9))
    assert state.pause(0.2) is None
    ended = [state.pause(time) for time in (0.6, 0.8)]
    assert [event.label for event in ended if event is not None] == ["walk"]
    assert [label for label, _ in run(state, [scores(0.9)] * 2)] == ["walk", "walk"]  # it begins anew


def test_a_longer_history_outweighs_a_short_one() -> None:
    def after(known_share: float) -> float:
        state = ActionState(1, rules(smoothing=0.3))
        state.update(0.0, scores(0.0), known_share=known_share)
        state.update(0.2, scores(1.0), known_share=0.5)
        assert state.action is not None
        return float(state.action.smoothed[0])

    assert after(0.5) == pytest.approx(1 - math.exp(-2 / 3), abs=1e-6)
    assert after(0.25) == pytest.approx(1 - math.exp(-2 / 3) / 4, abs=1e-6)


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
