"""What a person sees of a batch while it runs: bars on a terminal, an occasional line elsewhere."""

import time
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from edgeact.batch.messages import InputResult
from edgeact.capture.base import SourceInfo
from edgeact.plain_text import printable
from edgeact.types import Observation

# Between two lines where there is no terminal: seldom enough for a log file.
_LINE_SECONDS = 10.0

# The frames/s shown are those of the last seconds, because people come and go.
_RATE_SECONDS = 5.0


def expected_frames(info: SourceInfo, every: int) -> int | None:
    """How many frames a source will give by what its container announces, or None when it does not say."""
    count = info.frame_count
    if count is None and info.duration is not None and info.frame_rate is not None:
        count = round(info.duration * float(info.frame_rate))
    return None if not count else -(-count // every)


def describe_result(result: InputResult) -> str:
    """One line (rich markup) on what became of an input."""
    name = _shown(str(result.path))
    if result.error is not None:
        return f"[red]failed[/]  {_shown(str(result.error))}"
    if result.summary is None:
        what = "the complete results of an earlier run are kept" if result.outputs else "nothing was read"
        return f"[yellow]interrupted[/]  {name}: {what}"
    frames = f"{result.summary.frames} frames"
    if result.state == "interrupted":
        return f"[yellow]interrupted[/]  {name}: {frames} are written; start again to do the whole"
    if result.state == "skipped":
        return f"[dim]skipped  {name}: done before ({frames}); --overwrite does it again[/]"
    warning = f"  [yellow]warning: {_shown(result.summary.warning)}[/]" if result.summary.warning is not None else ""
    return f"[green]done[/]  {name}: {frames}{warning}"


def _shown(text: str) -> str:
    """Words of others as rich markup that shows them as they are, without control characters."""
    return escape(printable(text))


class _Rate:
    """Frames a second over the last seconds."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._frames = 0
        self.value = 0.0

    def count(self) -> None:
        self._frames += 1
        elapsed = time.monotonic() - self._since
        if elapsed >= _RATE_SECONDS or (self.value == 0.0 and elapsed > 0.5):
            self.value = self._frames / elapsed
            if elapsed >= _RATE_SECONDS:
                self._since += elapsed
                self._frames = 0


class BarListener:
    """Bars for the batch and for the input in work; use as a context manager around the batch.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._batch = Progress(
            TextColumn("[bold]inputs"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[dim]Ctrl-C finishes the files and stops"),
            console=console,
        )
        self._input = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        self._live = Live(Group(self._batch, self._input), console=console, refresh_per_second=8, transient=True)
        self._batch_task: TaskID | None = None
        self._input_task: TaskID | None = None
        self._rate = _Rate()

    def __enter__(self) -> "BarListener":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def batch_started(self, inputs: int) -> None:
        """Show the batch's bar."""
        self._batch_task = self._batch.add_task("inputs", total=inputs)

    def inputs_left_out(self, line: str) -> None:
        """Print it above the bars."""
        self._live.console.print(f"[yellow]note[/]  {_shown(line)}", highlight=False, soft_wrap=True)

    def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
        """Show a bar for the input; it only moves to and fro where the number of frames is unknown."""
        self._rate = _Rate()
        self._input_task = self._input.add_task(
            "input", total=expected_frames(info, every), name=printable(path.name), rate=""
        )

    def frame_done(self, observation: Observation) -> None:  # noqa: ARG002 - the interface's
        """Advance the input's bar."""
        if self._input_task is not None:
            self._rate.count()
            self._input.update(
                self._input_task, advance=1, rate=f"{self._rate.value:.1f} frames/s" if self._rate.value else ""
            )

    def input_ended(self, result: InputResult) -> None:
        """Replace the input's bar by a line that stays."""
        if self._input_task is not None:
            self._input.remove_task(self._input_task)
            self._input_task = None
        if self._batch_task is not None:
            self._batch.advance(self._batch_task)
        self._live.console.print(describe_result(result), highlight=False)


class LineListener:
    """A line when an input ends and every ten seconds in between, for logs and pipes.

    Args:
        console: Where lines go.
        every_seconds: Time between two lines on one input.
    """

    def __init__(self, console: Console, *, every_seconds: float = _LINE_SECONDS) -> None:
        self._console = console
        self._every_seconds = every_seconds
        self._inputs = 0
        self._ended = 0
        self._name = ""
        self._total: int | None = None
        self._frames = 0
        self._began = 0.0
        self._next = 0.0

    def batch_started(self, inputs: int) -> None:
        """Remember how many inputs there are."""
        self._inputs = inputs

    def inputs_left_out(self, line: str) -> None:
        """Print it."""
        self._console.print(f"[yellow]note[/]  {_shown(line)}", highlight=False, soft_wrap=True)

    def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
        """Begin to count the input's frames."""
        self._name, self._total, self._frames = printable(path.name), expected_frames(info, every), 0
        self._began = time.monotonic()
        self._next = self._began + self._every_seconds

    def frame_done(self, observation: Observation) -> None:  # noqa: ARG002 - the interface's
        """Print a line when it is time."""
        self._frames += 1
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._every_seconds
        rate = self._frames / (now - self._began)
        of_total, left = "", ""
        if self._total is not None and self._total >= self._frames:
            of_total, left = f" of {self._total}", f", {(self._total - self._frames) / rate:.0f} s left"
        line = f"{self._name}: {self._frames}{of_total} frames, {rate:.1f} frames/s{left}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def input_ended(self, result: InputResult) -> None:
        """Print what became of the input."""
        self._ended += 1
        self._console.print(
            f"[{self._ended}/{self._inputs}] {describe_result(result)}", highlight=False, soft_wrap=True
        )
