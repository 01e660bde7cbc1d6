"""One clock for all streams of a file: what is repaired for the pictures is repaired for the sound.

Containers carry timestamps that start anew (joined recordings), jump to another clock (a camera that learns the time)
or are wild for a packet or two. The clock sees the packets of all streams in the order of the file and decides once;
the source asks it for the pictures, the sink of the video asks the same clock for the sound.
"""

import bisect
import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# A timestamp this far before its predecessor in decoding order is no rounding: it is wild, or the clock starts anew.
BACKWARD_SECONDS = 0.25
BACKWARD_STEPS = 4  # and this many steps, where only display order is known, which goes back by a few pictures
# One this far ahead is looked at twice: it may be wild, or a pause of the recording, which is kept.
FORWARD_SECONDS = 0.25
# No recording pauses for longer; its clock was set anew. FFmpeg's tools draw the line here (-dts_error_threshold).
LONGEST_PAUSE_SECONDS = 108_000.0
# Timestamps that begin further from zero than this come from a clock of their own, not from the beginning of the file.
FOREIGN_CLOCK_SECONDS = 60.0
# So many packets of a stream are looked at, at most, before one of its timestamps is called wild.
LOOKAHEAD_PACKETS = 8


@dataclass(slots=True)
class _Track:
    """What is known of one stream.

    Attributes:
        step: Seconds that a packet usually lasts.
        packets: Packets that were decided.
        last: Time of the last one that had a timestamp, or None.
        segment: Index of the clock's segment that the stream is in.
        changes: Packet numbers from which on another segment counts; ``shifts`` has the seconds that it adds.
        repaired: Times of single packets by number, which were wild.
    """

    step: float
    packets: int = 0
    last: float | None = None
    segment: int = 0
    changes: list[int] = field(default_factory=lambda: [0])
    shifts: list[float] = field(default_factory=lambda: [0.0])
    repaired: dict[int, float] = field(default_factory=dict)


class MediaClock:
    """Decides the time of every packet of a file; read from other threads while the source writes.

    - A timestamp that returns within a few packets is wild: that packet alone is repaired.
    - One that goes back and stays there starts the clock anew: all streams go on where the file had got to.
    - So does a jump ahead of more than 30 hours; a smaller one is a pause, and is kept for all streams.

    Attributes:
        origin: Seconds that count as zero; subtracted from all times.
        end: Time at which the last picture that was decoded ends.
        finished: The file was read to its end (not stopped before).
        restarts: Times at which the clock started anew.
        wild: How many single timestamps were repaired.
    """

    def __init__(self) -> None:
        """A clock that has seen nothing, and changes nothing."""
        self.origin = 0.0
        self.end = 0.0
        self.finished = False
        self.restarts: list[float] = []
        self.wild = 0
        self._tracks: dict[int, _Track] = {}
        self._segments = [0.0]
        self._front = 0.0  # the furthest time of any stream

    def add_stream(self, stream: int, *, step: float) -> None:
        """A stream whose packets are going to be decided; ``step`` is how long one usually lasts, in seconds."""
        self._tracks[stream] = _Track(step=step)

    def decided(self, stream: int) -> int:
        """The number of packets of a stream whose times have been decided."""
        track = self._tracks.get(stream)
        return 0 if track is None else track.packets

    def is_decided(self, stream: int, number: int) -> bool:
        """Whether the time of a packet will not change any more."""
        track = self._tracks.get(stream)
        return self.finished or track is None or number < track.packets

    def time(self, stream: int, number: int, stamp: float | None) -> float | None:
        """Seconds, from the origin, of packet ``number`` of a stream; None where it has no timestamp.

        Args:
            stream: Index of the stream in the container.
            number: Position of the packet in its stream, from 0.
            stamp: Its decoding (or else presentation) timestamp in seconds.
        """
        track = self._tracks.get(stream)
        if track is None:
            return None if stamp is None else stamp - self.origin
        if (repaired := track.repaired.get(number)) is not None:
            return repaired - self.origin
        if stamp is None:
            return None
        return stamp + track.shifts[bisect.bisect_right(track.changes, number) - 1] - self.origin

    def decide(
        self,
        stream: int,
        stamp: float | None,
        *,
        is_ordered: bool,
        duration: float | None,
        following: Iterator[float | None],
    ) -> None:
        """Decide the time of the next packet of a stream.

        Args:
            stream: Index of the stream in the container.
            stamp: Its timestamp in seconds, or None.
            is_ordered: The timestamp is that of decoding. One of presentation goes back where pictures are reordered,
                so that nothing can be told from it.
            duration: How long it lasts in seconds, or None.
            following: Timestamps of the next packets of the stream; taken only where they matter.
        """
        track = self._tracks[stream]
        number = track.packets
        if stamp is not None and not is_ordered:
            track.packets = number + 1
            return
        if stamp is not None and track.last is not None:
            self._continue(track, stamp, track.last, following)
        elif stamp is not None:
            self._begin(track, stamp, following)
        if track.last is not None:
            if duration is not None and duration > 0.0:
                track.step = duration
            self._front = max(self._front, track.last + track.step)
        track.packets = number + 1  # last: who reads in another thread may now ask

    def _begin(self, track: _Track, stamp: float, following: Iterator[float | None]) -> None:
        """Decide the first packet that has a timestamp, which may be wild."""
        later = [time for time in itertools.islice(following, LOOKAHEAD_PACKETS) if time is not None]
        track.last = stamp
        if len(later) >= 2 and later[0] < stamp - self._backward(track) and not self._jumps(track, later):
            track.repaired[track.packets] = track.last = later[0] - track.step
            self.wild += 1

    def _continue(self, track: _Track, stamp: float, last: float, following: Iterator[float | None]) -> None:
        time = stamp + self._segments[track.segment]
        newest = len(self._segments) - 1
        if track.segment != newest:
            # Streams pass the seam of two recordings one after the other: this one does where the new clock brings it
            # nearer to where the file has got to.
            other = stamp + self._segments[newest]
            if abs(other - self._front) < abs(time - self._front):
                self._enter(track, newest)
                time = other
        backward = time < last - self._backward(track)
        if backward or time > last + track.step + FORWARD_SECONDS:
            shift = self._segments[track.segment]
            coming = [later + shift for later in itertools.islice(following, LOOKAHEAD_PACKETS) if later is not None]
            if self._is_wild(track, time, last, coming):
                track.repaired[track.packets] = time = last + track.step
                self.wild += 1
            elif backward or time > last + track.step + LONGEST_PAUSE_SECONDS:
                time = max(self._front, last + track.step)
                self._segments.append(time - stamp)
                self._enter(track, len(self._segments) - 1)
                self.restarts.append(time - self.origin)
        track.last = time

    def _enter(self, track: _Track, segment: int) -> None:
        track.segment = segment
        track.shifts.append(self._segments[segment])
        track.changes.append(track.packets)

    def _is_wild(self, track: _Track, time: float, last: float, coming: Sequence[float]) -> bool:
        """Whether the stream returns to where it was going when its packet before had the time ``last``."""
        before, latest = time, last + track.step + FORWARD_SECONDS
        for later in coming:
            latest += track.step
            if self._jumps(track, (before, later)) and last < later <= latest and (later < time) == (time > last):
                return True
            before = later
        return False

    def _jumps(self, track: _Track, times: Sequence[float]) -> bool:
        return any(
            not -self._backward(track) <= later - earlier <= track.step + FORWARD_SECONDS
            for earlier, later in itertools.pairwise(times)
        )

    def _backward(self, track: _Track) -> float:
        return max(BACKWARD_SECONDS, BACKWARD_STEPS * track.step)


def usual_step(durations: Sequence[float], *, fallback: float) -> float:
    """How long a packet of a stream usually lasts in seconds, from those of its first packets."""
    known = [duration for duration in durations if duration > 0.0]
    return statistics.median(known) if known else fallback
