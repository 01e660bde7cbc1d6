import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.rules.spell import Spell, advance


def told(holding: list[tuple[float, bool]], *, at_least: float, gap: float) -> list[tuple[str, float, float]]:
    """The phases that are told, with when and the time that it is about."""
    spell: Spell | None = None
    phases = []
    for time, holds in holding:
        before = spell
        spell, phase = advance(spell, holds=holds, time=time, at_least=at_least, gap=gap)
        if phase == "end" and before is not None:
            phases.append((phase, time, before.last))
        elif phase == "new" and spell is not None:
            phases.append((phase, time, spell.since))
    return phases


def test_it_is_told_after_its_time_and_ends_with_the_last_frame_that_showed_it() -> None:
    frames = [(index / 10, 5 <= index < 30) for index in range(60)]
    assert told(frames, at_least=1.0, gap=0.5) == [("new", 1.5, 0.5), ("end", 3.5, 2.9)]


def test_a_short_gap_is_no_end_and_a_long_one_begins_anew() -> None:
    short = [(index / 10, not 10 <= index < 14) for index in range(40)]
    assert [phase for phase, _, _ in told(short, at_least=1.0, gap=0.5)] == ["new"]
    long = [(index / 10, not 8 <= index < 20) for index in range(40)]
    assert told(long, at_least=1.0, gap=0.5) == [("new", 3.0, 2.0)]


def test_frames_that_do_not_come_show_nothing() -> None:
    assert told([(0.0, True), (10.0, True), (20.0, False)], at_least=1.0, gap=2.0) == [
        ("new", 10.0, 0.0),
        ("end", 20.0, 10.0),
    ]


def test_what_may_not_begin_is_told_later_with_its_true_beginning() -> None:
    spell, phase = advance(None, holds=True, time=0.0, at_least=0.0, gap=1.0, may_begin=False)
    assert phase is None
    spell, phase = advance(spell, holds=True, time=0.5, at_least=0.0, gap=1.0)
    assert (phase, spell and spell.since) == ("new", 0.0)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=60),
    st.integers(1, 40),
    st.integers(0, 20),
)
def test_it_is_told_exactly_for_the_runs_that_last_long_enough(
    steps: list[tuple[int, bool]], at_least: int, gap: int
) -> None:
    """Against the definition: times at which it holds are a run as long as no frame in between shows, later than the
    gap after it held last, that it does not.
    """
    frames, now = [], 0
    for step, holds in steps:
        now += step
        frames.append((now, holds))
    runs: list[list[int]] = []
    is_over = True
    for time, holds in frames:
        if holds and is_over:
            runs.append([])
            is_over = False
        if holds:
            runs[-1].append(time)
        elif runs and time - runs[-1][-1] > gap:
            is_over = True
    phases = told([(float(time), holds) for time, holds in frames], at_least=float(at_least), gap=float(gap))
    long_runs = [run for run in runs if run[-1] - run[0] >= at_least]
    assert [start for phase, _, start in phases if phase == "new"] == [run[0] for run in long_runs]
    ended = [run for run in long_runs if is_over or run is not runs[-1]]
    assert [end for phase, _, end in phases if phase == "end"] == [run[-1] for run in ended]


@pytest.mark.parametrize("gap", [0.0, 0.3])
def test_an_end_is_told_once(gap: float) -> None:
    frames = [(index / 10, index < 5) for index in range(40)]
    assert [phase for phase, _, _ in told(frames, at_least=0.2, gap=gap)] == ["new", "end"]
