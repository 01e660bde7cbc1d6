"""Tables for the terminal, and JSON for machines."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape as escape_markup
from rich.table import Table

from edgeact.atomic import write_text
from edgeact.batch.names import FRAMES_SUFFIX
from edgeact.bundle.load import Bundle
from edgeact.errors import OutputError
from edgeact.plain_text import printable
from edgeact.terminal import write_result
from edgeact.verify import GraphCheck

if TYPE_CHECKING:
    from edgeact.batch.messages import BatchReport
    from edgeact.bench import BenchReport, Timing

_MEGABYTE = 2**20


def summary_table(report: "BatchReport") -> Table:
    """Per input: what became of it and where, frames, time, speed, persons, and actions with their durations.

    Speed is in multiples of real time.
    """
    folders = {
        str(output.parent) for result in report.results for output in result.outputs
    }  # one, as a batch has one --out
    table = Table(
        box=SIMPLE,
        title=f"annotated into {_shown(', '.join(folders))}" if folders else "annotated",
        title_justify="left",
    )
    table.add_column("input", overflow="fold")
    for heading in ("frames", "seconds", "speed", "persons"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("actions", overflow="fold")
    colours = {"done": "green", "skipped": "dim", "interrupted": "yellow", "failed": "red"}
    for result in report.results:
        # a.mp4, a.events.csv, a.frames.jsonl → a.*
        outputs = f" → {_shown(result.outputs[-1].name.removesuffix(FRAMES_SUFFIX))}.*" if result.outputs else ""
        kept = (
            ", earlier results kept"
            if result.state == "interrupted" and result.summary is None and result.outputs
            else ""
        )
        name = f"{_shown(result.path.name)}\n[{colours[result.state]}]{result.state}{kept}[/]{outputs}"
        if (summary := result.summary) is None:
            table.add_row(name)
            continue
        speed = (
            f"{summary.media_seconds / summary.seconds:.1f}×"
            if min(summary.media_seconds, summary.seconds) > 0
            else "–"
        )
        longest_first = sorted(summary.action_seconds.items(), key=lambda item: -item[1])
        actions = ", ".join(f"{_shown(label)} {seconds:.1f} s" for label, seconds in longest_first) or "–"
        table.add_row(name, str(summary.frames), f"{summary.seconds:.1f}", speed, str(summary.tracks), actions)
    return table


def bench_tables(report: "BenchReport") -> Group:
    """The three measurements, the stages, and one line each on the ratio, memory and machine."""
    size = f"{report.width}×{report.height}, {report.frames} frames, {report.media_seconds:.1f} s"
    title = f"{report.file}: {size}; {report.repeats} repeats"
    measured = _table(title, left=("measured",), right=("seconds", "cpu seconds", "frames/s", "÷ decode+encode"))
    for name, timing in (
        ("decode", report.decode),
        ("decode+encode", report.decode_encode),
        ("full pipeline", report.full),
    ):
        measured.add_row(name, *_timing_cells(timing, report.decode_encode))
    stages = _table("time a frame", left=("stage",), right=("frames", "p50 ms", "p95 ms"))
    for stage, times in {**report.stages, "age of frame": report.frame_age}.items():
        stages.add_row(stage, str(int(times["count"])), f"{times['p50_ms']:.2f}", f"{times['p95_ms']:.2f}")
    lines = (
        f"[bold]full ÷ decode+encode = {report.ratio:.2f}[/] (cpu time {report.cpu_ratio:.2f}), "
        f"{report.real_time_factor:.2f}× real time, "
        f"up to {report.persons_per_frame} persons a frame",
        f"memory: {report.peak_memory / _MEGABYTE:.0f} MB at the peak, {report.idle_memory / _MEGABYTE:.0f} MB "
        "before the first frame",
        _shown(f"machine: {report.machine}"),
        _shown("versions: " + ", ".join(f"{name} {version}" for name, version in report.versions.items())),
    )
    return Group(measured, stages, *lines)


def _timing_cells(timing: "Timing", base: "Timing") -> tuple[str, str, str, str]:
    return (
        f"{timing.seconds:.2f}",
        f"{timing.cpu_seconds:.2f}",
        f"{timing.frames_per_second:.1f}",
        f"{timing.seconds / base.seconds:.2f}",
    )


def verify_table(bundle: Bundle, checks: Sequence[GraphCheck]) -> Table:
    """A row a graph: what it is, how large, whether it is sound, and how long it takes."""
    manifest = bundle.manifest
    name = f"{manifest.name} {manifest.version} ({bundle.directory})"
    title = f"{name}, digest {bundle.digest[:12]}, {len(bundle.plan.labels)} labels"
    table = _table(title, left=("graph", "scope/horizon", "sha256", "provider", "state"), right=("MB", "ms"))
    for check in checks:
        graph = check.graph
        state = "[green]ok[/]" if check.fault is None else f"[red]{_shown(str(check.fault))}[/]"
        milliseconds = "–" if check.fault is not None else f"{check.seconds * 1e3:.1f}"
        kind = f"{graph.scope}/{graph.horizon}"
        table.add_row(
            _shown(graph.name),
            kind,
            graph.sha256[:12],
            _shown(check.provider.removesuffix("ExecutionProvider")),
            state,
            f"{check.size / _MEGABYTE:.2f}",
            milliseconds,
        )
    return table


def write_json(data: dict[str, Any], path: Path | None) -> None:
    """Write to a file, pipe or device, or to stdout when ``path`` is None.

    Raises:
        OutputError: The file cannot be written.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    if path is None:
        write_result(text)
        return
    try:
        if path.is_file() or not path.exists():
            write_text(path, text)
        else:  # a pipe or a device, which no file may replace
            path.write_text(text, encoding="utf-8")
    except (OSError, OutputError) as error:
        cause = error.__cause__ if isinstance(error, OutputError) else error
        reason = getattr(cause, "strerror", None) or cause
        raise OutputError(f"{path} cannot be written ({reason}); choose another path") from error


def _shown(text: str) -> str:
    """Words of others as rich markup that shows them as they are, without control characters."""
    return escape_markup(printable(text))


def _table(title: str, *, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=SIMPLE, title=_shown(title), title_justify="left")
    for heading in left:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right")
    return table
