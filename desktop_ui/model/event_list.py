"""The events of a window: what is kept of each, and which of them are looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from desktop_ui.translation import tr
from edgeact.daemon.event_record import EventRecord, utc_text


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event.

    Attributes:
        record: The last that was told of it.
        key: Of its source in this window; None of an event of an earlier day.
        at: When it began, in seconds of the source's timeline; None of an event of an earlier day.
        acknowledged: Somebody has looked at it.
        told: The record as it was told, where somebody has corrected who it was, or what that person did.
        is_nobody: Somebody has said that it was not a person.
    """

    record: EventRecord
    key: int | None = None
    at: float | None = None
    acknowledged: bool = False
    told: EventRecord | None = None
    is_nobody: bool = False

    @property
    def is_alert(self) -> bool:
        """Whether a rule has asked for it."""
        return self.record.rule is not None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has to look at it still."""
        return self.is_alert and not self.acknowledged

    @property
    def words(self) -> str:
        """What happened: ``jumping jacks``, ``stays in zone-1``, ``lying · yard``."""
        record = self.record
        phrases = {"dwell": tr("stays in"), "enter": tr("enters"), "leave": tr("leaves"), "cross": tr("crosses")}
        zone = "" if record.zone is None else record.zone.replace("_", " ")
        if record.kind in phrases and zone:
            what = f"{phrases[record.kind]} {zone}"
        else:
            what = " · ".join(part for part in (record.label.replace("_", " "), zone) if part)
        return f"{what} · {tr('not a person')}" if self.is_nobody else what


@dataclass(frozen=True, slots=True)
class TimelinePart:
    """A part of the timeline of a source of this window, by its key, in seconds of that timeline."""

    key: int
    start: float
    end: float

    def holds(self, event: KeptEvent) -> bool:
        """Whether some of an event is in it."""
        if event.key != self.key or event.at is None:
            return False
        record = event.record
        lasted = 0.0 if record.end is None else (record.end - record.start).total_seconds()
        return event.at <= self.end and event.at + lasted >= self.start


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are looked at; None and False take all.

    Attributes:
        action: The label.
        source: Name of the source.
        track: Number of the person.
        zone: Name of the zone or line.
        since, until: From when to when, with a time zone; an event counts that lasts into that time.
        part: Of a timeline; an event counts that lasts into it.
        only_alerts: Only what rules have told.
        only_waiting: Only alerts that nobody has looked at.
    """

    action: str | None = None
    source: str | None = None
    track: int | None = None
    zone: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    part: TimelinePart | None = None
    only_alerts: bool = False
    only_waiting: bool = False

    def takes(self, event: KeptEvent) -> bool:
        """Whether an event is one of them."""
        record = event.record
        return (
            self.action in (None, record.label)
            and self.source in (None, record.source)
            and self.track in (None, record.track)
            and self.zone in (None, record.zone)
            and (self.since is None or (record.end or record.start) >= self.since)
            and (self.until is None or record.start <= self.until)
            and (self.part is None or self.part.holds(event))
            and (event.is_alert or not self.only_alerts)
            and (event.is_waiting or not self.only_waiting)
        )


CSV_COLUMNS = (
    "id",
    "source",
    "rule",
    "kind",
    "label",
    "track",
    "zone",
    "start",
    "end",
    "score",
    "acknowledged",
    "snapshot",
    "clip",
    "told_label",
    "told_track",
    "not_a_person",
)


def csv_rows(events: Sequence[KeptEvent]) -> list[list[str]]:
    """The lines of a table of events, with `CSV_COLUMNS` as the first; times are ISO 8601 in UTC.

    Label and track are as somebody has corrected them; ``told_label`` and ``told_track`` then have what was told.
    """
    rows = [list(CSV_COLUMNS)]
    for event in events:
        record = event.record
        values = (
            record.id,
            record.source,
            record.rule,
            record.kind,
            record.label,
            record.track,
            record.zone,
            utc_text(record.start),
            None if record.end is None else utc_text(record.end),
            f"{record.score:.4f}",
            "yes" if event.acknowledged else "no",
            record.snapshot,
            record.clip,
            None if event.told is None else event.told.label,
            None if event.told is None else event.told.track,
            "yes" if event.is_nobody else None,
        )
        rows.append(["" if value is None else str(value) for value in values])
    return rows
