"""The rules of one camera at work: observations in, events out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from edgeact.rules.areas import Point
from edgeact.rules.conditions import (
    Condition,
    CrossesLine,
    Holding,
    MovesThrough,
    State,
    holding,
)
from edgeact.rules.passage import Passage, Passed, begin, move
from edgeact.rules.schedule import Window, is_open
from edgeact.rules.seen import Seen, SeenPerson
from edgeact.rules.spell import Spell, advance
from edgeact.types import Event, EventPhase

UPDATE_SECONDS = 1.0  # an event that lasts is told again so often
FORGET_SECONDS = 10.0  # a person who was not seen for so long does not come back with the same number
# Who is seen in the first second of an epoch was there before: the camera has just begun to look.
FIRST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be told.

    Attributes:
        name: Of the rule; unique.
        condition: What it asks for.
        for_seconds: For how long a state must hold before it is told.
        gap_seconds: For how long a state may fail to hold without being over.
        cooldown_seconds: From the last beginning or end of an event of the rule to the next beginning.
        schedule: When the rule is in force; None is always.
    """

    name: str
    condition: Condition
    for_seconds: float = 0.0
    gap_seconds: float = 2.0
    cooldown_seconds: float = 0.0
    schedule: tuple[Window, ...] | None = None


@dataclass(slots=True)
class _Open:
    """A spell of one subject, and its event once it is told."""

    spell: Spell
    event: Event | None = None
    told: float = 0.0


@dataclass(slots=True)
class _Memory:
    """What is remembered of one rule."""

    subjects: dict[int | None, _Open] = field(default_factory=dict)
    last: float = float("-inf")  # beginning or end of an event


class CameraRules:
    """All rules of one camera; what it gives depends on what it is given alone.

    Args:
        source: Name of the source, which events carry.
        rules: What is to be told.
        zones: Polygons in relative coordinates, by name.
        lines: Pairs of points in relative coordinates, by name.
        zone: Time zone of schedules.
    """

    def __init__(
        self,
        source: str,
        rules: Sequence[Rule],
        *,
        zones: Mapping[str, Sequence[Point]],
        lines: Mapping[str, Sequence[Point]],
        zone: ZoneInfo,
    ) -> None:
        self._source, self._rules, self._zone = source, tuple(rules), zone
        self._zones, self._lines = zones, lines
        watched = [rule.condition for rule in rules]
        self._passed_zones = {
            condition.zone: zones[condition.zone] for condition in watched if isinstance(condition, MovesThrough)
        }
        self._passed_lines = {
            condition.line: lines[condition.line] for condition in watched if isinstance(condition, CrossesLine)
        }
        self._number = 0
        self._epoch: int | None = None
        self._began = self._time = 0.0
        self._memories = {rule.name: _Memory() for rule in rules}
        self._passages: dict[int, tuple[float, Passage]] = {}  # with the time when the person was seen last

    def take(self, seen: Seen, moment: datetime) -> tuple[Event, ...]:
        """The events that begin, go on or end with a frame.

        Args:
            seen: The frame; not before the last one, unless it is of another epoch.
            moment: When it was captured, with a time zone, for the schedules.
        """
        events: list[Event] = []
        if seen.epoch != self._epoch:
            events += self.finish()
            self._epoch, self._began = seen.epoch, seen.time
            self._passages.clear()
            self._memories = {rule.name: _Memory() for rule in self._rules}
        self._time = seen.time
        passed = self._passed(seen)
        for rule in self._rules:
            in_force = rule.schedule is None or is_open(rule.schedule, moment, self._zone)
            if isinstance(rule.condition, (MovesThrough, CrossesLine)):
                if in_force:
                    events += self._changes(rule, rule.condition, passed)
            else:
                holds = holding(rule.condition, seen, self._zones) if in_force else {}
                events += self._states(rule, rule.condition, holds)
        return tuple(events)

    def finish(self) -> tuple[Event, ...]:
        """End what is open, because the source is over or begins anew."""
        events = []
        for memory in self._memories.values():
            for one in memory.subjects.values():
                if one.event is not None:
                    events.append(replace(one.event, phase="end", end=one.spell.last))
            memory.subjects.clear()
        return tuple(events)

    def _states(self, rule: Rule, state: State, holds: Mapping[int | None, Holding]) -> list[Event]:
        memory, events = self._memories[rule.name], []
        for subject in [*memory.subjects, *(subject for subject in holds if subject not in memory.subjects)]:
            one, held = memory.subjects.get(subject), holds.get(subject)
            spell, phase = advance(
                None if one is None else one.spell,
                holds=held is not None,
                time=self._time,
                at_least=rule.for_seconds,
                gap=rule.gap_seconds,
                may_begin=self._time - memory.last >= rule.cooldown_seconds,
            )
            if phase == "end" and one is not None and one.event is not None:
                memory.last = self._time
                events.append(replace(one.event, phase="end", end=one.spell.last))
            if spell is None:
                memory.subjects.pop(subject, None)
                continue
            one = memory.subjects.setdefault(subject, _Open(spell))
            one.spell = spell
            if held is not None and phase in ("new", "update"):
                events += self._tell(rule, state, subject, one, held)
        return events

    def _tell(self, rule: Rule, state: State, subject: int | None, one: _Open, held: Holding) -> list[Event]:
        if one.event is None:
            self._memories[rule.name].last = self._time
            one.told = self._time
            one.event = self._event(
                rule,
                "new",
                kind=state.kind,
                track=subject,
                label=held.label,
                start=one.spell.since,
                score=held.score,
                zone=state.zone,
            )
            return [one.event]
        one.event = replace(one.event, score=max(one.event.score, held.score))
        if self._time - one.told < UPDATE_SECONDS:
            return []
        one.told = self._time
        return [replace(one.event, phase="update")]

    def _passed(self, seen: Seen) -> list[tuple[SeenPerson, Passed]]:
        if not self._passed_zones and not self._passed_lines:
            return []
        happened: list[tuple[SeenPerson, Passed]] = []
        was_there = seen.time - self._began <= FIRST_SECONDS
        for person in seen.persons:
            _, passage = self._passages.get(person.track, (0.0, None))
            if passage is None:
                passage = begin(person.point, self._passed_zones, was_there=was_there)
            self._passages[person.track] = (seen.time, passage)
            moves = move(passage, person.point, seen.time, zones=self._passed_zones, lines=self._passed_lines)
            happened += [(person, passed) for passed in moves]
        gone = [track for track, (last, _) in self._passages.items() if seen.time - last > FORGET_SECONDS]
        for track in gone:
            del self._passages[track]
        return happened

    def _changes(
        self, rule: Rule, change: MovesThrough | CrossesLine, happened: Sequence[tuple[SeenPerson, Passed]]
    ) -> list[Event]:
        memory, events = self._memories[rule.name], []
        for person, passed in happened:
            if not _is_asked_for(change, passed) or self._time - memory.last < rule.cooldown_seconds:
                continue
            memory.last = self._time
            event = self._event(
                rule,
                "new",
                kind=change.kind,
                track=person.track,
                label=passed.direction or change.kind,
                start=self._time,
                score=person.score,
                zone=passed.area,
            )
            events += [event, replace(event, phase="end", end=self._time)]
        return events

    def _event(
        self,
        rule: Rule,
        phase: EventPhase,
        *,
        kind: str,
        track: int | None,
        label: str,
        start: float,
        score: float,
        zone: str | None,
    ) -> Event:
        self._number += 1
        return Event(
            id=self._number,
            phase=phase,
            source=self._source,
            epoch=self._epoch or 0,
            kind=kind,
            subject="scene" if track is None else "track",
            track_id=track,
            label=label,
            start=start,
            end=None,
            score=score,
            zone=zone,
            rule=rule.name,
        )


def _is_asked_for(change: MovesThrough | CrossesLine, passed: Passed) -> bool:
    if isinstance(change, MovesThrough):
        return (passed.kind, passed.area) == (change.kind, change.zone)
    return (passed.kind, passed.area) == ("cross", change.line) and change.direction in (None, passed.direction)
