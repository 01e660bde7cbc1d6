"""The tables at the end."""

import io
from pathlib import Path

from rich.console import Console, RenderableType

from edgeact.batch.messages import BatchReport, InputResult
from edgeact.batch.record import RunSummary
from edgeact.errors import OutputError, SourceFormatError, SourceNotFoundError
from edgeact.report import summary_table

SUMMARY = RunSummary(
    frames=20,
    seconds=2.0,
    media_seconds=0.8,
    tracks=2,
    most_persons=2,
    action_seconds={"wave": 0.5, "walk": 3.0},
    truncated=False,
    warning=None,
)


def text(table: RenderableType) -> str:
    output = io.StringIO()
    Console(file=output, width=80).print(table)
    return output.getvalue()


def test_the_summary_says_what_was_found_longest_action_first() -> None:
    outputs = tuple(Path("out") / f"a{suffix}" for suffix in (".mp4", ".events.csv", ".frames.jsonl"))
    done = InputResult(Path("in/a.mp4"), "done", outputs, SUMMARY)
    failed = InputResult(Path("in/[b].mp4"), "failed", error=SourceFormatError("x"))
    shown = text(summary_table(BatchReport((done, failed), not_started=0, interrupted=False)))
    for words in (
        "a.mp4",
        "done",
        "walk 3.0 s, wave 0.5 s",
        "annotated into out",
        "→ a.*",
        "20",
        "0.4×",
        "[b].mp4",
        "failed",
    ):
        assert words in shown


def test_exit_codes_of_a_batch() -> None:
    good = InputResult(Path("a"), "done")
    missing = InputResult(Path("b"), "failed", error=SourceNotFoundError("b"))
    full = InputResult(Path("c"), "failed", error=OutputError("c"))

    def code(*results: InputResult, not_started: int = 0, interrupted: bool = False) -> int:
        return BatchReport(results, not_started=not_started, interrupted=interrupted).exit_code

    assert code() == 0
    assert code(good) == 0
    assert code(missing) == 10
    assert code(good, missing) == 3
    assert code(missing, missing) == 3
    assert code(missing, not_started=1) == 3
    assert code(good, full, not_started=5) == 13
    assert code(good, missing, interrupted=True) == 130
