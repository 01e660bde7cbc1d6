import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgeact.rules.areas import check_line, check_zone, crossing, is_inside, side_of

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
COMB = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.3), (0.4, 0.3), (0.4, 0.9), (0.1, 0.9))
DOOR = ((0.5, 0.2), (0.5, 0.8))  # downwards: its right is the left of the picture

points = st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32))


@pytest.mark.parametrize(
    ("point", "inside"), [((0.25, 0.8), True), ((0.5, 0.8), False), ((0.5, 0.2), True), ((0.95, 0.5), False)]
)
def test_a_zone_need_not_be_convex(point: tuple[float, float], inside: bool) -> None:
    assert is_inside(COMB, point) is inside


@given(points, st.booleans(), st.integers(0, 3))
def test_it_does_not_matter_where_a_zone_begins_and_which_way_it_goes(point, is_turned: bool, shift: int) -> None:
    x, y = point
    assume(min(abs(x - 0.2), abs(x - 0.8), abs(y - 0.2), abs(y - 0.8)) > 1e-4)  # on the border rounding decides
    corners = SQUARE[shift:] + SQUARE[:shift]
    corners = corners[::-1] if is_turned else corners
    assert is_inside(corners, point) == (0.2 < x < 0.8 and 0.2 < y < 0.8)


def test_forward_is_from_the_left_of_a_line_to_its_right() -> None:
    assert crossing(DOOR, (0.6, 0.5), (0.4, 0.5)) == "forward"
    assert crossing(DOOR, (0.4, 0.5), (0.6, 0.5)) == "backward"
    assert crossing(DOOR, (0.6, 0.9), (0.4, 0.9)) is None  # past its end
    assert crossing(DOOR, (0.6, 0.5), (0.9, 0.1)) is None


@given(points, points)
def test_the_way_back_crosses_in_the_other_direction(before, after) -> None:
    assume(all(abs(side_of(DOOR, point)) > 1e-3 for point in (before, after)))
    assume(math.dist(before, after) > 1e-3)
    assume(all(abs(side_of((before, after), end)) > 1e-6 for end in DOOR))
    there, back = crossing(DOOR, before, after), crossing(DOOR, after, before)
    assert {there, back} in ({None}, {"forward", "backward"})
    turned = crossing(DOOR[::-1], before, after)
    assert turned == back


@pytest.mark.parametrize(
    ("corners", "word"),
    [
        ([(0.1, 0.1), (0.2, 0.2)], "at least three corners, this one has 2"),
        ([(0.1, 0.1), (0.2, 0.2), (0.3, 0.3)], "no area"),
        ([(0.1, 0.1), (1.2, 0.2), (0.3, 0.9)], r"the point \[1.2, 0.2\] is outside"),
        ([(0.1, math.nan), (0.2, 0.2), (0.3, 0.9)], "outside"),
    ],
)
def test_a_zone_that_nobody_can_be_in_is_refused(corners, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        check_zone(corners)


@pytest.mark.parametrize(
    ("ends", "word"), [([(0, 0)], "two ends"), ([(0.1, 0.1), (0.1, 0.1)], "no length"), ([(0, 0), (2, 0)], "outside")]
)
def test_a_line_that_nobody_can_cross_is_refused(ends, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        check_line(ends)


def test_what_is_fine_is_taken() -> None:
    check_zone(COMB)
    check_line(DOOR)
