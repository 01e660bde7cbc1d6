"""Encoded pictures on their way from a camera, or from an encoder, into files: copied, never decoded for it."""

import io
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av

# Of the codecs that cameras send, those that browsers know in an MP4; the others go into a Matroska file.
MP4_CODECS = frozenset({"h264", "hevc", "av1"})
# Pictures that are not encoded at all would fill a disk in hours: they cannot be copied.
UNENCODED = frozenset({"rawvideo", "wrapped_avframe", "v210"})


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """How the packets of one stream are encoded; lives on when the stream is closed.

    Attributes:
        codec: FFmpeg's name of it.
        size: Width and height in pixels.
        extradata: What a decoder needs to know before the first packet.
        template: A stream of these properties, from which files get theirs; it keeps its container alive.
    """

    codec: str
    size: tuple[int, int]
    extradata: bytes
    template: Any

    @property
    def suffix(self) -> str:
        """Suffix of a file that can hold this encoding."""
        return ".mp4" if self.codec in MP4_CODECS else ".mkv"

    def fits(self, other: "Encoding") -> bool:
        """Whether packets of the other may follow in the same file."""
        return (self.codec, self.size, self.extradata) == (other.codec, other.size, other.extradata)


def encoding_of(stream: Any) -> Encoding:
    """The encoding of a video stream of an open container."""
    holder = av.open(io.BytesIO(), "w", format="matroska")
    template = holder.add_stream_from_template(stream, opaque=True)
    holder.close()  # lets go of the stream: two that hold each other would stay in memory for long
    context = stream.codec_context
    return Encoding(
        str(context.codec.canonical_name),
        (int(context.width), int(context.height)),
        bytes(context.extradata or b""),
        template,
    )


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPacket:
    """One encoded picture.

    Attributes:
        encoding: What it is encoded by.
        data: The bytes.
        time: When it is decoded, in seconds on a clock of the recorder's own that never goes back.
        lead: Seconds from decoding to showing it, 0 or more.
        is_keyframe: Whether decoding can begin with it.
        arrived: Of `time.monotonic`.
    """

    encoding: Encoding
    data: bytes
    time: float
    lead: float
    is_keyframe: bool
    arrived: float


class PacketRing:
    """A ring buffer of the newest packets, from a keyframe on, so that a recording can begin before its event.

    Args:
        seconds: How far the buffer reaches back, at least, once it is full.
        most_bytes: Size limit; where a camera sends more, the buffer reaches back less.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._seconds, self._most_bytes = seconds, most_bytes
        self._packets: deque[EncodedPacket] = deque()
        self._bytes = 0

    def add(self, packet: EncodedPacket) -> None:
        """Append a packet; if its encoding is another one, all earlier packets are dropped."""
        if self._packets and self._packets[-1].encoding is not packet.encoding:
            self.clear()
        if not self._packets and not packet.is_keyframe:
            return
        self._packets.append(packet)
        self._bytes += len(packet.data)
        while (second := self._second_keyframe()) is not None:
            is_old = self._packets[second].arrived <= packet.arrived - self._seconds
            if not is_old and self._bytes <= self._most_bytes:
                return
            for _ in range(second):
                self._bytes -= len(self._packets.popleft().data)
        if self._bytes > self._most_bytes:  # a camera that hardly ever sends a keyframe
            self.clear()

    def since(self, moment: float) -> Sequence[EncodedPacket]:
        """All packets from the last keyframe that arrived at a moment (of `time.monotonic`) or before it.

        Where there is none, from the first keyframe on.
        """
        start = 0
        for index, packet in enumerate(self._packets):
            if packet.is_keyframe and packet.arrived <= moment:
                start = index
        return list(self._packets)[start:]

    def clear(self) -> None:
        """Drop all packets."""
        self._packets.clear()
        self._bytes = 0

    def _second_keyframe(self) -> int | None:
        """Index of the second keyframe in the buffer, up to which packets can be dropped; None where there is none."""
        for index, packet in enumerate(self._packets):
            if index > 0 and packet.is_keyframe:
                return index
        return None
