"""An event as it is kept and sent: the same in SQLite, JSON lines and every other output."""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from edgeact.types import EventPhase

SCORE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One phase of an event.

    Attributes:
        id: A ULID: unique for ever, and ordered by the time when it was made. The same in all phases.
        phase: ``new``, ``update`` or ``end``.
        source: Name of the camera in the configuration.
        epoch: Of the source.
        rule: Name of the rule that told it; None for an action that no rule asked for.
        kind: What sort of event it is, such as ``action``, ``posture`` or ``count``.
        track: Number of the person it is about; None for the scene.
        label: Which action, posture, …
        start: When it began, UTC.
        end: When it ended, UTC; None until it is over.
        score: The highest score so far, 0..1.
        zone: Name of the zone or line that it happened in; None without.
        clip: Path of its recording under the state folder, or None.
        snapshot: Path of its picture under the state folder, or None.
    """

    id: str
    phase: EventPhase
    source: str
    epoch: int
    rule: str | None
    kind: str
    track: int | None
    label: str
    start: datetime
    end: datetime | None
    score: float
    zone: str | None = None
    clip: str | None = None
    snapshot: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The record for JSON; times are ISO 8601 in UTC with milliseconds."""
        return {
            "id": self.id,
            "phase": self.phase,
            "source": self.source,
            "epoch": self.epoch,
            "rule": self.rule,
            "kind": self.kind,
            "subject": {"track": self.track},
            "label": self.label,
            "start": utc_text(self.start),
            "end": None if self.end is None else utc_text(self.end),
            "score": round(self.score, SCORE_DECIMALS),
            "zone": self.zone,
            "clip": self.clip,
            "snapshot": self.snapshot,
        }


def utc_text(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC with milliseconds: ``2026-01-31T12:00:00.120Z``; such texts sort by time."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_utc(text: str) -> datetime:
    """The moment of a text of `utc_text`."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
