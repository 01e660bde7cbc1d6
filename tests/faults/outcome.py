"""The measured outcome of a fault scenario, and the table of all outcomes."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """The measured outcome of one fault scenario.

    Attributes:
        fault: In a few words.
        detected: Seconds from its beginning until the daemon told it; None where there is nothing to tell.
        recovered: Seconds from its end until all was well again; None where it stayed well.
        frames_lost: Frames that were due and not perceived, from its beginning to the recovery; None where no camera
            was concerned.
        events_lost: Events that the daemon had acknowledged and an output did not get.
        told: What the daemon said of it.
    """

    fault: str
    detected: float | None
    recovered: float | None
    frames_lost: int | None
    events_lost: int
    told: str = ""

    def as_record(self) -> dict[str, Any]:
        """The record for JSON."""
        return asdict(self)


def markdown_table(outcomes: Iterable[Outcome]) -> str:
    """A row for each fault."""
    lines = [
        "| fault | told after | well again after | frames lost | events lost | told as |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in outcomes:
        frames = "" if one.frames_lost is None else str(one.frames_lost)
        cells = (one.fault, _seconds(one.detected), _seconds(one.recovered), frames, str(one.events_lost), one.told)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
