"""A file while it is played: the session perceives every frame once, here they are kept and shown whenever wished.

Perceiving runs ahead as fast as it may; what is shown waits for it only where it has not come so far.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from desktop_ui.bridge.concealing import SwitchableConcealer
from desktop_ui.bridge.frame_store import FrameStore
from desktop_ui.bridge.newest_frame import MOST_SHOWN_A_SECOND, NewestFrame
from desktop_ui.model.play_head import PlayHead, PlayState
from desktop_ui.model.tracks import TRAIL_SECONDS
from edgeact.bundle.plan import Plan
from edgeact.privacy.concealer import KEPT_SECONDS, SETTLING_SECONDS
from edgeact.sinks.base import SinkInput
from edgeact.stopping import named_thread, start_thread
from edgeact.types import AttentionMap, Event, Float32, Observation, Person, UInt8

_NO_PICTURE: UInt8 = np.zeros((1, 1, 3), np.uint8)
_IDLE_SECONDS = 0.5
# Who has vanished stays hidden for a while, and the beginning is hidden until it is settled: as long as a frame's past
# matters for its privacy.
HISTORY_SECONDS = KEPT_SECONDS + SETTLING_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A perceived frame without its picture, and the picture's width and height."""

    observation: Observation
    size: tuple[int, int]


class PlayedFile:
    """The sink of a file. Written by its outlet's thread, steered by the window's, shown by a thread of its own.

    Args:
        newest: Where frames are shown.
        plan: Of the bundle that perceives them.
        most_persons: As many as are followed at most.

    Attributes:
        events: Ends of events, in the order in which they were told; with their last phase.
    """

    def __init__(self, newest: NewestFrame, plan: Plan, *, most_persons: int) -> None:
        self.newest = newest
        self._plan, self._most_persons = plan, most_persons
        self._store = FrameStore()
        self._head = PlayHead()
        self._kept: list[_Kept] = []
        self._changed = threading.Condition()  # guards the head and what is kept
        self._is_closed = False
        self._shown = -1
        self.events: tuple[Event, ...] = ()
        self._thread = named_thread("player", self._run)
        start_thread(self._thread)

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Every frame, and events."""
        return frozenset({"observations", "events"})

    @property
    def state(self) -> PlayState:
        """How it stands; may be asked for from any thread."""
        with self._changed:
            return self._head.state

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Keep a frame.

        Raises:
            OutputError: There is no room for it.
        """
        self._store.append(observation.frame.image)
        self.newest.tracks.note(observation)
        self.newest.last_captured = time.monotonic()
        height, width = observation.frame.image.shape[:2]
        kept = _Kept(_without_picture(observation), (width, height))
        with self._changed:
            self._kept.append(kept)
            self._head.append(observation.frame.time)
            self._changed.notify_all()

    def write_event(self, event: Event) -> None:
        """Tell the window of a phase of an event, and keep the event when it has ended."""
        self.newest.write_event(event)
        if event.phase == "end":
            self.events = (*self.events, event)

    def close(self) -> None:
        """Note that all frames have come: the last one is the end of the file."""
        with self._changed:
            self._head.complete()
            self._changed.notify_all()

    def abort(self) -> None:
        """Do the same as `close`: what has come is played."""
        self.close()

    def release(self) -> None:
        """Nobody plays it any more: end the thread, and let the frames go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()
        self._store.close()

    def play(self) -> None:
        """Go on; from the end, begin again."""
        self._steer(lambda: self._head.play(time.monotonic()))

    def pause(self) -> None:
        """Stay."""
        self._steer(self._head.pause)

    def step(self, frames: int) -> None:
        """Pause and go some frames on, or back."""
        self._steer(lambda: self._head.step(frames))

    def seek(self, seconds: float) -> None:
        """Show the frame of a time of the file."""
        self._steer(lambda: self._head.seek(seconds, time.monotonic()))

    def set_speed(self, speed: float) -> None:
        """Seconds of the file a second."""
        self._steer(lambda: self._head.set_speed(speed, time.monotonic()))

    def redraw(self) -> None:
        """Show the same frame again: the tile, the layers or the privacy have changed."""

        def forget() -> None:
            self._shown = -1

        self._steer(forget)

    def observations(self, begin: float, end: float) -> tuple[Observation, ...]:
        """What was perceived from one time to another, without pictures."""
        with self._changed:
            first = self._head.position_of(begin) if self._kept else 0
            kept = self._kept[first:]
        return tuple(one.observation for one in kept if begin <= one.observation.frame.time <= end)

    def everything(self) -> tuple[tuple[Observation, tuple[int, int]], ...]:
        """All that was perceived so far, without pictures, with width and height of each frame."""
        with self._changed:
            return tuple((one.observation, one.size) for one in self._kept)

    def pictures(self, begin: float, end: float) -> tuple[tuple[Observation, Callable[[], UInt8]], ...]:
        """What was perceived from one time to another, each with a function that reads its picture."""
        with self._changed:
            first = self._head.position_of(begin) if self._kept else 0
            kept = list(enumerate(self._kept[first:], start=first))
        return tuple(
            (one.observation, partial(self.picture, position))
            for position, one in kept
            if begin <= one.observation.frame.time <= end
        )

    def picture(self, position: int) -> UInt8:
        """The picture ``(H, W, 3)`` uint8 RGB of a frame, as they are counted here."""
        return self._store.read(position, self._kept[position].size)

    def _steer(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    # From here on: the player's thread.

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                now = time.monotonic()
                position = self._head.due(now)
                if position == self._shown:
                    left = self._head.seconds_to_next(now)
                    self._changed.wait(_IDLE_SECONDS if left is None else min(left, _IDLE_SECONDS))
                    continue
                self._shown = position
                kept = self._kept[position]
                trails = self._trails(position)
                before = self._before(position, HISTORY_SECONDS)
            mode = self.newest.privacy_asked()
            concealer = SwitchableConcealer(lambda mode=mode: mode, self._plan, most_persons=self._most_persons)
            if mode not in ("none", "skeleton"):  # which look at one frame alone
                for earlier in before:
                    concealer(earlier)
            picture = self._store.read(position, kept.size)
            self.newest.show(concealer(_with_picture(kept.observation, picture)), trails, mode)
            time.sleep(0.5 / MOST_SHOWN_A_SECOND)  # of a fast playback only so many frames are shown

    def _trails(self, position: int) -> dict[int, Float32]:
        """Where the persons of a frame stood in the seconds before it."""
        now = self._kept[position].observation
        seen = [*self._before(position, TRAIL_SECONDS), now]
        return {person.track_id: _trail(seen, person.track_id) for person in now.persons}

    def _before(self, position: int, seconds: float) -> list[Observation]:
        """What was perceived in the seconds before a frame, without it."""
        first = self._head.position_of(self._kept[position].observation.frame.time - seconds)
        return [one.observation for one in self._kept[first:position]]


def _trail(observations: Sequence[Observation], track_id: int) -> Float32:
    boxes = [person.box for seen in observations for person in seen.persons if person.track_id == track_id]
    return np.array([[(box[0] + box[2]) / 2, box[3]] for box in boxes], np.float32)


def _without_picture(observation: Observation) -> Observation:
    """The same without the picture, and with maps of half the size in memory."""
    return replace(_with_maps(observation, np.dtype(np.float16)), frame=replace(observation.frame, image=_NO_PICTURE))


def _with_picture(observation: Observation, picture: UInt8) -> Observation:
    return replace(_with_maps(observation, np.dtype(np.float32)), frame=replace(observation.frame, image=picture))


def _with_maps(observation: Observation, dtype: "np.dtype[np.floating]") -> Observation:
    def converted(maps: Sequence[AttentionMap]) -> tuple[AttentionMap, ...]:
        return tuple(replace(one, values=one.values.astype(dtype)) for one in maps)

    def person_with(person: Person) -> Person:
        readings = tuple(replace(one, attention=converted(one.attention)) for one in person.readings)
        return replace(person, readings=readings, attention=converted(person.attention))

    return replace(
        observation,
        persons=tuple(person_with(person) for person in observation.persons),
        scene=tuple(replace(one, attention=converted(one.attention)) for one in observation.scene),
        attention=converted(observation.attention),
    )
