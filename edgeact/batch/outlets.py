"""The files that are written for one input: the drawn video, the events, the observations."""

import contextlib
from pathlib import Path

from edgeact.batch.messages import AnnotateOptions
from edgeact.batch.names import EVENTS_SUFFIX, FRAMES_SUFFIX, VIDEO_SUFFIX
from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.capture.images import ImagesSource
from edgeact.memory import MEGABYTE
from edgeact.runtime.outlet import Outlet
from edgeact.sinks.base import Sink
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.sinks.video import VideoSink


def open_outlets(
    stack: contextlib.ExitStack,
    source: FileSource | ImagesSource,
    path: Path,
    *,
    out_dir: Path,
    stem: str,
    bundle: Bundle,
    options: AnnotateOptions,
) -> list[Outlet]:
    """Create the files of an input under their temporary names.

    Args:
        stack: Gives up what was created, unless it was closed before.
        source: The opened input.
        path: Where the input lies; the sound comes from there.
        out_dir: Folder of the results.
        stem: Name of the results.
        bundle: What observations come from.
        options: How the batch is annotated.

    Raises:
        OutputError: A file cannot be created.
    """
    info = source.info
    outlets: list[Outlet] = []

    def keep(name: str, sink: Sink) -> None:
        stack.callback(sink.abort)  # does nothing to a sink that was closed
        outlets.append(Outlet(name, sink))

    if options.video:
        keep(
            "video",
            VideoSink(
                out_dir / f"{stem}{VIDEO_SUFFIX}",
                info=info,
                source_path=path if path.is_file() else None,
                clock=source.clock if isinstance(source, FileSource) else None,
                memory=options.config.memory_megabytes * MEGABYTE,
            ),
        )
    keep("events", EventsSink(out_dir / f"{stem}{EVENTS_SUFFIX}"))
    frames_path = out_dir / f"{stem}{FRAMES_SUFFIX}"
    keep("frames", JsonlSink(frames_path, info=info, bundle=bundle, config=options.config, every=options.every))
    return outlets
