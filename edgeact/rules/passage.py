"""Who enters and leaves zones and crosses lines: what is remembered of one person for that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeact.rules.areas import LINE_MARGIN, Direction, Point, crossing, is_inside, side_of

# Whoever stands on the border of a zone sways: only a change that lasts so many seconds counts.
SETTLE_SECONDS = 0.4


@dataclass(slots=True)
class Passage:
    """One person and the areas of a picture.

    Attributes:
        inside: Zones that the person is in.
        turned: Since when the person seems to have changed, by zone.
        off_line: Where the person was last clearly beside a line, by line.
    """

    inside: set[str] = field(default_factory=set)
    turned: dict[str, float] = field(default_factory=dict)
    off_line: dict[str, Point] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passed:
    """Something that happened: ``enter`` or ``leave`` and the zone, or ``cross`` with the line and the direction."""

    kind: str
    area: str
    direction: Direction | None = None


def begin(point: Point, zones: Mapping[str, Sequence[Point]], *, was_there: bool) -> Passage:
    """What is remembered of a person who is seen for the first time.

    Args:
        point: Where the person is.
        zones: By name.
        was_there: The source has just begun: who is in a zone then has not entered it now.
    """
    inside = {name for name, corners in zones.items() if was_there and is_inside(corners, point)}
    return Passage(inside=inside)


def move(
    passage: Passage,
    point: Point,
    time: float,
    *,
    zones: Mapping[str, Sequence[Point]],
    lines: Mapping[str, Sequence[Point]],
) -> list[Passed]:
    """What happens when a person is seen at a point; ``passage`` is brought up to date.

    Args:
        passage: What is remembered of the person.
        point: Where the person is now.
        time: Seconds, not before that of the last call.
        zones: By name.
        lines: By name.
    """
    happened: list[Passed] = []
    for name, corners in zones.items():
        is_in = is_inside(corners, point)
        if is_in == (name in passage.inside):
            passage.turned.pop(name, None)
        elif time - passage.turned.setdefault(name, time) >= SETTLE_SECONDS:
            del passage.turned[name]
            if is_in:
                passage.inside.add(name)
            else:
                passage.inside.remove(name)
            happened.append(Passed("enter" if is_in else "leave", name))
    for name, ends in lines.items():
        if abs(side_of(ends, point)) < LINE_MARGIN:
            continue
        before = passage.off_line.get(name)
        direction = None if before is None else crossing(ends, before, point)
        passage.off_line[name] = point
        if direction is not None:
            happened.append(Passed("cross", name, direction))
    return happened
