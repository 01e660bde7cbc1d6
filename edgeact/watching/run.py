"""Sources in, a live status and files out: no source waits for another one, and one that fails leaves the others."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgeact.batch.lock import own_folder
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.capture.address import shown_name
from edgeact.capture.iterable import ITERABLE_NAME
from edgeact.capture.live import LiveSource
from edgeact.capture.open import SourceName, open_source
from edgeact.drawing.drawer import make_drawer
from edgeact.engine.engine import Engine
from edgeact.errors import EdgeactError, UsageError
from edgeact.memory import MEGABYTE
from edgeact.perception.map_choice import MapChoice
from edgeact.perception.stages import Stages
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.session import Session
from edgeact.stopping import left_behind
from edgeact.watching.files import SourceFiles, file_stems, open_outlets
from edgeact.watching.watched import Watched, WatchOptions, WatchReport

TICK_SECONDS = 0.25


def watch(
    sources: Sequence[SourceName],
    out_dir: Path | None = None,
    options: WatchOptions | None = None,
    *,
    tick: Callable[[Sequence[Watched]], None] | None = None,
    stop: threading.Event | None = None,
) -> WatchReport:
    """Watch sources until all have ended, the time is over, or ``stop`` is set.

    Args:
        sources: As `edgeact.capture.open.open_source` takes them, at least one.
        out_dir: Where files go (``NAME.frames.jsonl``, ``NAME.events.csv``, with ``video`` also ``NAME.mp4``); None
            writes none.
        options: How to watch.
        tick: Told four times a second how the sources stand.
        stop: When set, what was read is finished, and the files are completed.

    Returns:
        How each source stands at the end; a source that failed is one of them.

    Raises:
        UsageError: There is no source, or an option cannot be used.
        BundleError: The bundle cannot be used.
        BackendError: The device cannot be used.
        OutputError: The folder for the files cannot be created or written.
    """
    if not sources:
        raise UsageError("there is nothing to watch; name at least one source")
    options, stop, began = options or WatchOptions(), stop or threading.Event(), time.monotonic()
    watched = [Watched(_name(source)) for source in sources]
    files = [SourceFiles() for _ in sources]
    with contextlib.ExitStack() as stack:
        if out_dir is not None:
            stack.enter_context(own_folder(out_dir))
        for one, name in zip(watched, sources, strict=True):  # live ones connect while the graphs are opened
            _open(one, name, options)
            stack.callback(one.close)
        bundle = load_bundle(options.bundle)
        MapChoice(bundle.plan, options.config.attention)  # a map that there is not is no fault of a source
        engine = Engine(bundle, device=options.config.device, threads=options.config.threads)
        stack.callback(lambda: None if left_behind() else engine.close())  # what hangs may still run a graph
        for own in files:
            stack.callback(own.abort)  # does nothing to what was completed
        session = stack.enter_context(Session(Stages(engine), options.config))
        stems = file_stems([one.name for one in watched])
        for one, own, stem in zip(watched, files, stems, strict=True):
            _begin(session, one, own, stem=stem, out_dir=out_dir, bundle=bundle, options=options)
        interrupted = _look_on(watched, seconds=options.seconds, began=began, tick=tick, stop=stop)
        hung_before = len(left_behind())
        session.stop()
        for one, own in zip(watched, files, strict=True):
            _settle(one)
            if len(left_behind()) == hung_before:  # what hangs may still use the files
                _complete(one, own)
    return WatchReport(tuple(watched), began, time.monotonic() - began, interrupted)


def _name(source: SourceName) -> str:
    return shown_name(str(source)) if isinstance(source, (str, Path, int)) else ITERABLE_NAME


def _open(watched: Watched, name: SourceName, options: WatchOptions) -> None:
    """Open a source; one that cannot be has failed, and the others go on."""
    try:
        watched.source = open_source(
            name,
            kind=options.kind,
            turn=options.turn,
            max_megapixels=options.config.max_megapixels,
            memory=options.config.memory_megabytes * MEGABYTE,
            live=options.live,
        )
    except EdgeactError as error:
        watched.error = error
    else:
        watched.name = watched.source.info.name


def _begin(
    session: Session[Any],
    watched: Watched,
    files: SourceFiles,
    *,
    stem: str,
    out_dir: Path | None,
    bundle: Bundle,
    options: WatchOptions,
) -> None:
    """Run a source that was opened."""
    source = watched.source
    if source is None:
        return
    try:
        outlets = []
        if out_dir is not None:
            outlets = open_outlets(files, source, out_dir=out_dir, stem=stem, bundle=bundle, options=options)
        watched.run = session.add(
            SourceJob(
                source,
                outlets,
                draw=make_drawer(bundle.plan, with_3d=options.config.draw_3d)
                if options.video and out_dir is not None
                else None,
                on_observation=watched.note,
                budget=Budget(options.config.queue_frames, options.config.memory_megabytes * MEGABYTE),
            )
        )
    except EdgeactError as error:
        watched.error = error
        source.close()


def _look_on(
    watched: Sequence[Watched],
    *,
    seconds: float | None,
    began: float,
    tick: Callable[[Sequence[Watched]], None] | None,
    stop: threading.Event,
) -> bool:
    """Wait until all sources are over or the time is; whether a stop ended it."""
    while any(one.run is not None and not one.run.is_over for one in watched):
        for one in watched:
            if one.run is not None and one.run.is_over and one.report is None and one.error is None:
                one.run.finish()
                _settle(one)
        if tick is not None:
            tick(watched)
        if stop.wait(TICK_SECONDS):
            return True
        if seconds is not None and time.monotonic() - began >= seconds:
            return False
    return False


def _settle(watched: Watched) -> None:
    """Store the report or the error of a source that has ended; does nothing while the source runs."""
    if watched.run is None or watched.report is not None or watched.error is not None:
        return
    try:
        watched.report = watched.run.result()
    except EdgeactError as error:
        watched.error = error
    else:
        if watched.frames == 0 and isinstance(watched.source, LiveSource):
            watched.error = watched.source.status.fault  # it was waited for in vain


def _complete(watched: Watched, files: SourceFiles) -> None:
    """What a camera saw is kept, whatever became of it later."""
    try:
        watched.outputs = files.complete() if watched.run is not None else ()
    except EdgeactError as error:
        watched.error = watched.error or error
