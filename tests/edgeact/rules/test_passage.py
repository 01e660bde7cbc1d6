from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgeact.rules.passage import SETTLE_SECONDS, Passed, begin, move

ZONES = {"left": ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))}
LINES = {"middle": ((0.5, 0.0), (0.5, 1.0))}
LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)


def walk(points: Sequence[tuple[float, float]], *, was_there: bool = True, step: float = 0.1) -> list[Passed]:
    passage, happened = begin(points[0], ZONES, was_there=was_there), []
    for index, point in enumerate(points):
        happened += move(passage, point, index * step, zones=ZONES, lines=LINES)
    return happened


def test_a_person_who_walks_through_leaves_and_crosses_once() -> None:
    path = [(x / 100, 0.5) for x in range(20, 80, 3)]
    assert walk(path) == [Passed("cross", "middle", "backward"), Passed("leave", "left")]
    assert walk(path[::-1]) == [Passed("cross", "middle", "forward"), Passed("enter", "left")]


def test_swaying_on_the_border_is_nothing() -> None:
    assert walk([(0.497 + 0.006 * (index % 2), 0.5) for index in range(50)]) == []


def test_who_is_there_at_the_start_has_not_entered_and_who_comes_later_has() -> None:
    assert walk([LEFT] * 20) == []
    assert walk([LEFT] * 20, was_there=False) == [Passed("enter", "left")]


@given(st.lists(st.sampled_from([LEFT, RIGHT, (0.501, 0.5), (0.499, 0.5)]), min_size=1, max_size=60))
def test_who_enters_had_left_and_the_other_way_round(points: list[tuple[float, float]]) -> None:
    happened = walk(points)
    zone = [passed.kind for passed in happened if passed.area == "left"]
    first = "leave" if points[0][0] <= 0.5 else "enter"
    other = {"leave": "enter", "enter": "leave"}
    assert zone == [first if index % 2 == 0 else other[first] for index in range(len(zone))]
    crossed = [passed.direction for passed in happened if passed.kind == "cross"]
    assert all(before != after for before, after in pairwise(crossed))
    clear = [point for point in points if point in (LEFT, RIGHT)]
    assert len(crossed) == sum(before != after for before, after in pairwise(clear))


@given(st.integers(1, 20))
def test_a_change_counts_after_its_time(frames: int) -> None:
    happened = walk([LEFT, *[RIGHT] * frames])
    left = Passed("leave", "left") in happened
    assert left == ((frames - 1) * 0.1 >= SETTLE_SECONDS - 1e-9)
