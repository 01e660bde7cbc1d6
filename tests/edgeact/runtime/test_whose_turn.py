"""Turns of sources of different priority."""

import pytest

from edgeact.runtime.whose_turn import Account, whose_turn


def take(accounts: list[Account], *, wanting: list[bool], able: list[bool]) -> list[int]:
    rows = whose_turn(accounts, wanting=wanting, able=able)
    for row in rows:
        accounts[row].take_turn()
    return rows


@pytest.mark.parametrize("priorities", [(3.0, 1.0), (1.0, 0.25, 0.5), (2.0, 2.0, 1.0)])
def test_who_always_wants_time_gets_turns_by_priority(priorities: tuple[float, ...]) -> None:
    accounts = [Account(priority) for priority in priorities]
    always = [True] * len(accounts)
    taken = [row for _ in range(400) for row in take(accounts, wanting=always, able=always)]
    shares = [taken.count(row) / priority for row, priority in enumerate(priorities)]
    assert max(shares) <= 1.03 * min(shares)


def test_equals_take_whenever_they_can() -> None:
    accounts = [Account(), Account()]
    for _ in range(10):
        assert take(accounts, wanting=[True, True], able=[True, False]) == [0]
    assert take(accounts, wanting=[True, True], able=[True, True]) == [0, 1]


def test_who_wants_no_time_holds_nobody_up_and_saves_nothing_up() -> None:
    accounts = [Account(10.0), Account(1.0)]
    for _ in range(50):  # the important one sleeps
        assert take(accounts, wanting=[False, True], able=[False, True]) == [1]
    turns = [take(accounts, wanting=[True, True], able=[True, True]) for _ in range(22)]
    assert 1 <= sum(1 in rows for rows in turns) <= 3  # else it would be left out of hundreds


def test_an_important_source_at_work_keeps_its_turn_before_others() -> None:
    accounts = [Account(2.0), Account(1.0)]
    assert take(accounts, wanting=[True, True], able=[True, True]) == [0, 1]
    assert take(accounts, wanting=[True, True], able=[False, True]) == []  # its last frame is at work
    assert take(accounts, wanting=[True, True], able=[True, True]) == [0]
    assert take(accounts, wanting=[True, True], able=[True, True]) == [0, 1]
