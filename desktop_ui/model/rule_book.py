"""Zones, lines and rules of all sources of a window: one value that never changes, so that undo is the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.rule_config import RuleConfig
from edgeact.rules.areas import Point, check_line, check_zone

AreaKind: TypeAlias = Literal["zone", "line"]
Points: TypeAlias = tuple[Point, ...]

# Rounded in the file: a ten thousandth of the picture is less than a pixel of most of them.
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Areas:
    """Zones (polygons) and lines (two ends) of one source, by name, in coordinates from 0 to 1."""

    zones: Mapping[str, Points] = field(default_factory=dict)
    lines: Mapping[str, Points] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all."""
        return (*self.zones, *self.lines)

    def kind_of(self, name: str) -> AreaKind | None:
        """What a name stands for."""
        return "zone" if name in self.zones else "line" if name in self.lines else None

    def points_of(self, name: str) -> Points:
        """Corners of a zone, or ends of a line; nothing of a name that is not known."""
        return self.zones.get(name) or self.lines.get(name) or ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All sources.

    Attributes:
        areas: By the name of the source.
        rules: By name, as `edgeact run` has them.
    """

    areas: Mapping[str, Areas] = field(default_factory=dict)
    rules: Mapping[str, RuleConfig] = field(default_factory=dict)

    def of(self, camera: str) -> Areas:
        """Zones and lines of a source."""
        return self.areas.get(camera, Areas())

    def rules_of(self, camera: str) -> dict[str, RuleConfig]:
        """The rules that a source is judged by."""
        return {name: rule for name, rule in self.rules.items() if rule.cameras is None or camera in rule.cameras}

    def next_name(self, camera: str, kind: AreaKind) -> str:
        """A name that no zone and no line of a source has."""
        taken = self.of(camera).names
        return next(name for number in range(1, len(taken) + 2) if (name := f"{kind}-{number}") not in taken)

    def with_area(self, camera: str, kind: AreaKind, name: str, points: Points) -> "RuleBook":
        """The same with a zone or line, which may be there already.

        Raises:
            ValueError: Nobody can be in the zone, or cross the line.
        """
        rounded = tuple(
            (round(min(max(x, 0.0), 1.0), _DECIMALS), round(min(max(y, 0.0), 1.0), _DECIMALS)) for x, y in points
        )
        (check_zone if kind == "zone" else check_line)(rounded)
        areas = self.of(camera)
        if kind == "zone":
            areas = replace(areas, zones={**areas.zones, name: rounded})
        else:
            areas = replace(areas, lines={**areas.lines, name: rounded})
        return replace(self, areas={**self.areas, camera: areas})

    def without_area(self, camera: str, name: str) -> "RuleBook":
        """The same without a zone or line, and without the rules of the source that are about it."""
        areas = self.of(camera)
        areas = Areas(
            {known: points for known, points in areas.zones.items() if known != name},
            {known: points for known, points in areas.lines.items() if known != name},
        )
        rules = {
            known: rule
            for known, rule in self.rules.items()
            if not (rule.cameras == (camera,) and name in (*rule.when.zones, rule.when.cross))
        }
        return RuleBook({**self.areas, camera: areas}, rules)

    def with_rule(self, name: str, rule: RuleConfig) -> "RuleBook":
        """The same with a rule, which may be there already."""
        return replace(self, rules={**self.rules, name: rule})

    def without_rule(self, name: str) -> "RuleBook":
        """The same without a rule."""
        return replace(self, rules={known: rule for known, rule in self.rules.items() if known != name})


def plain(book: RuleBook, camera: str) -> dict[str, Any]:
    """Zones, lines and rules of one source as a configuration has them."""
    areas = book.of(camera)
    return {
        "zones": {name: [list(point) for point in points] for name, points in areas.zones.items()},
        "lines": {name: [list(point) for point in points] for name, points in areas.lines.items()},
        "rules": {name: plain_rule(rule) for name, rule in book.rules_of(camera).items()},
    }


def plain_rule(rule: RuleConfig) -> dict[str, Any]:
    """A rule as a configuration has it: only what was set."""
    made: dict[str, Any] = rule.model_dump(exclude_unset=True, exclude_none=True)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in made.items()}


def daemon_config(book: RuleBook, camera: str) -> DaemonConfig | None:
    """The configuration by which a source is judged; None where it has no rules."""
    found = plain(book, camera)
    rules = {name: {**rule, "cameras": [camera], "then": []} for name, rule in found["rules"].items()}
    if not rules:
        return None
    return DaemonConfig.model_validate(
        {
            "schema": 1,
            "state": Path("state"),
            "cameras": {camera: {"url": "window", "zones": found["zones"], "lines": found["lines"]}},
            "rules": rules,
        }
    )
