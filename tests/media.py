"""Makes small media files for tests: plain functions, everything synthetic."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

# Grey levels of neighbouring pictures lie this far apart, so that a lossy codec cannot make one into the other.
LEVEL_STEP = 10
LEVEL_START = 20
AUDIO_RATE = 44100


def numbered_picture(number: int, *, width: int = 64, height: int = 48) -> Picture:
    """A grey picture ``(height, width, 3)`` that says by its level which one it is (up to 23)."""
    return np.full((height, width, 3), LEVEL_START + LEVEL_STEP * number, np.uint8)


def number_of(picture: Picture) -> int:
    """Which `numbered_picture` it was."""
    return round((float(np.median(picture)) - LEVEL_START) / LEVEL_STEP)


def corner_picture(*, width: int = 64, height: int = 48) -> Picture:
    """Four plain quarters that tell how a picture was turned: red and green above, blue and white below."""
    picture = np.zeros((height, width, 3), np.uint8)
    middle_y, middle_x = height // 2, width // 2
    picture[:middle_y, :middle_x] = (200, 30, 30)
    picture[:middle_y, middle_x:] = (30, 200, 30)
    picture[middle_y:, :middle_x] = (30, 30, 200)
    picture[middle_y:, middle_x:] = (220, 220, 220)
    return picture


def write_video(
    path: Path,
    pictures: Sequence[Picture],
    *,
    times: Sequence[float] | None = None,
    rate: int = 25,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    audio: str | None = None,
    audio_start: float = 0.0,
    audio_rate: int | None = None,
    audio_layout: str = "mono",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a video; the container's format follows from the name.

    Args:
        path: Where to.
        pictures: ``(H, W, 3)`` uint8 RGB each, all of one size.
        times: Seconds of each picture; evenly spaced by default.
        rate: Pictures a second, where ``times`` says nothing else.
        codec: Any of FFmpeg's encoders that takes ``pixel_format``.
        pixel_format: How the pictures are stored.
        audio: An encoder for a sine tone as long as the video, or None.
        audio_start: When the tone begins.
        audio_rate: Its samples a second; what is usual for the encoder by default.
        audio_layout: Its channels, all alike.
        options: Of the video encoder.
        container_options: Of the container.
    """
    time_base = Fraction(1, 90_000)
    seconds = [index / rate for index in range(len(pictures))] if times is None else list(times)
    with av.open(str(path), "w", options=container_options or {}) as output:
        stream: Any = output.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = Fraction(1, rate) if times is None else time_base
        tone = _Tone(output, audio, start=audio_start, rate=audio_rate, layout=audio_layout) if audio else None
        for picture, second in zip(pictures, seconds, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(second / frame.time_base)
            output.mux(stream.encode(frame))
            if tone is not None:
                tone.play_until(second)
        output.mux(stream.encode(None))
        if tone is not None:
            tone.play_until(seconds[-1] + 1 / rate)
            tone.end()
    return path


def write_audio(path: Path, *, seconds: float = 1.0, codec: str = "aac") -> Path:
    """Write a file with a sine tone and nothing else."""
    with av.open(str(path), "w") as output:
        tone = _Tone(output, codec, start=0.0)
        tone.play_until(seconds)
        tone.end()
    return path


class _Tone:
    def __init__(self, output: Any, codec: str, *, start: float, rate: int | None = None, layout: str = "mono") -> None:
        self._output = output
        self._rate = rate or (48000 if codec == "libopus" else AUDIO_RATE)
        self._layout = layout
        self._channels = av.AudioLayout(layout).nb_channels
        self._stream: Any = output.add_stream(codec, rate=self._rate, layout=layout)
        self._start = round(start * self._rate)
        self._samples = 0

    def play_until(self, seconds: float) -> None:
        while self._start + self._samples < seconds * self._rate:
            phase = 2 * np.pi * 440 * (np.arange(1024) + self._samples) / self._rate
            samples = np.repeat((8000 * np.sin(phase)).astype(np.int16), self._channels)[None]
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=self._layout)
            frame.sample_rate = self._rate
            frame.time_base = Fraction(1, self._rate)
            frame.pts = self._start + self._samples
            self._samples += 1024
            self._output.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._output.mux(self._stream.encode(None))


def turn_display(path: Path, matrix: Sequence[int]) -> None:
    """Set the display matrix (a, b, c, d as whole numbers) of the only track of an MP4, as a phone that is held upright
    does.
    """
    content = bytearray(path.read_bytes())
    position = content.index(b"tkhd") + 4 + 40  # version 0: 40 bytes from the box's type to the matrix
    a, b, c, d = (value << 16 for value in matrix)
    content[position : position + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def write_oriented_jpeg(path: Path, picture: Picture, *, orientation: int) -> Path:
    """A JPEG whose EXIF data say how it has to be turned (1 to 8)."""
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
    tiff = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    content = encoded.tobytes()
    path.write_bytes(content[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + content[2:])
    return path


def write_png(path: Path, picture: Picture) -> Path:
    """Write a PNG."""
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return path


def packets_of(path: Path, kind: str) -> list[tuple[float, bytes]]:
    """Time in seconds and content of every packet of the first stream of a kind (``audio`` or ``video``)."""
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(stream)
            if packet.pts is not None
        ]
