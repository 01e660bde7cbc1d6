from collections.abc import Mapping
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgeact.daemon.shedding import RECOVER_SECONDS, SHED_SECONDS, STEPS, Load, Shedding

BEHIND, WELL = Load(10.0, 4.0), Load(10.0, 10.0)


def run(shedding: Shedding, loads: Mapping[str, Load], busy: float, *, start: float, seconds: float) -> list[str]:
    """What changes within so many seconds, looked at five times a second."""
    changed = [shedding.advance(start + index / 5, loads, busy) for index in range(round(seconds * 5))]
    return [name for name in changed if name is not None]


def test_all_give_up_the_first_thing_before_one_gives_up_the_second_and_priority_is_kept() -> None:
    shedding = Shedding(STEPS, {"gate": 2, "yard": 1, "hall": 1})
    loads = dict.fromkeys(shedding.levels, BEHIND)
    assert run(shedding, loads, 1.0, start=0.0, seconds=5 * SHED_SECONDS) == ["yard", "hall", "gate", "yard", "hall"]
    assert shedding.given_up("yard") == ("attention", "clip")
    assert shedding.given_up("gate") == ("attention",)
    run(shedding, loads, 1.0, start=100.0, seconds=20 * SHED_SECONDS)
    assert set(shedding.levels.values()) == {len(STEPS)}  # and then there is nothing left to give up


def test_it_comes_back_in_reverse_when_there_is_time_again() -> None:
    shedding = Shedding(STEPS, {"gate": 2, "yard": 1})
    behind, well = dict.fromkeys(shedding.levels, BEHIND), dict.fromkeys(shedding.levels, WELL)
    given = run(shedding, behind, 1.0, start=0.0, seconds=3 * SHED_SECONDS)
    back = run(shedding, well, 0.4, start=100.0, seconds=4 * RECOVER_SECONDS)
    assert back == given[::-1]
    assert set(shedding.levels.values()) == {0}


def test_a_slow_source_gives_up_nothing_while_there_is_time() -> None:
    shedding = Shedding(STEPS, {"gate": 1})
    assert run(shedding, {"gate": BEHIND}, 0.5, start=0.0, seconds=60.0) == []
    assert run(shedding, {"gate": WELL}, 1.0, start=60.0, seconds=60.0) == []


def test_what_was_too_much_is_tried_ever_more_rarely() -> None:
    shedding, time, tries = Shedding(("frames",), {"gate": 1}), 0.0, []
    while time < 600.0:  # there is time for it only while it is given up
        is_shed = shedding.levels["gate"] == 1
        if shedding.advance(time, {"gate": WELL if is_shed else BEHIND}, 0.5 if is_shed else 1.0) and is_shed:
            tries.append(time)
        time += 1.0
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) >= 3
    assert waits == sorted(waits)
    assert waits[-1] > 1.8 * waits[0]


@given(st.lists(st.tuples(st.floats(0.1, 40), st.booleans(), st.booleans(), st.floats(0, 1)), max_size=80))
def test_no_camera_keeps_more_than_one_of_higher_priority_by_more_than_a_step(history) -> None:
    shedding, time = Shedding(STEPS, {"high": 3, "low": 1}), 0.0
    for step, high, low, busy in history:
        time += step
        shedding.advance(time, {"high": BEHIND if high else WELL, "low": BEHIND if low else WELL}, busy)
        assert all(0 <= level <= len(STEPS) for level in shedding.levels.values())
        assert 0 <= shedding.levels["low"] - shedding.levels["high"] <= 1
