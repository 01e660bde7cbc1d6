"""How the outputs of an input take their places: what they may not replace, and the order in which they get names."""

from collections.abc import Sequence
from pathlib import Path

from edgeact.atomic import remove_partials
from edgeact.batch.messages import AnnotateOptions
from edgeact.batch.names import RECORD_SUFFIX, output_names, record_path
from edgeact.batch.record import InputRecord, RunRecord, RunSummary, save_record
from edgeact.errors import UsageError
from edgeact.sinks.base import Sink
from edgeact.sinks.video import VideoSink


def remove_unfinished(out_dir: Path, stem: str) -> None:
    """Remove what an interrupted run left of an input's outputs under temporary names."""
    for name in output_names(stem, video=True):
        remove_partials(out_dir / name)


def refuse_to_clobber(
    out_dir: Path,
    stem: str,
    options: AnnotateOptions,
    *,
    record: RunRecord | None,
    source_record: InputRecord,
    sources: Sequence[Path],
) -> None:
    """Refuse to write over inputs, and, without ``--overwrite``, over files of others.

    Args:
        out_dir: Folder of the results.
        stem: Name of the input's results.
        options: How the batch is annotated.
        record: What an earlier run wrote under this name.
        source_record: The input.
        sources: All inputs of the batch.

    Raises:
        UsageError: An output's name belongs to somebody else.
    """
    outputs = [out_dir / name for name in (*output_names(stem, video=options.video), f"{stem}{RECORD_SUFFIX}")]
    inputs = {source.resolve() for source in sources}
    for output in outputs:
        if output.resolve() in inputs:
            raise UsageError(f"{output} is an input and would be overwritten; choose another folder for --out")
    if options.overwrite:
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


def commit(
    out_dir: Path, stem: str, sinks: Sequence[Sink], finished: RunRecord, *, video: bool, earlier: RunRecord | None
) -> RunRecord:
    """Give all outputs their final names; until the last line they do not count (see `edgeact.batch.record`).

    Args:
        out_dir: Folder of the results.
        stem: Name of the input's results.
        sinks: Of the input; they are closed.
        finished: The record, without the outputs' sizes.
        video: Whether the drawn video is among the outputs.
        earlier: What an earlier run wrote under this name.

    Returns:
        The record as it was saved.

    Raises:
        OutputError: A file cannot be completed.
    """
    path = record_path(out_dir, stem)
    names = output_names(stem, video=video)
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
        (out_dir / name).unlink(missing_ok=True)
    outputs = {name: (out_dir / name).stat().st_size for name in names}
    finished = finished.model_copy(update={"outputs": outputs, "summary": _with_notes(finished.summary, sinks)})
    save_record(path, finished)
    return finished


def _with_notes(summary: RunSummary | None, sinks: Sequence[Sink]) -> RunSummary | None:
    """The summary with what the written video does not hold."""
    notes = [sink.message for sink in sinks if isinstance(sink, VideoSink) and sink.message is not None]
    if summary is None or not notes:
        return summary
    return summary.model_copy(update={"warning": "; ".join(filter(None, [summary.warning, *notes]))})
