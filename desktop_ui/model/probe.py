"""Tries a source before it is taken: what it gives, or precisely why it gives nothing."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from desktop_ui.model.sources import SourceSpec
from edgeact.capture.base import SourceState
from edgeact.capture.connection import LiveSettings
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.live import LiveSource
from edgeact.capture.open import open_source

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 12.0  # a first picture may take that long: cameras send a key frame every ten seconds or so


@dataclass(frozen=True, slots=True)
class Probe:
    """What a source gave: width, height, announced frames a second (None: it does not say), seconds to the first."""

    width: int
    height: int
    rate: float | None
    seconds: float


def probe(spec: SourceSpec, stop: threading.Event) -> Probe | None:
    """Open a source, wait for its first picture, and close it.

    Args:
        spec: The source.
        stop: When set, nobody waits any more.

    Returns:
        What it gave; None after a stop.

    Raises:
        EdgeactError: It gives nothing; a `SourceFaultError` says what is wrong.
    """
    began = time.monotonic()
    name = Path(spec.name) if spec.sort == "file" else spec.name
    source = open_source(
        name, turn=spec.turn, live=LiveSettings(transport=spec.transport, size=spec.size, rate=spec.rate)
    )
    with source:
        if isinstance(source, LiveSource):
            _wait_for_picture(source, stop, until=began + _PATIENCE_SECONDS)
        if stop.is_set():
            return None
        info = source.info
        rate = None if info.frame_rate is None else float(info.frame_rate)
        return Probe(info.width, info.height, rate, time.monotonic() - began)


def _wait_for_picture(source: LiveSource, stop: threading.Event, *, until: float) -> None:
    while not stop.wait(_POLL_SECONDS):
        status = source.status
        if status.frames:
            return
        if status.fault is not None and status.state in (SourceState.FAILED, SourceState.RECONNECTING):
            raise status.fault
        if time.monotonic() > until:
            raise SourceFaultError(status.name, FaultKind.TIMEOUT, "it gives no picture")
