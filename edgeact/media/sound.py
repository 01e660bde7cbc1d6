"""Carries the sound of a source over into a written video: copied, coded anew, or left out with a word about it."""

import io
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from edgeact.capture.clock import MediaClock
from edgeact.capture.packets import duration_of, is_content, stamp_of
from edgeact.media.aac import CodedSound, SoundFaultError

# Browsers play these in an MP4 as they are; anything else (AC-3, PCM, Vorbis, …) becomes AAC.
COPIED_CODECS = frozenset({"aac", "mp3", "mp3float", "opus", "libopus", "flac"})
# What FFmpeg and PyAV raise where a stream is not as they want it. Other errors are the disk's.
SOUND_FAULTS = (
    av.error.InvalidDataError,
    av.error.PatchWelcomeError,
    av.error.ExperimentalError,
    av.error.BugError,
    av.error.UnknownError,
    av.error.ExternalError,
    ValueError,  # also FFmpeg's EINVAL
    RuntimeError,
    OverflowError,
    SoundFaultError,
)
OPENING_PACKETS = 200  # read ahead, at most, to try whether an MP4 takes the streams
TRIAL_PACKETS = 3  # of each of them
UNHEARD_SECONDS = 0.1  # what is left out below this needs no word


class SoundTrack:
    """All audio streams of a source, copied packet by packet (or coded as AAC), in step with the pictures.

    The sound never costs the pictures: what cannot be carried over is left out, and `message` says so.
    """

    def __init__(
        self,
        source: InputContainer,
        output: OutputContainer,
        *,
        clock: MediaClock,
        written: Callable[[float], float | None],
    ) -> None:
        """Add the streams to ``output``, which must not have been written yet.

        Args:
            source: The file, from which nothing was read; `close` closes it.
            output: The written video.
            clock: Decides the times of pictures and sound.
            written: Time in the written video of a time on that clock; None where it has no place for it.
        """
        self._source = source
        self._clock = clock
        self._written = written
        self._faults: list[str] = []
        self._numbers = {stream.index: itertools.count() for stream in source.streams.audio}
        self._ahead: deque[Packet[AudioStream]] = deque()
        self._demuxed = source.demux(tuple(source.streams.audio)) if source.streams.audio else iter(())
        self._waiting: _Sound | None = None
        beginnings = self._look_ahead()
        self._targets: dict[int, _CopiedSound | CodedSound] = {}
        for stream in source.streams.audio:
            try:
                self._targets[stream.index] = _add_stream(output, stream, beginnings.get(stream.index, ()))
            except SOUND_FAULTS as fault:
                self._leave_out(stream, fault)
        self._output = output

    @property
    def message(self) -> str | None:
        """One line on the sound that was left out, or None."""
        words = list(self._faults)
        overlapping = sum(target.overlapping for target in self._targets.values())
        damaged = sum(target.damaged for target in self._targets.values() if isinstance(target, CodedSound))
        if overlapping > UNHEARD_SECONDS:
            words.append(f"{overlapping:.1f} s of sound whose time was taken already were left out")
        if damaged:
            words.append(f"packets of sound that could not be decoded: {damaged}")
        return "; ".join(words) or None

    def mux_until(self, seconds: float, *, is_last: bool = False) -> None:
        """Write the sound that begins before this time of the source, as far as the clock has decided it.

        Args:
            seconds: On the clock.
            is_last: The clock will decide nothing more.

        Raises:
            OSError, av.FFmpegError: The output cannot be written.
        """
        while (sound := self._waiting or self._next()) is not None:
            self._waiting = sound
            index = sound.packet.stream_index
            if not is_last and not self._clock.is_decided(index, sound.number):
                return
            time = self._clock.time(index, sound.number, sound.stamp)
            if time is not None and time >= seconds:
                return
            self._waiting = None
            if index in self._targets:
                self._write(sound, time)

    def finish(self) -> None:
        """Write what the encoders of re-coded streams still hold.

        Raises:
            OSError, av.FFmpegError: The output cannot be written.
        """
        for index, target in list(self._targets.items()):
            try:
                if isinstance(target, CodedSound):
                    self._mux(target.target, target.finish())
            except SOUND_FAULTS as fault:
                self._leave_out(self._source.streams[index], fault)

    def close(self) -> None:
        """Release the source; may be called twice."""
        self._demuxed = iter(())
        self._ahead.clear()
        self._waiting = None
        self._source.close()

    def _look_ahead(self) -> "dict[int, list[Packet[AudioStream]]]":
        """The first packets of each stream; they stay in line."""
        beginnings: dict[int, list[Packet[AudioStream]]] = {}
        while len(self._ahead) < OPENING_PACKETS and len(beginnings) < len(self._numbers):
            packet = self._read()
            if packet is None:
                break
            self._ahead.append(packet)
            if is_content(packet):
                beginnings.setdefault(packet.stream_index, []).append(packet)
        return beginnings

    def _read(self) -> "Packet[AudioStream] | None":
        try:
            return next(self._demuxed, None)
        except (av.FFmpegError, OSError) as error:
            self._faults.append(f"the sound breaks off ({getattr(error, 'strerror', None) or error})")
            return None

    def _next(self) -> "_Sound | None":
        while (packet := self._ahead.popleft() if self._ahead else self._read()) is not None:
            if is_content(packet):
                return _Sound(packet, next(self._numbers[packet.stream_index]), stamp_of(packet))
        return None

    def _write(self, sound: "_Sound", time: float | None) -> None:
        packet = sound.packet
        target = self._targets[packet.stream_index]
        if time is not None:
            time = self._written(time)
            if time is None:
                target.overlapping += duration_of(packet) or 0.0
                return
        begin = target.end if time is None else time
        if begin is None:
            return  # nothing says when it is heard
        try:
            if isinstance(target, CodedSound):
                self._mux(target.target, target.code(packet, begin))
            else:
                self._mux(target.target, target.place(packet, begin, moved=sound.moved_to(time)))
        except SOUND_FAULTS as fault:
            self._leave_out(packet.stream, fault, since=time)

    def _mux(self, target: AudioStream, packets: "Sequence[Packet[Any]]") -> None:
        for packet in packets:
            packet.stream = target
            self._output.mux(packet)

    def _leave_out(self, stream: Any, fault: Exception, *, since: float | None = None) -> None:
        self._targets.pop(stream.index, None)
        codec = stream.codec_context.name if stream.codec_context else "no decoder"
        reason = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        when = "" if since is None else f" from {since:.2f} s on"
        self._faults.append(f"sound stream {stream.index} ({codec}) is left out{when}: {reason}")


@dataclass(frozen=True, slots=True)
class _Sound:
    """A packet, its position in its stream, and its timestamp in seconds."""

    packet: "Packet[AudioStream]"
    number: int
    stamp: float | None

    def moved_to(self, time: float | None) -> int | None:
        """Ticks to add to its timestamps for it to be heard at this time; None where it has none."""
        if self.stamp is None or time is None:
            return None
        return round((time - self.stamp) / self.packet.time_base)


class _CopiedSound:
    """A stream whose packets are written as they are; ``overlapping`` counts the seconds whose time was taken."""

    def __init__(self, target: AudioStream) -> None:
        self.target = target
        self.overlapping = 0.0
        self.end: float | None = None  # in seconds
        self._last_dts: int | None = None
        self._moved = 0
        self._configuration: bytes | None = None

    def place(
        self, packet: "Packet[AudioStream]", begin: float, *, moved: int | None
    ) -> "Sequence[Packet[AudioStream]]":
        """The packet with its timestamps in the written video; nothing where their time is taken.

        Args:
            packet: Of the source; it is changed.
            begin: Seconds at which it is heard.
            moved: Ticks to add to its timestamps; None where it has none and follows the one before.

        Raises:
            SoundFaultError: The sound is of another format from here on, which one track of an MP4 cannot hold.
        """
        self._check(bytes(packet))
        duration = duration_of(packet) or 0.0
        dts = packet.pts if packet.dts is None else packet.dts
        if moved is None or dts is None:
            dts = packet.pts = round(begin / packet.time_base)
            moved = self._moved
        else:
            packet.pts = (dts if packet.pts is None else packet.pts) + moved
            dts += moved
        packet.dts = dts
        overlap = 0.0 if self.end is None else self.end - begin
        # A container takes no packet that goes back in time; where two recordings meet, half a packet is too much.
        if (self._last_dts is not None and dts <= self._last_dts) or (moved != self._moved and overlap > duration / 2):
            self.overlapping += duration
            return ()
        self._last_dts, self._moved, self.end = dts, moved, begin + duration
        return (packet,)

    def _check(self, content: bytes) -> None:
        if self.target.codec_context.name != "aac" or content[:1] != b"\xff" or content[1] & 0xF6 != 0xF0:
            return
        # ADTS: every packet says profile, rate and number of channels; the track says them once.
        configuration = bytes((content[2] & 0xFD, content[3] & 0xC0))
        if self._configuration is not None and configuration != self._configuration:
            raise SoundFaultError("its rate or channels change there, which one track of an MP4 cannot hold")
        self._configuration = configuration


def sound_rates(source: InputContainer) -> list[int]:
    """Samples a second of every stream of sound."""
    contexts: list[Any] = [stream.codec_context for stream in source.streams.audio]
    return [context.sample_rate for context in contexts if context is not None]


def _add_stream(
    output: OutputContainer, stream: AudioStream, beginning: "Sequence[Packet[AudioStream]]"
) -> "_CopiedSound | CodedSound":
    """Add a stream to the output for the packets of this one.

    Raises:
        SoundFaultError: The stream cannot be read.
    """
    context: Any = stream.codec_context  # None without a decoder, although PyAV's annotation does not say so
    if not context:
        raise SoundFaultError("this build of FFmpeg cannot decode it")
    if context.sample_rate <= 0:
        raise SoundFaultError("nothing was found in it")
    is_copy = context.name in COPIED_CODECS and _fits_as_it_is(stream, beginning)
    added: _CopiedSound | CodedSound
    added = _CopiedSound(output.add_stream_from_template(stream)) if is_copy else CodedSound(output, stream)
    for key in ("language", "title"):
        if key in stream.metadata:
            added.target.metadata[key] = stream.metadata[key]
    return added


def _fits_as_it_is(stream: AudioStream, beginning: "Sequence[Packet[AudioStream]]") -> bool:
    """Try whether an MP4 takes the stream, in memory: a muxer that refuses it would cost the whole video."""
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as trial:
            target = trial.add_stream_from_template(stream)
            trial.start_encoding()
            for number, packet in enumerate(beginning[:TRIAL_PACKETS]):
                copy: Packet[Any] = Packet(bytes(packet))
                copy.stream, copy.time_base = target, packet.time_base
                copy.pts = copy.dts = number * max(1, packet.duration or 1)
                copy.duration = packet.duration
                trial.mux(copy)
    except SOUND_FAULTS:
        return False
    return True
