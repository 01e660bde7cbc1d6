"""How a source stands, as the operator sees it: one picture for each state."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from desktop_ui.model.play_head import PlayState
from edgeact.capture.base import SourceState
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.live import LiveSource
from edgeact.errors import EdgeactError
from edgeact.watching.watched import Watched


class Phase(Enum):
    """What a source's tile shows."""

    OPENING = "opening"
    WARMING_UP = "warming up"
    RUNNING = "running"
    PAUSED = "paused"
    STALLED = "stalled"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    REFUSED = "bundle refused"
    ENDED = "ended"


class Help(Enum):
    """What the one button of a failed source does."""

    RETRY = "retry"
    EDIT = "edit"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one source stands at one moment.

    Attributes:
        phase: See `Phase`.
        reason: Why it does not run, in a few words; empty while it does.
        remedy: What to do about it; empty where nothing is to be done.
        help: What the button does that is offered; None offers none.
        seconds: Of a stalled source since its last frame, of one that reconnects until the next attempt (0 while it
            tries), of a warm-up since it began; else 0.
        expected: Seconds that a warm-up took the last time; None where that is not known.
        is_live: A camera or stream, not a recording.
        size: Width and height of the frames, (0, 0) before the first.
        mode: What a camera was asked for and what it gives; None of other sources.
        epoch: How often it was connected to anew.
        came: Frames that came so far.
        processed: Frames that were perceived so far.
        dropped: Frames that came and were not perceived, by cause.
        persons: In the last frame.
        labels: Actions in force in it.
        age: Seconds from the capture of the last frame to its observation.
    """

    phase: Phase
    reason: str = ""
    remedy: str = ""
    help: Help | None = None
    seconds: float = 0.0
    expected: float | None = None
    is_live: bool = False
    size: tuple[int, int] = (0, 0)
    mode: str | None = None
    epoch: int = 0
    came: int = 0
    processed: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    persons: int = 0
    labels: tuple[str, ...] = ()
    age: float = 0.0


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The graphs are being opened.

    Attributes:
        began: `time.monotonic`.
        expected: Seconds that it took the last time, or None.
    """

    began: float
    expected: float | None


_PHASES = {
    SourceState.STARTING: Phase.OPENING,
    SourceState.RUNNING: Phase.RUNNING,
    SourceState.STALLED: Phase.STALLED,
    SourceState.RECONNECTING: Phase.RECONNECTING,
    SourceState.ENDED: Phase.ENDED,
    SourceState.FAILED: Phase.FAILED,
}
# Of these faults the address or the camera's mode is to be changed; the others may be gone when it is tried again.
_TO_EDIT = frozenset({FaultKind.AUTH, FaultKind.TLS, FaultKind.NOT_FOUND, FaultKind.CODEC})


def standing_of(
    watched: Watched, warm_up: WarmUp | None, *, last_frame: float | None = None, now: float | None = None
) -> Standing:
    """How a source stands.

    Args:
        watched: The source.
        warm_up: While the graphs are not open yet, when that began; then None.
        last_frame: `time.monotonic` at which the last frame was captured; None before the first.
        now: Of `time.monotonic`; None asks for it.
    """
    now = time.monotonic() if now is None else now
    error = watched.error
    if error is not None:
        return _failed(watched, error)
    phase = _PHASES[watched.state]
    source, run = watched.source, watched.run
    live = source if isinstance(source, LiveSource) else None
    status = None if live is None else live.status
    counted = None if run is None else run.status()
    seconds, expected = 0.0, None
    if warm_up is not None and phase not in (Phase.RECONNECTING, Phase.FAILED):
        phase, seconds, expected = Phase.WARMING_UP, now - warm_up.began, warm_up.expected
    elif phase is Phase.RUNNING and watched.frames == 0:
        phase = Phase.OPENING
    elif phase is Phase.STALLED and last_frame is not None:
        seconds = now - last_frame
    elif status is not None and phase is Phase.RECONNECTING and status.next_attempt is not None:
        seconds = max(0.0, status.next_attempt - now)
    fault = None if status is None or phase not in (Phase.STALLED, Phase.RECONNECTING) else status.fault
    dropped = {} if counted is None else dict(counted.dropped)
    if status is not None and status.dropped:
        dropped["newer_frame"] = dropped.get("newer_frame", 0) + status.dropped
    info = None if source is None else source.info
    return Standing(
        phase=phase,
        reason="" if fault is None else fault.reason,
        seconds=seconds,
        expected=expected,
        is_live=info is not None and info.live,
        size=(0, 0) if info is None else (info.width, info.height),
        mode=watched.mode,
        epoch=watched.epoch,
        came=status.frames if status is not None else 0 if counted is None else counted.captured,
        processed=watched.frames,
        dropped=dropped,
        persons=watched.persons,
        labels=watched.labels,
        age=watched.age,
    )


def standing_refused(fault: EdgeactError) -> Standing:
    """How every source stands while there is no bundle that can be used."""
    reason, _, remedy = str(fault).partition("; ")
    return Standing(Phase.REFUSED, reason=reason, remedy=remedy, help=Help.BUNDLE)


def standing_played(standing: Standing, play: PlayState) -> Standing:
    """How a file stands that is perceived and played: its player decides, once there is a frame."""
    if play.count == 0 or standing.phase in (Phase.FAILED, Phase.WARMING_UP):
        return standing
    phase = Phase.RUNNING if play.is_playing else Phase.ENDED if play.is_at_end else Phase.PAUSED
    return replace(standing, phase=phase)


def _failed(watched: Watched, error: EdgeactError) -> Standing:
    reason, _, remedy = str(error).partition("; ")
    if isinstance(error, SourceFaultError):
        reason = error.reason
    reason = reason.removeprefix(f"{watched.name}: ")
    kind = error.kind if isinstance(error, SourceFaultError) else None
    is_fixed = kind in _TO_EDIT or isinstance(error, (FileNotFoundError, ValueError))
    return Standing(
        Phase.FAILED,
        reason=reason,
        remedy=remedy,
        help=Help.EDIT if is_fixed else Help.RETRY,
        is_live=kind is not None,
        epoch=watched.epoch,
        processed=watched.frames,
    )
