"""The packets of a file in its order, each with the time that the file's clock decided."""

import itertools
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from edgeact.capture.clock import FOREIGN_CLOCK_SECONDS, LOOKAHEAD_PACKETS, MediaClock, usual_step

CLOCK_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT: FFmpeg's mark of formats whose timestamps are a sender's clock
# So many packets are read ahead, at most, to learn when the streams begin, or whether a timestamp is wild. They are
# compressed: a few megabytes.
READ_AHEAD_PACKETS = 400
OPENING_PACKETS = 100
# A picture is not shown this long after it was decoded: then one of its two timestamps is wild.
LONGEST_REORDERING_SECONDS = 10.0
LONGEST_REORDERING_STEPS = 20


class PacketReader:
    """Iterates over the packets of the pictures, and shows the clock those of the sound.

    Attributes:
        clock: The file's clock.
        step: Seconds from one picture to the next, usually.
        is_decoding_order: The container knows no times of presentation.
        error: What kept the file from being read to its end, or None.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, *, step: float) -> None:
        """Read the beginning of the file and set the clock's origin.

        Args:
            container: The file; nothing may have been read from it.
            stream: Its pictures.
            step: Seconds between two pictures, as announced.
        """
        self.clock = MediaClock()
        self.error: str | None = None
        self._stream = stream
        self.step = step
        # AVI counts packets. FFmpeg makes presentation timestamps of that, which are those of other pictures where
        # pictures are reordered.
        self.is_decoding_order = container.format.name == "avi"
        self._demuxed: Iterator[Packet[Any]] = container.demux((stream, *container.streams.audio))
        self._ahead: deque[Packet[Any]] = deque()
        self._open(container)

    def __iter__(self) -> "PacketReader":
        return self

    def __next__(self) -> "Packet[VideoStream]":
        """The next packet of the pictures, with the clock's timestamps; the last one is empty and flushes."""
        while (packet := self._take()) is not None:
            if not is_content(packet):
                if packet.stream_index == self._stream.index:
                    return packet
                continue
            index, seconds = packet.stream_index, stamp_of(packet)
            number = self.clock.decided(index)
            self.clock.decide(
                index,
                seconds,
                is_ordered=packet.dts is not None,
                duration=duration_of(packet),
                following=self._following(index),
            )
            if index == self._stream.index:
                self._set_times(packet, self.clock.time(index, number, seconds), seconds)
                return packet
        raise StopIteration

    def _open(self, container: InputContainer) -> None:
        streams: tuple[Stream, ...] = (self._stream, *container.streams.audio)
        first: dict[int, float] = {}
        decoded: list[float] = []  # of the pictures
        shown: list[float] = []  # times of pictures that no edit list hides
        durations: dict[int, list[float]] = defaultdict(list)
        for packet in itertools.islice(self._coming(), OPENING_PACKETS):
            if is_content(packet):
                durations[packet.stream_index].append(duration_of(packet) or 0.0)
                if packet.stream_index == self._stream.index and packet.dts is not None:
                    decoded.append(float(packet.dts * packet.time_base))
                if packet.pts is not None:
                    first.setdefault(packet.stream_index, float(packet.pts * packet.time_base))
                    if packet.stream_index == self._stream.index and not packet.is_discard:
                        shown.append(float(packet.pts * packet.time_base))
            if len(first) == len(streams) and len(self._ahead) >= len(streams) * 2 * LOOKAHEAD_PACKETS:
                break
        distances = [later - earlier for earlier, later in itertools.pairwise(decoded)]
        self.step = usual_step(distances, fallback=self.step)
        for stream in streams:
            fallback = self.step if stream is self._stream else 0.02
            self.clock.add_stream(stream.index, step=usual_step(durations[stream.index], fallback=fallback))
        starts: dict[int, float] = {}
        for stream in streams:
            # Not the container's start time, which is rounded to microseconds: the first frame would come out just
            # beside zero.
            if stream.start_time is not None and stream.time_base is not None:
                starts[stream.index] = float(stream.start_time * stream.time_base)
            elif stream.index in first:
                starts[stream.index] = first[stream.index]
        pictures = self._first_picture()
        if pictures is not None:
            starts[self._stream.index] = pictures
        start = min(starts.values(), default=0.0)
        if container.format.flags & CLOCK_MAY_JUMP or abs(start) > FOREIGN_CLOCK_SECONDS:
            # Transport streams (and cuttings of a running stream) carry the sender's clock, which began anywhere: their
            # zero is the first timestamp of any of their streams, as in every player.
            self.clock.origin = start
        else:  # no picture may come before zero: a player would not show it
            self.clock.origin = min([0.0, *shown] if pictures is None else [0.0, pictures])

    def _first_picture(self) -> float | None:
        """Time of the first picture where it is not what the container says: missing, or wild."""
        index = self._stream.index
        own = (packet for packet in self._coming() if packet.stream_index == index and is_content(packet))
        packet = next(own, None)
        if packet is None:
            return None
        seconds = stamp_of(packet)
        if seconds is not None:
            trial, coming = MediaClock(), self._following(index, skip=1)
            trial.add_stream(index, step=self.step)
            trial.decide(index, seconds, is_ordered=packet.dts is not None, duration=None, following=coming)
            decided = trial.time(index, 0, seconds)
            return None if decided == seconds else decided
        # Cut in the middle of a group of pictures, a file may begin with some that have no timestamp: they come before
        # all that have one, in the order of showing.
        missing, known = 1, []
        for packet in own:
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is None:
                missing += 1
            else:
                known.append(float(stamp * packet.time_base))
            if len(known) == LOOKAHEAD_PACKETS:
                break
        return min(known) - missing * self.step if known else None

    def _take(self) -> "Packet[Any] | None":
        return self._ahead.popleft() if self._ahead else self._read()

    def _read(self) -> "Packet[Any] | None":
        try:
            return next(self._demuxed, None)
        except (av.FFmpegError, OSError) as error:
            self.error = str(getattr(error, "strerror", None) or error)
            return None

    def _coming(self) -> "Iterator[Packet[Any]]":
        """The packets that come next; they stay in line."""
        for position in range(READ_AHEAD_PACKETS):
            if position >= len(self._ahead):
                packet = self._read() if self.error is None else None
                if packet is None:
                    return
                self._ahead.append(packet)
            yield self._ahead[position]

    def _following(self, index: int, *, skip: int = 0) -> Iterator[float | None]:
        own = (stamp_of(packet) for packet in self._coming() if packet.stream_index == index and is_content(packet))
        return itertools.islice(own, skip, None)

    def _set_times(self, packet: "Packet[VideoStream]", time: float | None, seconds: float | None) -> None:
        if self.is_decoding_order:
            packet.pts = None
        if time is None or seconds is None:
            return
        base = packet.time_base
        delay = None if packet.pts is None or packet.dts is None else packet.pts - packet.dts
        longest = max(LONGEST_REORDERING_SECONDS, LONGEST_REORDERING_STEPS * self.step)
        if delay is not None and abs(delay * base) > longest:
            packet.pts, delay = None, None
            self.clock.wild += 1
        moved = round((time - seconds) / base)
        if moved:
            packet.pts = None if packet.pts is None else packet.pts + moved
            packet.dts = None if packet.dts is None else packet.dts + moved


def opening_clock(container: InputContainer, stream: VideoStream) -> MediaClock:
    """A clock that knows the origin of a file's times, and repairs nothing; it reads the file's beginning."""
    clock = PacketReader(container, stream, step=float(1 / (stream.average_rate or 25))).clock
    clock.finished = True
    return clock


def is_content(packet: "Packet[Any]") -> bool:
    """False for the empty packets at the end that only flush decoders."""
    return packet.size > 0 or packet.dts is not None or packet.pts is not None


def stamp_of(packet: "Packet[Any]") -> float | None:
    """The timestamp in seconds that orders the packets of a stream: that of decoding, else that of presentation."""
    stamp = packet.pts if packet.dts is None else packet.dts
    return None if stamp is None else float(stamp * packet.time_base)


def duration_of(packet: "Packet[Any]") -> float | None:
    """Seconds that a packet lasts, as far as the container says."""
    return float(packet.duration * packet.time_base) if packet.duration else None
