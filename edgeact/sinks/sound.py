"""Carries the sound of a source over into a written video."""

import logging
from collections.abc import Iterator
from types import MappingProxyType

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from edgeact.capture.container import time_origin

logger = logging.getLogger(__name__)

# Browsers play these in an MP4 as they are; anything else (AC-3, PCM, Vorbis, …) becomes AAC.
COPIED_CODECS = frozenset({"aac", "mp3", "mp3float", "opus", "libopus", "flac"})
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
AAC_BITS_PER_CHANNEL = 96_000  # transparent for speech and near it for music
AAC_LAYOUTS = MappingProxyType({1: "mono", 2: "stereo", 6: "5.1"})  # others are mixed down to stereo


class SoundTrack:
    """All audio streams of a source, copied packet by packet (or coded as AAC), in step with the pictures.

    Damage in the sound never costs the pictures: what cannot be read is left out.
    """

    def __init__(self, source: InputContainer, output: OutputContainer) -> None:
        """Add the streams to ``output``, which must not have been written yet; ``source`` is closed by `close`."""
        self._source = source
        self._output = output
        self._origin = time_origin(source)
        self._targets = {
            stream.index: _add_stream(output, stream) for stream in source.streams.audio if _is_usable(stream)
        }
        self._last_dts: dict[int, int] = {}
        self._packets = self._demux()
        self._waiting: tuple[int, Packet[AudioStream]] | None = None  # with its timestamp

    def mux_until(self, seconds: float) -> None:
        """Write the sound that begins before this time of the source.

        Raises:
            OSError, av.FFmpegError: The output cannot be written.
        """
        while (waiting := self._waiting or next(self._packets, None)) is not None:
            pts, packet = waiting
            if float(pts * packet.time_base) - self._origin >= seconds:
                self._waiting = waiting
                return
            self._waiting = None
            self._write(packet, pts)

    def finish(self) -> None:
        """Write what the encoders of re-coded streams still hold.

        Raises:
            OSError, av.FFmpegError: The output cannot be written.
        """
        for target, is_copy in self._targets.values():
            if not is_copy and target.codec_context.is_open:
                self._output.mux(target.encode(None))

    def close(self) -> None:
        """Release the source; may be called twice."""
        self._packets = iter(())
        self._waiting = None
        self._source.close()

    def _demux(self) -> Iterator[tuple[int, "Packet[AudioStream]"]]:
        streams = [stream for stream in self._source.streams.audio if stream.index in self._targets]
        if not streams:
            return
        packets = self._source.demux(tuple(streams))
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                logger.warning("the sound of %s breaks off: %s", self._source.name, error)
                return
            if packet is None:
                return
            if packet.pts is not None:  # the packets that only flush decoders have none
                yield packet.pts, packet

    def _write(self, packet: "Packet[AudioStream]", pts: int) -> None:
        target, is_copy = self._targets[packet.stream.index]
        shift = round(self._origin / packet.time_base)
        if is_copy:
            self._copy(packet, pts, target, shift)
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return  # a damaged packet is a moment of silence
        for frame in frames:
            self._encode(frame, target, shift)

    def _copy(self, packet: "Packet[AudioStream]", pts: int, target: AudioStream, shift: int) -> None:
        dts = pts if packet.dts is None else packet.dts
        if dts <= self._last_dts.get(target.index, dts - 1):
            return  # a container takes no packet that goes back in time
        self._last_dts[target.index] = dts
        packet.pts, packet.dts = pts - shift, dts - shift
        packet.stream = target
        self._output.mux(packet)

    def _encode(self, frame: AudioFrame, target: AudioStream, shift: int) -> None:
        if frame.pts is not None:
            frame.pts -= shift
        self._output.mux(target.encode(frame))


def _is_usable(stream: AudioStream) -> bool:
    # Without a decoder PyAV has no codec context; without a rate nothing was found in the stream.
    return bool(stream.codec_context) and stream.codec_context.sample_rate > 0


def _add_stream(output: OutputContainer, stream: AudioStream) -> tuple[AudioStream, bool]:
    """The stream of the output, and whether packets go there as they are."""
    if stream.codec_context.name in COPIED_CODECS:
        target, is_copy = output.add_stream_from_template(stream), True
    else:
        rate = min(AAC_RATES, key=lambda candidate: abs(candidate - stream.codec_context.sample_rate))
        layout = AAC_LAYOUTS.get(stream.codec_context.channels, "stereo")
        target, is_copy = output.add_stream("aac", rate=rate, layout=layout), False
        target.bit_rate = AAC_BITS_PER_CHANNEL * target.codec_context.channels
    for key in ("language", "title"):
        if key in stream.metadata:
            target.metadata[key] = stream.metadata[key]
    return target, is_copy
