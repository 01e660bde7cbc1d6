import pytest

from edgeact.rules.conditions import ANY_ACTION, CountsPersons, DoesAction, Holding, InPosture, StaysIn, holding
from edgeact.rules.seen import Seen, SeenPerson

ZONES = {"left": ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))}
DOWN = SeenPerson(1, (0.2, 0.9), 0.9, "lying", 0.7, {"wave": 0.8, "clap": 0.6})
UP = SeenPerson(2, (0.8, 0.9), 0.6, "standing", 0.9)
SEEN = Seen(0, 1.0, (DOWN, UP), {"fight": 0.55})


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (InPosture("lying"), {1: Holding("lying", 0.7)}),
        (InPosture("standing", "left"), {}),
        (StaysIn("left"), {1: Holding("dwell", 0.9)}),
        (DoesAction("clap"), {1: Holding("clap", 0.6)}),
        (DoesAction(ANY_ACTION), {None: Holding("fight", 0.55), 1: Holding("wave", 0.8)}),
        (DoesAction(ANY_ACTION, "left"), {1: Holding("wave", 0.8)}),
        (CountsPersons(at_least=2), {None: Holding("at_least_2", 0.6)}),
        (CountsPersons(at_least=1), {None: Holding("at_least_1", 0.9)}),
        (CountsPersons(at_least=2, zone="left"), {}),
        (CountsPersons(at_most=1, zone="left"), {None: Holding("at_most_1", 1.0)}),
        (CountsPersons(at_most=0), {}),
    ],
)
def test_for_whom_a_state_holds(state, expected: dict[int | None, Holding]) -> None:
    assert holding(state, SEEN, ZONES) == expected
