"""Numbers of persons: a new one for somebody new, the old one for somebody who comes back.

Whoever left the picture, or was hidden for longer than a track is kept, is remembered for a while. Somebody new is
taken for one of the remembered people by the clothes, if nobody else of them wears nearly the same, if the size fits
and if the way could be walked in the time.
"""

from dataclasses import dataclass

import numpy as np

from edgeact.perception.tracking.appearance import colour_similarity
from edgeact.perception.tracking.limits import (
    GROWN_RATIO,
    RECOGNISED_LEAD,
    RECOGNISED_SIMILARITY,
    REMEMBERED_SECONDS,
    WALKING_SPEED,
)
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32


@dataclass(frozen=True, slots=True, eq=False)
class _Gone:
    """Somebody who is gone: number, clothes ``(2, 3)``, last box ``(4,)`` in pixels, and when it was seen."""

    track_id: int
    colours: Float32
    box: Float32
    seen: float


class Numbers:
    """Assigns track numbers within one source; a person who returns soon gets the old number again."""

    def __init__(self) -> None:
        self._next = 1
        self._gone: list[_Gone] = []

    def forget(self) -> None:
        """Forget who is gone (the source started anew); numbers go on counting."""
        self._gone = []

    def remember(self, track: TrackState) -> None:
        """Remember a confirmed track that is lost; one whose clothes were never seen whole cannot be recognised."""
        if track.track_id is not None and not track.ended and bool(np.isfinite(track.colours).all()):
            self._gone.append(_Gone(track.track_id, track.colours, track.seen_box, track.seen))

    def give(self, track: TrackState, time: float) -> None:
        """Give a track its number."""
        self._gone = [person for person in self._gone if time - person.seen <= REMEMBERED_SECONDS]
        person = self._recognise(track, time)
        if person is None:
            track.track_id, self._next = self._next, self._next + 1
        else:
            self._gone.remove(person)
            track.track_id, track.continues = person.track_id, False

    def _recognise(self, track: TrackState, time: float) -> _Gone | None:
        """The lost person whom a new track shows again, or None."""
        if not self._gone:
            return None
        alike = np.nan_to_num(colour_similarity(track.colours[None], np.stack([one.colours for one in self._gone]))[0])
        alike = np.where([_could_be(person, track, time) for person in self._gone], alike, 0.0)
        best = int(alike.argmax())
        lead = float(alike[best] - np.delete(alike, best).max(initial=0.0))
        if alike[best] < RECOGNISED_SIMILARITY or lead < RECOGNISED_LEAD:
            return None
        return self._gone[best]


def _could_be(person: _Gone, track: TrackState, time: float) -> bool:
    """Whether somebody could have grown to the track's size and walked to its place by now."""
    before, now = person.box, track.motion.box
    heights = np.maximum([before[3] - before[1], now[3] - now[1]], 1.0)
    way = float(np.linalg.norm(now[:2] + now[2:] - before[:2] - before[2:])) / 2 / float(heights.max())
    return bool(heights.max() <= GROWN_RATIO * heights.min() and way <= 1.0 + WALKING_SPEED * (time - person.seen))
