"""What came of a source that is over: its report, or its error."""

from collections.abc import Sequence
from typing import NoReturn

from edgeact.errors import EdgeactError, PipelineError, remedy_for
from edgeact.runtime.capture_loop import CaptureLoop
from edgeact.runtime.outlet import Outlet, OutletLoop
from edgeact.runtime.report import STAGES, Counters, SourceReport
from edgeact.stopping import STOP_SECONDS


def make_report(
    capture: CaptureLoop, outlets: Sequence[OutletLoop], counters: Counters, *, seconds: float, is_cut_short: bool
) -> SourceReport:
    """The report of a source of which nothing failed.

    Args:
        capture: What was read.
        outlets: What was written.
        counters: What was perceived.
        seconds: Wall-clock time from the first read to the last write.
        is_cut_short: Whether a stop left no time for some frames that were read.
    """
    written = min(
        (loop.written for loop in outlets if _takes_all(loop.outlet) and loop.error is None), default=counters.frames
    )
    stopped = capture.captured - written - capture.newer - capture.over_budget if is_cut_short else 0
    dropped = {"newer_frame": capture.newer, "budget": capture.over_budget, "stopped": stopped}
    stages = counters.times.summary(STAGES)
    reports = {loop.outlet.name: loop.report() for loop in outlets}
    for name, report in reports.items():
        stages[name] = report.seconds
    return SourceReport(
        frames=written,
        seconds=seconds,
        media_seconds=counters.media_seconds,
        dropped={cause: count for cause, count in dropped.items() if count > 0},
        stages=stages,
        frame_age=counters.ages.summary(),
        peak_memory=counters.memory.peak,
        events=counters.events,
        tracks=counters.tracks,
        most_persons=counters.most_persons,
        action_seconds=dict(sorted(counters.action_seconds.items())),
        interrupted=not capture.is_exhausted,
        outlets=reports,
    )


def raise_failure(name: str, stage: str, error: BaseException, *, frames: int, hanging: Sequence[str]) -> NoReturn:
    """Raise what ended a source.

    Args:
        name: Of the source.
        stage: Name of the thread that failed.
        error: Why.
        frames: How many were perceived.
        hanging: Names of threads that were left behind.

    Raises:
        EdgeactError: ``error`` itself, where it is one.
        PipelineError: ``error`` was none, and is chained.
    """
    behind = f"{_left_behind(hanging)}; " if hanging else ""
    if isinstance(error, EdgeactError):
        if hanging:
            error.args = (f"{error}; {_left_behind(hanging)}",)
        raise error
    what = " ".join(f"{type(error).__name__}: {error}".split())
    raise PipelineError(
        f"{name}: the {stage} stage failed after {frames} frames ({what}); {behind}{remedy_for(error)}"
    ) from error


def raise_hanging(name: str, *, frames: int, hanging: Sequence[str]) -> NoReturn:
    """Raise that threads of a source that did not fail were left behind.

    Args:
        name: Of the source.
        frames: How many were perceived.
        hanging: Names of the threads.

    Raises:
        PipelineError: Always.
    """
    raise PipelineError(
        f"{name}: {_left_behind(hanging)} {STOP_SECONDS:.0f} s after the stop, with {frames} frames perceived; "
        "check the disk, network or device that it waits for"
    )


def _left_behind(hanging: Sequence[str]) -> str:
    """Threads that hang, as part of a sentence."""
    return f"the {' and '.join(hanging)} thread hangs and was left behind"


def _takes_all(outlet: Outlet) -> bool:
    """Whether an outlet takes every frame."""
    return outlet.policy == "wait" and bool(outlet.sink.takes & {"observations", "pictures"})
