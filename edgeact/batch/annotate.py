"""Videos in, annotated videos and data out: a batch that can be interrupted and resumed, one input after the other.

For every input ``<stem>.mp4``, ``<stem>.events.csv``, ``<stem>.frames.jsonl`` and, as the record that makes them count,
``<stem>.run.json`` get their final names in this order, once all of them are complete.
"""

import contextlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from edgeact.atomic import concerns_all, remove_partials
from edgeact.batch.lock import own_folder
from edgeact.batch.messages import AnnotateOptions, BatchListener, BatchReport, InputResult, SilentListener
from edgeact.batch.outlets import open_outlets
from edgeact.batch.record import (
    RECORD_SUFFIX,
    InputRecord,
    RunRecord,
    RunSummary,
    fingerprint_input,
    is_current,
    is_output,
    is_whole,
    load_record,
    output_names,
    output_stems,
    record_path,
    run_settings,
    save_record,
)
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.capture.file import FileSource
from edgeact.capture.images import ImagesSource
from edgeact.capture.inputs import find_inputs, left_out
from edgeact.capture.open import open_source
from edgeact.capture.upright import check_turn
from edgeact.config import PipelineConfig
from edgeact.drawer import make_drawer
from edgeact.engine.engine import Engine
from edgeact.errors import (
    ArgumentTypeError,
    BackendError,
    BundleError,
    EdgeactError,
    OutputError,
    PipelineError,
    SourceFormatError,
    SourceNotFoundError,
    SourceTruncatedError,
    UsageError,
)
from edgeact.memory import MEGABYTE, check_memory
from edgeact.perception.stages import Stages
from edgeact.runtime.job import Budget, SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.report import SourceReport
from edgeact.runtime.session import run_source
from edgeact.sinks.base import Sink
from edgeact.sinks.video import VideoSink
from edgeact.stopping import COMPLETE_SECONDS, do_or_leave, left_behind


def annotate(
    inputs: Sequence[str],
    out_dir: Path,
    options: AnnotateOptions,
    *,
    listener: BatchListener | None = None,
    stop: threading.Event | None = None,
) -> BatchReport:
    """Annotate every input into ``out_dir``; a bad input does not keep the others from being done.

    Args:
        inputs: Files, globs, folders of videos or folders of images.
        out_dir: Where outputs go; created when missing.
        options: How to do it.
        listener: Told of the progress.
        stop: When set, the input in work is finished with what was read, marked as interrupted, and the batch ends.

    Raises:
        BundleError: The bundle cannot be used, which concerns all inputs.
        BackendError: The device cannot be used, which concerns all inputs.
        OutputError: The folder for the outputs cannot be created or written.
        UsageError: An option has an unusable value.
        ArgumentTypeError: ``inputs`` is one string or path, of which every letter would be an input, or holds something
            else than strings.
    """
    _check_types(inputs)
    if options.every < 1:
        raise UsageError(f"every is {options.every}; it takes 1 (every frame) or more")
    check_turn(options.turn)
    listener = listener or SilentListener()
    stop = stop or threading.Event()
    bundle = do_or_leave(
        lambda: load_bundle(options.bundle), name="bundle", doing=f"reading {options.bundle or 'the bundle'}", stop=stop
    )
    batch = _Batch(bundle, out_dir, options, listener, stop, _LazyEngine(bundle, options.config))
    paths, results, ignored = do_or_leave(
        lambda: (*_find(inputs, out_dir), [line for pattern in inputs for line in left_out(pattern)]),
        name="inputs",
        doing="looking for the inputs",
        stop=stop,
    )
    total = len(paths) + len(results)
    with own_folder(out_dir), contextlib.closing(batch.engine):
        listener.batch_started(total)
        for line in ignored:
            listener.inputs_left_out(line)
        for failed in results:
            listener.input_ended(failed)
        for path, stem in zip(paths, output_stems(paths, out_dir), strict=True):
            if batch.stop.is_set():
                break
            result = _annotate_or_fail(batch, path, stem, sources=paths)
            results.append(result)
            listener.input_ended(result)
            if isinstance(result.error, OutputError) and concerns_all(result.error):
                break
    unfinished = len(results) < total or any(result.state == "interrupted" for result in results)
    return BatchReport(tuple(results), not_started=total - len(results), interrupted=unfinished and batch.stop.is_set())


def _check_types(inputs: object) -> None:
    if isinstance(inputs, (str, bytes, os.PathLike)):
        raise ArgumentTypeError(
            f"inputs is {inputs!r}, not a list; give [{os.fsdecode(inputs)!r}], also for a single input"
        )
    if not isinstance(inputs, Sequence):
        raise ArgumentTypeError(f"inputs is of type {type(inputs).__name__}; give a list of strings")
    for item in inputs:
        if not isinstance(item, str):
            raise ArgumentTypeError(
                f"inputs holds {item!r} of type {type(item).__name__}; give strings, such as str(path)"
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """An input that is about to be done."""

    source: FileSource | ImagesSource
    stages: Stages
    outlets: list[Outlet]
    source_record: InputRecord
    record: RunRecord | None
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Batch:
    bundle: Bundle
    out_dir: Path
    options: AnnotateOptions
    listener: BatchListener
    stop: threading.Event
    engine: "_LazyEngine"


class _LazyEngine:
    """The graphs of a batch: opened once, with the first input that needs them, for all inputs."""

    def __init__(self, bundle: Bundle, config: PipelineConfig) -> None:
        self._bundle, self._config = bundle, config
        self._engine: Engine | None = None
        self._stages: Stages | None = None

    def open_stages(self) -> Stages:
        if self._stages is None:
            self._engine = Engine(self._bundle, device=self._config.device, threads=self._config.threads)
            self._stages = Stages(self._engine)
        return self._stages

    def close(self) -> None:
        if self._engine is not None and not left_behind():  # what hangs may still run a graph
            self._engine.close()


def _find(patterns: Sequence[str], out_dir: Path) -> tuple[list[Path], list[InputResult]]:
    paths: dict[Path, Path] = {}  # by resolved path: an input that two patterns name is done once
    failed: list[InputResult] = []
    written: list[Path] = []
    for pattern in patterns:
        try:
            for path in find_inputs([pattern]):
                _check_input(path, out_dir)
                if is_output(
                    path
                ):  # a pattern, or the shell, that also matches what an earlier run wrote does not mean it
                    written.append(path)
                else:
                    paths.setdefault(path.resolve(), path)
        except EdgeactError as error:
            failed.append(InputResult(Path(_printable(pattern)), "failed", error=error))
    if written and not paths and not failed:
        own = SourceNotFoundError(
            f"{', '.join(patterns)}: only files that edgeact wrote itself; name the original videos"
        )
        failed.append(InputResult(written[0], "failed", error=own))
    return list(paths.values()), failed


def _check_input(path: Path, out_dir: Path) -> None:
    """Refuse what would end badly much later."""
    if path.is_dir() and path.resolve() == out_dir.resolve():
        raise UsageError(f"{path} holds the images and is where results would go; choose another folder for --out")
    if str(path) != _printable(str(path)):
        raise SourceNotFoundError(
            f"{_printable(str(path))}: its name is no UTF-8, which no result could carry; rename it"
        )


def _printable(name: str) -> str:
    """A file name with what is no UTF-8 in it as escapes."""
    return name.encode("utf-8", errors="backslashreplace").decode()


def _annotate_or_fail(batch: _Batch, path: Path, stem: str, *, sources: Sequence[Path]) -> InputResult:
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


def _annotate_one(batch: _Batch, path: Path, stem: str, *, sources: Sequence[Path]) -> InputResult:
    began = len(left_behind())
    stack = contextlib.ExitStack()
    try:
        return _annotate_open(batch, path, stem, sources=sources, stack=stack)
    finally:
        if len(left_behind()) == began:
            do_or_leave(stack.close, name="cleaning", doing=f"closing the files of {path}", stop=batch.stop)
        else:  # what hangs may still use all that is open; only the unfinished files' names can be taken away
            _remove_partials(batch, stem)


def _annotate_open(
    batch: _Batch, path: Path, stem: str, *, sources: Sequence[Path], stack: contextlib.ExitStack
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
        draw=make_drawer(batch.bundle.plan) if options.video else None,
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
        lambda: _commit(
            batch,
            stem,
            [outlet.sink for outlet in opened.outlets],
            RunRecord(state=state, input=opened.source_record, settings=opened.settings, outputs={}, summary=summary),
            earlier=record,
        ),
        name="completing",
        doing=f"completing the files of {path}",
        stop=batch.stop,
        seconds=COMPLETE_SECONDS,
    )
    return _judged(batch, InputResult(path, state, _outputs(batch.out_dir, finished), finished.summary))


def _open(
    batch: _Batch, path: Path, stem: str, *, sources: Sequence[Path], stack: contextlib.ExitStack
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
    _refuse_to_clobber(batch, stem, record=record, source_record=source_record, sources=sources)
    _remove_partials(batch, stem)
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


def _remove_partials(batch: _Batch, stem: str) -> None:
    for name in output_names(stem, video=True):
        remove_partials(batch.out_dir / name)


def _judged(batch: _Batch, result: InputResult) -> InputResult:
    summary = result.summary
    if batch.options.strict and summary is not None and summary.truncated:
        return replace(result, state="failed", error=SourceTruncatedError(summary.warning))
    return result


def _outputs(out_dir: Path, record: RunRecord) -> tuple[Path, ...]:
    return tuple(out_dir / name for name in record.outputs)


def _refuse_to_clobber(
    batch: _Batch, stem: str, *, record: RunRecord | None, source_record: InputRecord, sources: Sequence[Path]
) -> None:
    outputs = [
        batch.out_dir / name for name in (*output_names(stem, video=batch.options.video), f"{stem}{RECORD_SUFFIX}")
    ]
    inputs = {source.resolve() for source in sources}
    for output in outputs:
        if output.resolve() in inputs:
            raise UsageError(f"{output} is an input and would be overwritten; choose another folder for --out")
    if batch.options.overwrite:
        return
    if (
        record is not None
        and record.input.path != source_record.path
        and record.input.fingerprint != source_record.fingerprint
    ):
        raise UsageError(
            f"{outputs[-1]} belongs to another input, {record.input.path}; choose another folder for --out, or "
            "--overwrite to replace it"
        )
    if record is None:
        for output in outputs:
            if output.exists():
                raise UsageError(
                    f"{output} exists and was not written by edgeact; choose another folder for --out, or --overwrite"
                )


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


def _commit(
    batch: _Batch, stem: str, sinks: Sequence[Sink], finished: RunRecord, *, earlier: RunRecord | None
) -> RunRecord:
    """Give all outputs their final names; until the last line they do not count (see `edgeact.batch.record`)."""
    path = record_path(batch.out_dir, stem)
    names = output_names(stem, video=batch.options.video)
    # Outputs of earlier settings that these settings do not write; named while writing, so that they are not forgotten.
    written = earlier.outputs if earlier is not None else {}
    left_over = [name for name in output_names(stem, video=True) if name in written and name not in names]
    unfinished = finished.model_copy(
        update={"state": "writing", "summary": None, "outputs": dict.fromkeys((*names, *left_over), 0)}
    )
    save_record(path, unfinished)
    for sink in sinks:
        sink.close()
    for name in left_over:
        (batch.out_dir / name).unlink(missing_ok=True)
    outputs = {name: (batch.out_dir / name).stat().st_size for name in names}
    finished = finished.model_copy(update={"outputs": outputs, "summary": _with_notes(finished.summary, sinks)})
    save_record(path, finished)
    return finished


def _with_notes(summary: RunSummary | None, sinks: Sequence[Sink]) -> RunSummary | None:
    """The summary with what the written video does not hold."""
    notes = [sink.message for sink in sinks if isinstance(sink, VideoSink) and sink.message is not None]
    if summary is None or not notes:
        return summary
    return summary.model_copy(update={"warning": "; ".join(filter(None, [summary.warning, *notes]))})
