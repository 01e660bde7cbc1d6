"""Videos in, annotated videos and data out: a batch that can be interrupted and resumed, one input after the other.

For every input ``<stem>.mp4``, ``<stem>.events.csv``, ``<stem>.frames.jsonl`` and, as the record that makes them count,
``<stem>.run.json`` get their final names in this order, once all of them are complete.
"""

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

from edgeact.atomic import concerns_all
from edgeact.batch.inputs import check_types, find_batch_inputs
from edgeact.batch.lazy_engine import LazyEngine
from edgeact.batch.lock import own_folder
from edgeact.batch.messages import AnnotateOptions, BatchListener, BatchReport, SilentListener
from edgeact.batch.names import output_stems
from edgeact.batch.one_input import Batch, annotate_input
from edgeact.bundle.load import load_bundle
from edgeact.capture.inputs import left_out
from edgeact.capture.upright import check_turn
from edgeact.errors import OutputError, UsageError
from edgeact.perception.map_choice import MapChoice
from edgeact.stopping import do_or_leave


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
    check_types(inputs)
    if options.every < 1:
        raise UsageError(f"every is {options.every}; it takes 1 (every frame) or more")
    check_turn(options.turn)
    listener = listener or SilentListener()
    stop = stop or threading.Event()
    bundle = do_or_leave(
        lambda: load_bundle(options.bundle), name="bundle", doing=f"reading {options.bundle or 'the bundle'}", stop=stop
    )
    MapChoice(bundle.plan, options.config.attention)  # before any input is touched
    batch = Batch(bundle, out_dir, options, listener, stop, LazyEngine(bundle, options.config))
    paths, results, ignored = do_or_leave(
        lambda: (*find_batch_inputs(inputs, out_dir), [line for pattern in inputs for line in left_out(pattern)]),
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
            result = annotate_input(batch, path, stem, sources=paths)
            results.append(result)
            listener.input_ended(result)
            if isinstance(result.error, OutputError) and concerns_all(result.error):
                break
    unfinished = len(results) < total or any(result.state == "interrupted" for result in results)
    return BatchReport(tuple(results), not_started=total - len(results), interrupted=unfinished and batch.stop.is_set())
