"""Re-encode sound that browsers cannot play as AAC. Each sample keeps its time, even where channels or rate change."""

import ctypes
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from edgeact.types import Float32

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
AAC_BITS_PER_CHANNEL = 96_000  # transparent for speech and near it for music
AAC_LAYOUTS = MappingProxyType({1: "mono", 2: "stereo", 6: "5.1"})  # others are mixed down to stereo
# What channels of no stated order are taken for, as FFmpeg's tools do.
USUAL_LAYOUTS = MappingProxyType({3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"})
FRAME_SAMPLES = 1024  # of one AAC packet
# Timestamps are rounded, and decoders begin a little late: only a larger distance is a gap, or sound that comes twice.
TOLERANCE_SECONDS = 0.05
# Gaps up to here are filled with silence, so that players without a sense of time stay in step; longer ones are left
# open.
LONGEST_SILENCE_SECONDS = 10.0


class SoundFaultError(Exception):
    """A stream of sound cannot be carried over any further; the message says why."""


class CodedSound:
    """Decodes a stream, mixes it to a layout that AAC has, and codes it.

    The layout and rate of the source may change at any packet: the sound is converted anew from there on.

    Attributes:
        overlapping: Seconds that were left out because their time was taken already.
        damaged: Packets that could not be decoded.
    """

    def __init__(self, output: OutputContainer, stream: AudioStream) -> None:
        """Add a stream to ``output``, which must not have been written yet.

        Raises:
            SoundFaultError: The channels are none that PyAV can handle.
        """
        channels = _safe_channels(stream.codec_context)
        self.overlapping = 0.0
        self.damaged = 0
        self._source = stream
        self._rate = min(AAC_RATES, key=lambda candidate: abs(candidate - stream.codec_context.sample_rate))
        self._layout = AAC_LAYOUTS.get(channels, "stereo")
        self.target: AudioStream = output.add_stream("aac", rate=self._rate, layout=self._layout)
        self.target.bit_rate = AAC_BITS_PER_CHANNEL * (channels if channels in AAC_LAYOUTS else 2)
        self._resampler: AudioResampler | None = None
        self._source_shape: tuple[str, str, int] | None = None
        self._samples: list[Float32] = []  # (channels, n) each, waiting to fill a packet
        self._count = 0  # of samples that wait
        self._position: int | None = None  # of the first of them, counted from zero seconds

    @property
    def end(self) -> float | None:
        """Seconds at which the sound ends that was taken so far; None before the first."""
        return None if self._position is None else (self._position + self._count) / self._rate

    def code(self, packet: "Packet[AudioStream]", seconds: float) -> "list[Packet[Any]]":
        """The packets that are ready after this one, which is heard from ``seconds`` on.

        Raises:
            SoundFaultError: Its channels cannot be handled.
        """
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self.damaged += 1  # a moment of silence
            return []
        _guard(frames)
        coded = []
        for frame in map(_with_usual_layout, frames):
            coded += self._take(frame, seconds)
            seconds += frame.samples / max(1, frame.sample_rate)
        return coded

    def finish(self) -> "list[Packet[Any]]":
        """What is left; afterwards nothing more is taken."""
        if self._position is None:
            return []
        return [*self._convert(None, None), *self._fill(), *self.target.encode(None)]

    def _take(self, frame: AudioFrame, seconds: float) -> "list[Packet[Any]]":
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape == self._source_shape:
            return self._convert(frame, seconds)
        left = self._convert(None, None)
        # Two channels of an unknown order are left and right, as every player takes them.
        self._source_shape = shape
        self._resampler = AudioResampler(format="fltp", layout=self._layout, rate=self._rate)
        return [*left, *self._convert(frame, seconds)]

    def _convert(self, frame: AudioFrame | None, seconds: float | None) -> "list[Packet[Any]]":
        """Converted to the layout and rate of the output; without a frame, what the converter still holds."""
        if self._resampler is None:
            return []
        if frame is not None:
            frame.pts = None  # the converter would fill gaps by rules of its own
        coded = []
        for part in self._resampler.resample(frame):
            coded += self._append(part.to_ndarray().astype(np.float32, copy=False), seconds)
            seconds = None  # the rest follows at once
        return coded

    def _append(self, samples: Float32, seconds: float | None) -> "list[Packet[Any]]":
        coded: list[Packet[Any]] = []
        if self._position is None:
            self._position = round((seconds or 0.0) * self._rate)
        if seconds is not None:
            late = round(seconds * self._rate) - self._position - self._count
            if late > LONGEST_SILENCE_SECONDS * self._rate:
                coded += self._fill()
                self._position = round(seconds * self._rate)
            elif late > TOLERANCE_SECONDS * self._rate:
                self._samples.append(np.zeros((samples.shape[0], late), np.float32))
                self._count += late
            elif late < -TOLERANCE_SECONDS * self._rate:
                self.overlapping += min(-late, samples.shape[1]) / self._rate
                samples = samples[:, -late:]
        self._samples.append(samples)
        self._count += samples.shape[1]
        if self._count >= FRAME_SAMPLES:
            coded += self._encode()
        return coded

    def _fill(self) -> "list[Packet[Any]]":
        """Code what waits, with silence up to a whole packet."""
        missing = -self._count % FRAME_SAMPLES
        if missing:
            self._samples.append(np.zeros((self._samples[0].shape[0], missing), np.float32))
            self._count += missing
        return self._encode() if self._count else []

    def _encode(self) -> "list[Packet[Any]]":
        coded: list[Packet[Any]] = []
        position = self._position or 0
        waiting = np.concatenate(self._samples, axis=1)
        whole = waiting.shape[1] - waiting.shape[1] % FRAME_SAMPLES
        for start in range(0, whole, FRAME_SAMPLES):
            chunk = np.ascontiguousarray(waiting[:, start : start + FRAME_SAMPLES])
            frame = AudioFrame.from_ndarray(chunk, format="fltp", layout=self._layout)
            frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), position
            coded += self.target.encode(frame)
            position += FRAME_SAMPLES
        self._position = position
        self._samples, self._count = [waiting[:, whole:]], waiting.shape[1] - whole
        return coded


def _safe_channels(holder: Any) -> int:
    """How many channels a decoder, or a decoded frame, has.

    PyAV 18 frees the list of a layout's own channels twice (its `AudioLayout` copies the pointer), which ends the
    process. Keeping the Python object for ever, a hundred bytes, leaves the list to its owner.

    Raises:
        SoundFaultError: The layout has such a list, or the channels have no order by which they could be mixed.
    """
    layout = holder.layout
    try:
        name = layout.name
    except (RuntimeError, UnicodeDecodeError):  # longer than PyAV's buffer
        name = "(too long)"
    channels = int(layout.nb_channels)
    # Only orders of channels that have no name are described by a list; "5.1(side)" is a name.
    is_listed = name.startswith(f"{channels} channels (") or name == "(too long)"
    if is_listed:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    is_unordered = name == f"{channels} channels" and channels > 2
    if is_listed or (is_unordered and channels not in USUAL_LAYOUTS) or channels == 0:
        raise SoundFaultError(f"its {channels} channels have no known layout")
    return channels


def _guard(frames: list[AudioFrame]) -> None:
    faults = []
    for frame in frames:  # all of them: each has a layout of its own
        try:
            _safe_channels(frame)
        except SoundFaultError as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


def _with_usual_layout(frame: AudioFrame) -> AudioFrame:
    """The same samples in the usual order of their channels, where the frame states none."""
    channels = frame.layout.nb_channels
    if channels not in USUAL_LAYOUTS or frame.layout.name != f"{channels} channels":
        return frame
    ordered = AudioFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name, layout=USUAL_LAYOUTS[channels])
    ordered.sample_rate = frame.sample_rate
    return ordered
