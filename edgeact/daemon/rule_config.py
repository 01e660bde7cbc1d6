"""The rules of a configuration file: what may stand in ``[rules.NAME]``, and the rules that it means."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from edgeact.rules.areas import Direction, Point, check_line, check_zone
from edgeact.rules.camera_rules import Rule
from edgeact.rules.conditions import Condition, CountsPersons, CrossesLine, DoesAction, InPosture, MovesThrough, StaysIn
from edgeact.rules.posture import Posture
from edgeact.rules.schedule import Window, parse_window

SUBJECTS = ("posture", "action", "enter", "leave", "dwell", "cross", "persons_at_least", "persons_at_most")
# What each subject may stand beside.
_BESIDE = {
    "zone": ("posture", "action", "persons_at_least", "persons_at_most"),
    "direction": ("cross",),
    "for_seconds": ("posture", "action", "dwell", "persons_at_least", "persons_at_most"),
}


def _checked_zone(corners: list[Point]) -> list[Point]:
    check_zone(corners)
    return corners


def _checked_line(ends: list[Point]) -> list[Point]:
    check_line(ends)
    return ends


def _checked_schedule(schedule: str | list[str]) -> str | list[str]:
    parse_schedule(schedule)
    return schedule


def _checked_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # a folder, or a name that leads out of the database
        raise ValueError(f"{name!r} is no time zone; it is written like Europe/Berlin (and needs tzdata)") from None
    return name


ZoneCorners = Annotated[list[Point], AfterValidator(_checked_zone)]
LineEnds = Annotated[list[Point], AfterValidator(_checked_line)]
TimeZone = Annotated[str, AfterValidator(_checked_time_zone)]


def parse_schedule(schedule: str | list[str]) -> tuple[Window, ...]:
    """The windows of a schedule: one text, with commas between several, or a list.

    Raises:
        ValueError: One of them is written in another way.
    """
    texts = schedule.split(",") if isinstance(schedule, str) else schedule
    return tuple(parse_window(text) for text in texts)


class When(BaseModel):
    """What a rule asks for: exactly one of `SUBJECTS`, and what belongs to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    posture: Posture | None = None
    action: str | None = None
    enter: str | None = None
    leave: str | None = None
    dwell: str | None = None
    cross: str | None = None
    persons_at_least: Annotated[int, Field(ge=1, le=1000)] | None = None
    persons_at_most: Annotated[int, Field(ge=0, le=1000)] | None = None
    zone: str | None = None
    direction: Direction | Literal["both"] = "both"
    for_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0

    @model_validator(mode="after")
    def _check_keys(self) -> "When":
        given = [subject for subject in SUBJECTS if subject in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(
                f"it asks for one of {', '.join(SUBJECTS)}, and not for {' and '.join(given) or 'nothing'}"
            )
        for key, subjects in _BESIDE.items():
            if key in self.model_fields_set and given[0] not in subjects:
                raise ValueError(f"{key} does not go with {given[0]}")
        return self

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones that it is about."""
        return tuple(name for name in (self.zone, self.enter, self.leave, self.dwell) if name is not None)

    def condition(self) -> Condition:
        """The condition that it means."""
        if self.posture is not None:
            return InPosture(self.posture, self.zone)
        if self.action is not None:
            return DoesAction(self.action, self.zone)
        if self.enter is not None:
            return MovesThrough(self.enter, "enter")
        if self.leave is not None:
            return MovesThrough(self.leave, "leave")
        if self.dwell is not None:
            return StaysIn(self.dwell)
        if self.cross is not None:
            return CrossesLine(self.cross, None if self.direction == "both" else self.direction)
        return CountsPersons(self.persons_at_least, self.persons_at_most, self.zone)


class RuleConfig(BaseModel):
    """One rule. Without ``cameras`` it is for all, and without ``then`` every output sends its events."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: When
    cameras: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    cooldown_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    gap_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    schedule: Annotated[str | list[str], AfterValidator(_checked_schedule)] | None = None
    then: tuple[str, ...] | None = None

    def rule(self, name: str) -> Rule:
        """The rule that it means.

        Args:
            name: In the file.
        """
        return Rule(
            name,
            self.when.condition(),
            for_seconds=self.when.for_seconds,
            gap_seconds=self.gap_seconds,
            cooldown_seconds=self.cooldown_seconds,
            schedule=None if self.schedule is None else parse_schedule(self.schedule),
        )
