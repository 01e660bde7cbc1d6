"""Takes what is perceived of a source, and keeps the newest frame ready for the window.

Frames never travel in signals: `NewestFrame` tells once that there is something new, and the window takes the newest
when it paints. What the window has no time for is replaced, so nothing piles up.
"""

import threading
import time
from collections.abc import Callable

from desktop_ui.bridge.concealing import SwitchableConcealer
from desktop_ui.bridge.shown_frame import ShownFrame, make_image
from desktop_ui.model.corrected import SourceCorrections
from desktop_ui.model.layers import Layers
from desktop_ui.model.tracks import TrackMemory
from edgeact.bundle.plan import Plan
from edgeact.drawing.steady import SteadyPersons
from edgeact.privacy.areas import PrivacyMode
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Float32, Observation, UInt8

MOST_SHOWN_A_SECOND = 30.0
_FIRST_ROOM = (640, 360)  # until a tile says how large it is


class NewestFrame:
    """A sink whose other side is a tile. Written by its outlet's thread, read by the window's.

    Args:
        layers: What is drawn; asked for every frame, from the outlet's thread.
        announce: Called once when there is a new frame, and not again before it was taken; from the outlet's thread.
        note_event: Told of every phase of an event, from the outlet's thread.
        key: See below.

    Attributes:
        key: Of the source in the window.
        tracks: What is remembered of every track.
        room: Width and height in device pixels that the tile has for the picture; set by the window.
        last_captured: `time.monotonic` of the newest frame; None before the first.
        corrections: What the operator has said of the source; every frame is shown by them. Set by the window.
    """

    def __init__(
        self,
        layers: Callable[[], Layers],
        announce: Callable[[], None],
        note_event: Callable[[Event], None] | None = None,
        *,
        key: int = 0,
    ) -> None:
        self.key = key
        self.tracks = TrackMemory()
        self.room = _FIRST_ROOM
        self.last_captured: float | None = None
        self.corrections = SourceCorrections()
        self._layers, self._announce, self._note_event = layers, announce, note_event
        self._steady: SteadyPersons | None = None
        self._concealer: SwitchableConcealer | None = None
        self._making = threading.Lock()  # one picture at a time: `redraw` comes from another thread
        self._lock = threading.Lock()
        self._shown: ShownFrame | None = None
        self._pinned: ShownFrame | None = None
        self._is_announced = False
        self._late: Observation | None = None  # came too soon after the one before; shown if nothing follows
        self._next = 0.0  # of `time.monotonic`

    def prepare(self, plan: Plan, *, most_persons: int) -> SwitchableConcealer:
        """A bundle is there, and frames are about to come.

        Args:
            plan: Of the bundle.
            most_persons: As many as are followed at most.

        Returns:
            What hides people in the frames before they come here.
        """
        self._concealer = SwitchableConcealer(lambda: self._layers().privacy, plan, most_persons=most_persons)
        self._steady = None
        if plan.persons is not None:
            self._steady = SteadyPersons(skeleton=plan.skeleton, joint_confidence=plan.joint_confidence)
        return self._concealer

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations and events; the tile draws for itself."""
        return frozenset({"observations", "events"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Take what is seen in one frame; makes it ready unless the last one was a moment ago."""
        self.tracks.note(observation)
        self.last_captured = observation.frame.captured or time.monotonic()
        steady = observation if self._steady is None else self._steady.smooth(observation)
        now = time.monotonic()
        if now < self._next:
            self._late = steady
            return
        # Half a frame early is in time, or of 30 frames a second every second one would be left out.
        self._next = max(self._next + 1 / MOST_SHOWN_A_SECOND, now + 0.5 / MOST_SHOWN_A_SECOND)
        self._show(steady)

    def privacy_asked(self) -> PrivacyMode:
        """What of people is to be shown now."""
        return self._layers().privacy

    def show(self, observation: Observation, trails: dict[int, Float32], privacy: PrivacyMode) -> None:
        """Show a frame that was kept, whichever was shown before.

        Args:
            observation: Of the frame, with a picture in which people are hidden as asked.
            trails: ``(N, 2)`` pixels of the frame by track.
            privacy: How people are hidden in it.
        """
        steady = observation if self._steady is None else self._steady.smooth(observation)
        with self._making:
            self._make(steady, trails, privacy)

    def write_event(self, event: Event) -> None:
        """Tell the window of a phase of an event."""
        if self._note_event is not None:
            self._note_event(event)

    def close(self) -> None:
        """Show the last frame, if it was left out."""
        if self._late is not None:
            self._show(self._late)

    def abort(self) -> None:
        """Do nothing: there is no file."""

    def newest(self) -> ShownFrame | None:
        """The newest frame; the next one will be announced."""
        with self._lock:
            self._is_announced = False
            return self._pinned or self._shown

    def peek(self) -> ShownFrame | None:
        """The newest frame for somebody else than the tile: the tile is still told of it."""
        with self._lock:
            return self._pinned or self._shown

    def pin(self, observation: Observation | None, privacy: PrivacyMode | None = None) -> None:
        """Show a frame of the past, and nothing newer, until this is called with None; for live sources.

        Args:
            observation: The frame with its picture; None shows the newest one again.
            privacy: What was hidden in it.
        """
        pinned = None
        if observation is not None:
            pinned = self._made(observation, {}, privacy)
        with self._lock:
            self._pinned = pinned

    @property
    def pinned(self) -> ShownFrame | None:
        """The frame of the past that is shown; None while the newest one is."""
        with self._lock:
            return self._pinned

    def redraw(self) -> None:
        """Make the newest frame ready again: the tile or the layers have changed; on a thread that may take time."""
        with self._making:
            with self._lock:
                shown, pinned = self._shown, self._pinned
            if pinned is not None:
                again = self._made(pinned.seen, pinned.seen_trails, pinned.privacy)
                with self._lock:
                    self._pinned = again if self._pinned is pinned else self._pinned
            if shown is not None:
                self._make(shown.seen, shown.seen_trails, shown.privacy)

    def _show(self, observation: Observation) -> None:
        with self._making:
            privacy = None if self._concealer is None else self._concealer.mode_of(observation.frame)
            self._make(observation, self.tracks.trails(observation), privacy)

    def _make(self, observation: Observation, trails: dict[int, Float32], privacy: PrivacyMode | None) -> None:
        self._late = None
        shown = self._made(observation, trails, privacy)
        with self._lock:
            self._shown = shown
            is_first, self._is_announced = not self._is_announced, True
        if is_first:
            self._announce()

    def _made(self, seen: Observation, trails: dict[int, Float32], privacy: PrivacyMode | None) -> ShownFrame:
        """A frame as it is shown: by what the operator has said of it."""
        said = self.corrections
        numbered = {said.number(track, said.time(seen)): trail for track, trail in trails.items()}
        image = make_image(seen, self.room, self._layers())
        return ShownFrame(said.observation(seen), image, numbered, privacy, seen, trails)
