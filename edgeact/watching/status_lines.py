"""What a person sees of a watch: a line a source on a terminal, a line a change elsewhere."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from edgeact.capture.base import SourceState
from edgeact.plain_text import printable
from edgeact.watching.watched import Watched

COLOURS = {
    SourceState.STARTING: "cyan",
    SourceState.RUNNING: "green",
    SourceState.STALLED: "yellow",
    SourceState.RECONNECTING: "yellow",
    SourceState.ENDED: "dim",
    SourceState.FAILED: "red",
}
RATE_SECONDS = 2.0  # over which frames a second are counted
LABELS_SHOWN = 3


class FrameRate:
    """Frames a second of each source over the last seconds."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[float, int]] = {}
        self._rates: dict[int, float] = {}

    def of(self, index: int, frames: int) -> float:
        """The rate of a source, which has given ``frames`` so far."""
        now = time.monotonic()
        since, before = self._counted.setdefault(index, (now, frames))
        if now - since >= RATE_SECONDS:
            self._rates[index] = (frames - before) / (now - since)
            self._counted[index] = (now, frames)
        return self._rates.get(index, 0.0)


def describe(watched: Watched) -> str:
    """What a source sees, or why it sees nothing."""
    if watched.why is not None:
        return watched.why
    if watched.frames == 0:
        return ""
    people = "1 person" if watched.persons == 1 else f"{watched.persons} people"
    labels = ", ".join(watched.labels[:LABELS_SHOWN]) + (" …" if len(watched.labels) > LABELS_SHOWN else "")
    if labels and not watched.persons:
        return labels  # what the scene as a whole shows
    return f"{people}: {labels}" if labels else people


class StatusTable:
    """A line a source that changes in place; use as a context manager around the watch.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._rate = FrameRate()
        self._live = Live(console=console, refresh_per_second=4)

    def __enter__(self) -> "StatusTable":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, sources: Sequence[Watched]) -> None:
        """Draw the lines anew."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("source", "state", "frames/s", "age", "dropped", "reconnects", "sees"):
            is_number = heading in ("frames/s", "age", "dropped", "reconnects")
            table.add_column(heading, justify="right" if is_number else "left", no_wrap=heading != "sees")
        for index, one in enumerate(sources):
            rate, colour = self._rate.of(index, one.frames), COLOURS[one.state]
            name = printable(one.name) + (f" ({printable(one.mode)})" if one.mode else "")
            table.add_row(
                escape(name),
                f"[{colour}]{one.state.value}[/]",
                f"{rate:.1f}",
                f"{one.age:.2f} s" if one.frames else "",
                str(one.dropped),
                str(one.epoch),
                escape(printable(describe(one))),
            )
        self._live.update(table)


class StatusLog:
    """A line when the state of a source changes, for logs and pipes.

    Args:
        console: Where lines go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[int, tuple[SourceState, int]] = {}

    def show(self, sources: Sequence[Watched]) -> None:
        """Print what has changed."""
        for index, one in enumerate(sources):
            stands = (one.state, one.epoch)
            if self._shown.get(index) != stands:
                self._shown[index] = stands
                why = f" ({one.why})" if one.why else ""
                line = f"{one.name}: {one.state.value}{why}, {one.frames} frames, {one.dropped} dropped"
                self._console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
