"""``edgeact.watch``: what is seen in a file, camera, stream or any pictures, as a Python loop."""

import contextlib
import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from edgeact.api.arguments import PathText, Settings, as_bundle, as_config, as_path
from edgeact.bundle.load import load_bundle
from edgeact.capture.base import SourceKind
from edgeact.capture.connection import LiveSettings
from edgeact.capture.open import open_source
from edgeact.engine.engine import Engine
from edgeact.memory import MEGABYTE
from edgeact.perception.stages import Stages
from edgeact.queues import BoundedQueue
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.session import Session
from edgeact.sinks.base import SinkInput
from edgeact.stopping import left_behind
from edgeact.types import Event, Observation, UInt8

# How long the end of a source may stay unnoticed; frames are handed over at once.
_POLL_SECONDS = 0.05


def watch(
    source: PathText | int | Iterable[Any],
    *,
    bundle: PathText | None = None,
    config: Settings | None = None,
    kind: SourceKind | None = None,
    every: int = 1,
    turn: int = 0,
    live: LiveSettings | None = None,
) -> Generator[Observation, None, None]:
    """What is seen in each frame of a source, while it is read.

    Of a file, a folder of images or an iterable every frame comes, in order; a loop that is slow makes it wait. Of a
    camera or stream the newest frame comes; a loop that is slow misses frames. Nothing is opened before the first
    round of the loop. Leaving it, by ``break``, an error or its end, stops everything: the source is closed and all
    threads end. (Where the generator has a name of its own, ``close()`` leaves it.)

    Args:
        source: A video, an image or a folder of images; a camera (``0``, ``/dev/video0``); the address of a stream
            (``rtsp://…``); or an iterable of pictures, ``(H, W, 3)`` uint8 RGB, or of pairs of a time in seconds and a
            picture. It is iterated in another thread, which is left behind five seconds after the loop where it still
            waits for a picture then. Pictures without a time are taken as 25 a second.
        bundle: ``compact``, ``accurate`` or the folder of another bundle; None takes ``compact``.
        config: Settings, such as ``{"max_persons": 2}``, or the path of a TOML file with them.
        kind: ``file`` for every frame, ``live`` for the newest; None decides by what the source is.
        every: Take each n-th frame only; of files, images and iterables.
        turn: Degrees to the right by which pictures are turned: 0, 90, 180 or 270.
        live: How cameras and streams are read.

    Yields:
        What is seen in the next frame.

    Raises:
        SourceNotFoundError: There is no such path, or it is a folder without images.
        SourceFormatError: The source cannot be decoded, or an item is no picture.
        SourceConnectionError: A camera or stream cannot be reached, or fails for good.
        BundleError: The bundle cannot be used.
        BackendError: The device cannot be used, or a graph failed.
        UsageError: An argument has a value that cannot be used.

    >>> for observation in watch("clip.mp4"):
    ...     for person in observation.persons:
    ...         print(f"{observation.frame.time:.2f} s: {person.track_id} {person.readings[0].labels}")
    ...     break
    """
    settings = as_config(config)
    with contextlib.ExitStack() as stack:
        opened = open_source(
            _named(source),
            kind=kind,
            every=every,
            turn=turn,
            max_megapixels=settings.max_megapixels,
            memory=settings.memory_megabytes * MEGABYTE,
            live=live,
        )
        stack.callback(opened.close)
        engine = Engine(load_bundle(as_bundle(bundle)), device=settings.device, threads=settings.threads)
        stack.callback(lambda: None if left_behind() else engine.close())  # what hangs may still run a graph
        session = stack.enter_context(Session(Stages(engine), settings))
        hand = _Handover(keeps_newest=opened.info.live)
        stack.callback(hand.waiting.close, discard=True)  # before the session stops, so that nothing waits for the loop
        outlet = Outlet("loop", hand, policy="newest" if opened.info.live else "wait")
        budget = Budget(settings.queue_frames, settings.memory_megabytes * MEGABYTE)
        run = session.add(SourceJob(opened, [outlet], budget=budget))
        while True:
            is_over = run.is_over  # asked first: what came before it is then waiting
            if hand.waiting.wait_for_item(0.0 if is_over else _POLL_SECONDS):
                observation = hand.waiting.get()
                if observation is not None:
                    yield observation
            elif is_over:
                break
        run.finish()
        run.result()  # raises what ended it, where that was no end


class _Handover:
    """The sink whose other side is the loop.

    Args:
        keeps_newest: An observation that the loop has not taken gives way to the next one.
    """

    def __init__(self, *, keeps_newest: bool) -> None:
        self.waiting: BoundedQueue[Observation] = BoundedQueue(1, drops_oldest=keeps_newest)

    @property
    def takes(self) -> frozenset[SinkInput]:
        return frozenset({"observations"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        self.waiting.put(observation)

    def write_event(self, event: Event) -> None:
        """Do nothing: the loop gets observations."""

    def close(self) -> None:
        """Do nothing: there is no file."""

    def abort(self) -> None:
        """Do nothing: there is no file."""


def _named(source: PathText | int | Iterable[Any]) -> str | Path | int | Iterable[Any]:
    """The source as `open_source` takes it; an empty path, which would mean the current folder, is refused."""
    if isinstance(source, str):
        as_path(source, name="source", may_be_here=False)
        return source
    return as_path(source, name="source", may_be_here=False) if isinstance(source, os.PathLike) else source
