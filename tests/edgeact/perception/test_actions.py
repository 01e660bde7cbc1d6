"""Smoothing, hysteresis, minimum duration."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.perception.actions import ActionRules, ActionState, EventLog
from edgeact.types import Event, Float32

LABELS = ("walk", "jump", "other")


def rules(*, smoothing: float = 0.0, minimum: float = 0.4) -> ActionRules:
    return ActionRules("action", LABELS, "other", start_score=0.6, smoothing_seconds=smoothing, minimum_seconds=minimum)


def new_state(rules: ActionRules, *, track_id: int | None = 1) -> ActionState:
    return ActionState(rules, EventLog("clip.mp4"), track_id=track_id)


def ended(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.phase == "end"]


def scores(walk: float, jump: float = 0.0) -> Float32:
    return np.array([walk, jump, 1 - walk - jump], np.float32)


def label_of(state: ActionState) -> str | None:
    assert state.reading is not None
    return state.reading.labels[0] if state.reading.labels else None


def run(state: ActionState, values: list[Float32], *, step: float = 0.2) -> tuple[list[str | None], list[Event]]:
    """The label in force after each clip, and the events that ended."""
    labels: list[str | None] = []
    events: list[Event] = []
    for index, value in enumerate(values):
        events += state.update(index * step, value)
        labels.append(label_of(state))
    return labels, ended(events)


def test_a_score_counts_for_as_long_as_the_shortest_event_lasts() -> None:
    labels, events = run(new_state(rules(), track_id=7), [scores(s) for s in (0.55, 0.65, 0.45, 0.31, 0.29, 0.2)])
    assert labels == [None, "walk", "walk", "walk", None, None]
    (event,) = events
    assert (event.subject, event.track_id, event.label, event.source) == ("track", 7, "walk", "clip.mp4")
    assert event.start == pytest.approx(0.2)
    assert event.end == pytest.approx(0.6)  # the last frame that showed it
    assert event.score == pytest.approx(0.65)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40), st.integers(0, 2**31))
def test_what_is_shown_is_what_events_hold(values: list[tuple[float, float]], seed: int) -> None:
    """Whatever the scores: each frame with a label lies in one event of it, none without one lies in any, and the score
    that is shown reaches the threshold.
    """
    rng = np.random.default_rng(seed)
    state, shown = new_state(rules(smoothing=0.3)), []
    events: list[Event] = []
    time = 0.0
    for walk, jump in values:
        events += ended(state.update(time, scores(walk, jump * (1 - walk))))
        for _ in range(int(rng.integers(1, 6))):  # frames until the next clip
            assert state.reading is not None
            for label, score in zip(state.reading.labels, state.reading.scores, strict=True):
                assert score >= 0.6
                assert score == state.reading.smoothed[LABELS.index(label)]
            state.note_seen(time)
            shown.append((time, label_of(state)))
            time += 0.04
    last = state.close()
    in_force = bool(last)
    events += last
    for seen, label in shown:
        held = [event.label for event in events if event.start <= seen <= (event.end or 0.0)]
        assert held == ([label] if label else [])
    # An event ends with the last frame that showed it, the one before the frame at which it had lasted long enough.
    shortest = 0.4 - 0.04
    assert all((event.end or 0.0) - event.start >= shortest - 1e-6 for event in (events[:-1] if in_force else events))


def test_flicker_around_the_threshold_is_one_event() -> None:
    _, events = run(new_state(rules()), [scores(s) for s in (0.7, 0.5, 0.62, 0.4, 0.7, 0.5, 0.1, 0.1)])
    assert len(events) == 1


def test_an_action_that_came_into_force_becomes_an_event_however_soon_the_track_ends() -> None:
    """Without the event, the frames that showed the action would belong to no event."""
    state = new_state(rules(minimum=0.5))
    state.update(0.0, scores(0.9))
    state.note_seen(0.1)
    (event,) = state.close()
    assert (event.start, event.end) == (0.0, 0.1)


def test_a_stronger_action_takes_over_when_the_first_has_lasted() -> None:
    labels, events = run(new_state(rules()), [scores(0.7), *[scores(0.2, 0.7)] * 3])
    assert labels == ["walk", "walk", "jump", "jump"]
    (event,) = events
    assert event.label == "walk"


def test_what_cannot_be_seen_is_other() -> None:
    state = new_state(rules())
    state.update(0.0, scores(0.7, 0.2), possible=np.array([False, True, True]))
    assert state.reading is not None
    assert state.reading.labels == ()
    assert state.reading.raw.tolist() == scores(0.7, 0.2).tolist()
    assert state.reading.smoothed == pytest.approx([0, 0.2, 0.8])


def test_who_cannot_be_judged_any_more_does_nothing() -> None:
    state = new_state(rules())
    state.update(0.0, scores(0.9))
    assert state.pause(0.2) == ()
    events = [*state.pause(0.6), *state.pause(0.8)]
    assert [(event.phase, event.label) for event in events] == [("end", "walk")]
    assert run(state, [scores(0.9)] * 2)[0] == ["walk", "walk"]  # it begins anew


def test_a_longer_history_outweighs_a_short_one() -> None:
    def after(known_share: float) -> float:
        state = new_state(rules(smoothing=0.3))
        state.update(0.0, scores(0.0), known_share=known_share)
        state.update(0.2, scores(1.0), known_share=0.5)
        assert state.reading is not None
        return float(state.reading.smoothed[0])

    assert after(0.5) == pytest.approx(1 - math.exp(-2 / 3), abs=1e-6)
    assert after(0.25) == pytest.approx(1 - math.exp(-2 / 3) / 4, abs=1e-6)


def test_other_is_never_in_force() -> None:
    assert run(new_state(rules()), [scores(0.0)] * 5)[0] == [None] * 5


def test_raw_scores_are_kept_and_smoothed_ones_follow_by_seconds() -> None:
    state = new_state(rules(smoothing=0.3))
    state.update(0.0, scores(0.0))
    state.update(0.3, scores(1.0))
    assert state.reading is not None
    assert state.reading.raw[0] == 1.0
    # One time constant later an exponential average has come 1 − 1/e of the way.
    assert state.reading.smoothed[0] == pytest.approx(1 - math.exp(-1), abs=1e-6)
    assert state.reading.smoothed.sum() == pytest.approx(1.0, abs=1e-6)


def test_closing_ends_the_action_once() -> None:
    state = new_state(rules())
    run(state, [scores(0.9)] * 4)
    (event,) = state.close()
    assert event.end == pytest.approx(0.6)
    assert state.close() == ()


def test_an_event_is_told_when_it_begins_every_second_and_when_it_ends() -> None:
    state = new_state(rules(), track_id=None)
    events: list[Event] = []
    for step in range(12):
        events += state.update(0.2 * step, scores(0.9 if step == 3 else 0.8))
    state.note_seen(2.3)
    events += state.close()
    assert [(event.phase, event.end) for event in events] == [
        ("new", None), ("update", None), ("update", None), ("end", 2.3),
    ]  # fmt: skip
    assert {(event.id, event.subject, event.track_id, event.start) for event in events} == {(1, "scene", None, 0.0)}
    assert [event.score for event in events] == pytest.approx([0.8, 0.9, 0.9, 0.9])


def test_events_of_a_source_have_numbers_and_epochs_of_their_own() -> None:
    log = EventLog("clip.mp4")
    first, second = (ActionState(rules(), log, track_id=track) for track in (1, 2))
    (one,) = first.update(0.0, scores(0.9))
    log.epoch = 1
    (two,) = second.update(0.0, scores(0.9))
    assert (one.id, two.id) == (1, 2)
    (end,) = first.close()
    assert (one.epoch, two.epoch, end.epoch, end.id) == (0, 1, 0, 1)
