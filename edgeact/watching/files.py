"""The files that a watched source leaves: what they are called, and the sinks that write them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgeact.batch.names import EVENTS_SUFFIX, FRAMES_SUFFIX, VIDEO_SUFFIX
from edgeact.bundle.load import Bundle
from edgeact.capture.base import SourceInfo
from edgeact.capture.open import AnySource
from edgeact.errors import OutputError
from edgeact.memory import MEGABYTE
from edgeact.runtime.outlet import Outlet
from edgeact.sinks.base import Sink
from edgeact.sinks.deferred import DeferredSink
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.sinks.video import VideoSink
from edgeact.types import Observation
from edgeact.watching.watched import WatchOptions

# A file that cannot be written as fast as frames come (a slow card) loses the oldest of so many that wait.
WAITING_FRAMES = 32


@dataclass(slots=True, eq=False)
class SourceFiles:
    """The files of one source.

    Attributes:
        sinks: By final name; opened with the first frame, so that a source that gives none leaves nothing.
    """

    sinks: dict[Path, Sink] = field(default_factory=dict)

    def complete(self) -> tuple[Path, ...]:
        """Give all files their final names; those that there are.

        Raises:
            OutputError: One of them cannot be completed; the others are.
        """
        failure: OutputError | None = None
        for sink in self.sinks.values():
            try:
                sink.close()
            except OutputError as error:
                failure = error
        if failure is not None:
            raise failure
        return tuple(path for path in self.sinks if path.exists())

    def abort(self) -> None:
        """Leave nothing that was not completed."""
        for sink in self.sinks.values():
            sink.abort()


def open_outlets(
    files: SourceFiles, source: AnySource, *, out_dir: Path, stem: str, bundle: Bundle, options: WatchOptions
) -> list[Outlet]:
    """Prepare the files of a source.

    Args:
        files: Filled with the sinks, also where one of them cannot be opened.
        source: The opened source.
        out_dir: Folder of the results.
        stem: Name of the results.
        bundle: What observations come from.
        options: How the sources are watched.

    Raises:
        OutputError: There is a file of that name already, or one cannot be created.
    """
    config = options.config
    frames, events, video = (out_dir / f"{stem}{suffix}" for suffix in (FRAMES_SUFFIX, EVENTS_SUFFIX, VIDEO_SUFFIX))
    for path in (frames, events, *([video] if options.video else [])):
        if path.exists():
            raise OutputError(f"{path} exists; choose another folder for --out: what a camera saw cannot be seen again")

    def open_frames(first: Observation) -> Sink:
        return JsonlSink(frames, info=_info(source, first), bundle=bundle, config=config, every=1)

    def open_video(first: Observation) -> Sink:
        memory = config.memory_megabytes * MEGABYTE
        return VideoSink(video, info=_info(source, first), source_path=None, memory=memory)

    files.sinks[frames] = DeferredSink(frozenset({"observations"}), open_frames)
    # It takes observations, too, so that it is there once a frame was: no events are also a result.
    files.sinks[events] = DeferredSink(frozenset({"observations", "events"}), lambda first: EventsSink(events))  # noqa: ARG005
    if options.video:
        files.sinks[video] = DeferredSink(frozenset({"pictures"}), open_video)
    if source.info.live:
        return [
            Outlet(path.name, sink, policy="drop_oldest", capacity=WAITING_FRAMES) for path, sink in files.sinks.items()
        ]
    return [Outlet(path.name, sink) for path, sink in files.sinks.items()]


def file_stems(names: Sequence[str]) -> list[str]:
    """What the files of each source are called: no two alike, and only letters, digits, dots and dashes.

    Args:
        names: Of the sources, without secrets.
    """
    stems: list[str] = []
    for name in names:
        is_address = "://" in name
        text = re.sub(r"^[a-zA-Z]+://(\*\*\*@)?", "", name) if is_address else Path(name).stem
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.") or "source"
        numbered = (f"{plain}-{number}" for number in range(2, len(names) + 2))
        stems.append(next(stem for stem in (plain, *numbered) if stem not in stems))
    return stems


def _info(source: AnySource, first: Observation) -> SourceInfo:
    height, width = first.frame.image.shape[:2]
    return replace(source.info, width=width, height=height)
