"""One input of a batch: found to be done already, or opened, perceived, drawn, written, and its files given names."""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from edgeact.batch.commit import commit, refuse_to_clobber, remove_unfinished
from edgeact.batch.identity import fingerprint_input, run_settings
from edgeact.batch.lazy_engine import LazyEngine
from edgeact.batch.messages import AnnotateOptions, BatchListener, InputResult
from edgeact.batch.names import record_path
from edgeact.batch.outlets import open_outlets
from edgeact.batch.record import InputRecord, RunRecord, RunSummary, is_current, is_whole, load_record
from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.capture.images import ImagesSource
from edgeact.capture.open import open_source
from edgeact.drawing.drawer import make_drawer
from edgeact.errors import (
    BackendError,
    BundleError,
    EdgeactError,
    PipelineError,
    SourceFormatError,
    SourceNotFoundError,
    SourceTruncatedError,
)
from edgeact.memory import MEGABYTE, check_memory
from edgeact.perception.stages import Stages
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.report import SourceReport
from edgeact.runtime.session import run_source
from edgeact.stopping import COMPLETE_SECONDS, do_or_leave, left_behind


@dataclass(frozen=True, slots=True)
class Batch:
    """What all inputs of a batch share.

    Attributes:
        bundle: What observations come from.
        out_dir: Folder of the results.
        options: How the inputs are done.
        listener: Told of the progress.
        stop: When set, the input in work is finished with what was read.
        engine: The graphs, opened with the first input that needs them.
    """

    bundle: Bundle
    out_dir: Path
    options: AnnotateOptions
    listener: BatchListener
    stop: threading.Event
    engine: LazyEngine


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """An input that is about to be done."""

    source: FileSource | ImagesSource
    stages: Stages
    outlets: list[Outlet]
    source_record: InputRecord
    record: RunRecord | None
    settings: dict[str, Any]


def annotate_input(batch: Batch, path: Path, stem: str, *, sources: Sequence[Path]) -> InputResult:
    """Annotate one input of a batch, unless it was done before.

    Args:
        batch: What all inputs share.
        path: The input.
        stem: Name of its results.
        sources: All inputs of the batch, which no output may replace.

    Returns:
        What became of the input; a failure that concerns only this input is in it.

    Raises:
        BundleError: The bundle cannot be used.
        BackendError: The device cannot be used.
    """
    try:
        return _annotate_one(batch, path, stem, sources=sources)
    except (BundleError, BackendError):
        raise
    except EdgeactError as error:
        return InputResult(path, "failed", error=error)
    except OSError as error:  # whatever one file can do to us, the others are done
        return InputResult(path, "failed", error=_unexpected(path, error))


def _unexpected(path: Path, error: OSError) -> PipelineError:
    failure = PipelineError(
        f"{path} could not be done ({error.strerror or error}); check the file and the folder of the results"
    )
    failure.__cause__ = error
    return failure


def _annotate_one(batch: Batch, path: Path, stem: str, *, sources: Sequence[Path]) -> InputResult:
    began = len(left_behind())
    stack = contextlib.ExitStack()
    try:
        return _annotate_open(batch, path, stem, sources=sources, stack=stack)
    finally:
        if len(left_behind()) == began:
            do_or_leave(stack.close, name="cleaning", doing=f"closing the files of {path}", stop=batch.stop)
        else:  # what hangs may still use all that is open; only the unfinished files' names can be taken away
            remove_unfinished(batch.out_dir, stem)


def _annotate_open(
    batch: Batch, path: Path, stem: str, *, sources: Sequence[Path], stack: contextlib.ExitStack
) -> InputResult:
    opened = do_or_leave(
        lambda: _open(batch, path, stem, sources=sources, stack=stack),
        name="opening",
        doing=f"opening {path}",
        stop=batch.stop,
    )
    if isinstance(opened, InputResult):
        return opened
    options, source, record = batch.options, opened.source, opened.record
    batch.listener.input_started(path, source.info, options.every)
    job = SourceJob(
        source,
        opened.outlets,
        draw=make_drawer(batch.bundle.plan, with_3d=options.config.draw_3d) if options.video else None,
        on_observation=batch.listener.frame_done,
        budget=Budget(options.config.queue_frames, options.config.memory_megabytes * MEGABYTE),
    )
    report = run_source(opened.stages, job, config=options.config, stop=batch.stop)
    if report.interrupted and record is not None and is_whole(record, batch.out_dir):
        # Results of a whole video are not given up for those of its beginning.
        return InputResult(path, "interrupted", _outputs(batch.out_dir, record))
    if report.interrupted and report.frames == 0:
        return InputResult(path, "interrupted")
    if report.frames == 0:
        raise SourceFormatError(f"{path} holds no frame that can be decoded; copy or convert it again")
    summary = _summary(report, truncated=source.truncated, warning=source.message)
    state: Literal["interrupted", "done"] = "interrupted" if report.interrupted else "done"
    finished = do_or_leave(
        lambda: commit(
            batch.out_dir,
            stem,
            [outlet.sink for outlet in opened.outlets],
            RunRecord(state=state, input=opened.source_record, settings=opened.settings, outputs={}, summary=summary),
            video=options.video,
            earlier=record,
        ),
        name="completing",
        doing=f"completing the files of {path}",
        stop=batch.stop,
        seconds=COMPLETE_SECONDS,
    )
    return _judged(batch, InputResult(path, state, _outputs(batch.out_dir, finished), finished.summary))


def _open(
    batch: Batch, path: Path, stem: str, *, sources: Sequence[Path], stack: contextlib.ExitStack
) -> _Opened | InputResult:
    """All that an input needs, to be closed by ``stack``; or its result, where it was done before."""
    options = batch.options
    memory = options.config.memory_megabytes * MEGABYTE
    settings = run_settings(
        batch.bundle,
        options.config,
        every=options.every,
        video=options.video,
        turn=options.turn,
        stream=options.stream,
    )
    try:
        source_record = fingerprint_input(path)
    except OSError as error:
        raise SourceNotFoundError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    record = load_record(record_path(batch.out_dir, stem))
    if not options.overwrite and is_current(record, source_record, settings, batch.out_dir) and record is not None:
        return _judged(batch, InputResult(path, "skipped", _outputs(batch.out_dir, record), record.summary))
    refuse_to_clobber(batch.out_dir, stem, options, record=record, source_record=source_record, sources=sources)
    remove_unfinished(batch.out_dir, stem)
    source = open_source(
        path,
        every=options.every,
        turn=options.turn,
        stream=options.stream,
        max_megapixels=options.config.max_megapixels,
        memory=memory,
    )
    stack.callback(source.close)
    check_memory(source.info, memory=memory, drawn=options.video)
    stages = batch.engine.open_stages()
    outlets = open_outlets(stack, source, path, out_dir=batch.out_dir, stem=stem, bundle=batch.bundle, options=options)
    return _Opened(source, stages, outlets, source_record, record, settings)


def _judged(batch: Batch, result: InputResult) -> InputResult:
    summary = result.summary
    if batch.options.strict and summary is not None and summary.truncated:
        return replace(result, state="failed", error=SourceTruncatedError(summary.warning))
    return result


def _outputs(out_dir: Path, record: RunRecord) -> tuple[Path, ...]:
    return tuple(out_dir / name for name in record.outputs)


def _summary(report: SourceReport, *, truncated: bool, warning: str | None) -> RunSummary:
    return RunSummary(
        frames=report.frames,
        seconds=round(report.seconds, 3),
        media_seconds=round(report.media_seconds, 3),
        tracks=report.tracks,
        most_persons=report.most_persons,
        action_seconds={label: round(seconds, 3) for label, seconds in report.action_seconds.items()},
        truncated=truncated,
        warning=warning,
    )
