"""What a rule may ask for. A state (someone lies) holds or not in each frame; a change (someone enters) happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgeact.rules.areas import Direction, Point, is_inside
from edgeact.rules.posture import Posture
from edgeact.rules.seen import Seen, SeenPerson

ANY_ACTION = "any"
Zones: TypeAlias = Mapping[str, Sequence[Point]]
Kind: TypeAlias = Literal["posture", "action", "dwell", "count", "enter", "leave", "cross"]


@dataclass(frozen=True, slots=True)
class InPosture:
    """A person stands, sits or lies; in a zone, where one is named."""

    posture: Posture
    zone: str | None = None
    kind: Literal["posture"] = "posture"


@dataclass(frozen=True, slots=True)
class DoesAction:
    """A person, or the scene, does an action (`ANY_ACTION`: any); in a zone, where one is named, only persons."""

    label: str
    zone: str | None = None
    kind: Literal["action"] = "action"


@dataclass(frozen=True, slots=True)
class StaysIn:
    """A person is in a zone."""

    zone: str
    kind: Literal["dwell"] = "dwell"


@dataclass(frozen=True, slots=True)
class CountsPersons:
    """So many persons at least, or at most, are in the picture, or in a zone."""

    at_least: int | None = None
    at_most: int | None = None
    zone: str | None = None
    kind: Literal["count"] = "count"


@dataclass(frozen=True, slots=True)
class MovesThrough:
    """A person enters or leaves a zone."""

    zone: str
    kind: Literal["enter", "leave"]


@dataclass(frozen=True, slots=True)
class CrossesLine:
    """A person crosses a line; in one direction, where one is named (see `edgeact.rules.areas.crossing`)."""

    line: str
    direction: Direction | None = None
    kind: Literal["cross"] = "cross"


State: TypeAlias = InPosture | DoesAction | StaysIn | CountsPersons
Change: TypeAlias = MovesThrough | CrossesLine
Condition: TypeAlias = State | Change


@dataclass(frozen=True, slots=True)
class Holding:
    """That a state holds: for which label, and with which score."""

    label: str
    score: float


def holding(state: State, seen: Seen, zones: Zones) -> dict[int | None, Holding]:
    """For whom a state holds in a frame: by track, or None for the scene.

    Args:
        state: What is asked for.
        seen: The frame.
        zones: Of the camera, by name.
    """
    corners = None if state.zone is None else zones[state.zone]
    persons = [person for person in seen.persons if corners is None or is_inside(corners, person.point)]
    if isinstance(state, CountsPersons):
        return _counted(state, persons)
    found: dict[int | None, Holding] = {}
    if isinstance(state, DoesAction) and corners is None:
        found |= _doing(None, state.label, seen.actions)
    for person in persons:
        if isinstance(state, InPosture) and person.posture == state.posture:
            found[person.track] = Holding(state.posture, person.posture_score)
        elif isinstance(state, StaysIn):
            found[person.track] = Holding("dwell", person.score)
        elif isinstance(state, DoesAction):
            found |= _doing(person.track, state.label, person.actions)
    return found


def _doing(subject: int | None, label: str, actions: Mapping[str, float]) -> dict[int | None, Holding]:
    doing = {name: score for name, score in actions.items() if label in (ANY_ACTION, name)}
    if not doing:
        return {}
    best = max(doing, key=lambda name: doing[name])
    return {subject: Holding(best, doing[best])}


def _counted(state: CountsPersons, persons: Sequence[SeenPerson]) -> dict[int | None, Holding]:
    if state.at_least is not None and len(persons) >= state.at_least:
        # As sure as the least sure of those that are needed.
        needed = sorted((person.score for person in persons), reverse=True)[: state.at_least]
        return {None: Holding(f"at_least_{state.at_least}", min(needed, default=1.0))}
    if state.at_most is not None and len(persons) <= state.at_most:
        return {None: Holding(f"at_most_{state.at_most}", 1.0)}
    return {}
