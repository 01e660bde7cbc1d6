"""A video file as a source, decoded by PyAV (FFmpeg)."""

import threading
import time
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edgeact.capture.base import SourceInfo
from edgeact.capture.clock import MediaClock
from edgeact.capture.colour import ColourReader
from edgeact.capture.container import (
    announced_seconds,
    describe_streams,
    open_media,
    select_video,
    video_streams,
)
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, limit_stream
from edgeact.capture.losses import Announced, Losses
from edgeact.capture.packets import PacketReader, is_content
from edgeact.capture.recorded import RecordedSource, check_every
from edgeact.capture.timeline import BestEffort, Timeline
from edgeact.capture.upright import Orientation, check_turn, read_orientation
from edgeact.errors import SourceFormatError
from edgeact.memory import DEFAULT_MEMORY
from edgeact.types import Frame, UInt8

FALLBACK_FRAME_RATE = Fraction(25)  # for streams that announce none; it only ever spaces frames without a timestamp


class FileSource(RecordedSource):
    """Every frame of a video file, once and in order, with the container's own timestamps.

    Frames stand upright (rotation and mirroring of the display matrix are applied) and are RGB of standard dynamic
    range whatever the stored pixel format is (see `ColourReader`). A frame's index counts all frames of the file, so
    with ``every`` greater than 1 indices have gaps.
    Its time is the presentation timestamp in seconds, as FFmpeg's tools choose it (`BestEffort`). The file's clock,
    which the sound shares, repairs timestamps that are wild or start anew (`MediaClock`); `Timeline` repairs those that
    are still missing or do not increase. Where the picture's size changes within the file, frames have the size of
    their time.

    A damaged packet is skipped. A file that breaks off keeps what was decoded: nothing is raised, `truncated` says so.

    Attributes:
        decoded_frames: Frames decoded so far, those that ``every`` leaves out included.
        truncated: At the end: reading broke off, or the pictures end clearly before the announced end.
        message: At the end: one line on what was wrong with the file or had to be chosen, or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        every: int = 1,
        turn: int = 0,
        stream_index: int | None = None,
        max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        """Open the file and decode its first picture, so that a file that cannot be used is known at once.

        Args:
            path: The file.
            every: Deliver each n-th frame only, beginning with the first.
            turn: Degrees to the right by which pictures are turned after the display matrix: 0, 90, 180 or 270.
            stream_index: Which of the file's streams, as FFmpeg's tools number them; None takes the main video.
            max_megapixels: Larger pictures are refused before they are decoded.
            memory: Bytes that frames, decoder and encoder may take together (see `edgeact.memory`).

        Raises:
            SourceNotFoundError: There is no such file.
            SourceFormatError: It is empty, no video, audio only, too large, or no picture of it can be decoded.
            UsageError: ``every`` is less than 1, ``turn`` no quarter turn, or there is no video stream of this index.
        """
        super().__init__()
        check_every(every)
        check_turn(turn)
        self.decoded_frames = 0
        self.truncated = False
        self.message: str | None = None
        self._path = path
        self._every = every
        self._lock = threading.Lock()  # PyAV crashes when a container is closed under a decode
        self._orientation: tuple[int, Orientation] | None = None  # and the angle in degrees that it was read at
        self._best_effort = BestEffort()

        self._turn = turn
        self._colours = ColourReader(str(path))

        self._container = open_media(path, max_megapixels=max_megapixels)
        try:
            stream = select_video(self._container, path, index=stream_index, memory=memory)
            limit_stream(path, stream, max_megapixels=max_megapixels)
            self._choice = _choice(self._container, stream, asked=stream_index is not None)
            rate = stream.average_rate or stream.guessed_rate or FALLBACK_FRAME_RATE
            self._packets = PacketReader(self._container, stream, step=float(1 / rate))
            self._losses = Losses(Announced(None, None, 0.0, float(1 / rate)), codec=stream.codec_context.name)
            self._decoded = self._decode(stream)
            self._first = next(self._decoded, None)
            if self._first is None:
                raise SourceFormatError(
                    f"{path}: no picture can be decoded ({stream.codec_context.name}): the file is damaged; copy "
                    "it again or convert it"
                )
            width, height = self._orient(self._first).size(self._first.width, self._first.height)
            first = self._first.dts if self._first.pts is None else self._first.pts
            start = (_seconds(self._first, first) or 0.0) + self.clock.origin
            self._info = SourceInfo(
                name=str(path),
                width=width,
                height=height,
                live=False,
                # Raw streams have no timestamps to average over, but may state a rate in their own headers.
                frame_rate=stream.guessed_rate if first is None else stream.average_rate,
                frame_count=stream.frames or None,
                duration=announced_seconds(self._container, stream, start=start),
                pixel_shape=self._pixel_shape(stream, self._first),
            )
            # AVI counts from the first packet, whichever picture comes first.
            begin = 0.0 if self._packets.is_decoding_order else start - self.clock.origin
            step = float(1 / (stream.guessed_rate or FALLBACK_FRAME_RATE)) if first is None else self._packets.step
            self._losses.announce(Announced(self._info.frame_count, self._info.duration, begin, step))
        except BaseException:
            self._container.close()
            raise
        self._timeline = Timeline(step=step)

    @property
    def clock(self) -> MediaClock:
        """The clock of all streams of the file, for whoever writes its sound."""
        return self._packets.clock

    def _deliver(self) -> Iterator[Frame]:
        while (frame := self._next_frame()) is not None:
            yield frame

    def _release(self) -> None:
        with self._lock:
            self._decoded.close()
            self._first = None
            self._container.close()

    def _next_frame(self) -> Frame | None:
        with self._lock:
            while not self._closing.is_set():
                picture, self._first = self._first or next(self._decoded, None), None
                if picture is None:
                    self._judge()
                    return None
                index = self.decoded_frames
                self.decoded_frames += 1
                time_seconds, duration = self._place(picture)
                if index % self._every == 0:
                    return Frame(
                        source=self._info.name,
                        index=index,
                        time=time_seconds,
                        image=self._convert(picture, index),
                        captured=time.monotonic(),
                        duration=duration,
                    )
        return None

    def _decode(self, stream: VideoStream) -> Generator[VideoFrame, None, None]:
        """Decode packet by packet: a damaged one costs its own pictures only."""
        context, is_flushed = stream.codec_context, False
        for packet in self._packets:
            if is_content(packet):
                self._losses.sent(size=packet.size, hidden=packet.is_discard, corrupt=packet.is_corrupt)
            else:
                is_flushed = True
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self._losses.undecodable += 1
        self._losses.read_error = self._packets.error
        if not is_flushed:  # reading broke off before the demuxer's last, empty packet
            try:
                yield from context.decode(None)
            except av.FFmpegError:
                self._losses.undecodable += 1

    def _place(self, picture: VideoFrame) -> tuple[float, float | None]:
        """When a picture is shown, and for how long (None: the container does not say), in seconds."""
        time_seconds = self._timeline.place(_seconds(picture, self._best_effort.choose(picture.pts, picture.dts)))
        duration = _seconds(picture, picture.duration) or None
        interlaced, corrupt = picture.interlaced_frame, picture.is_corrupt
        self._losses.shown(time_seconds, duration=duration, interlaced=interlaced, corrupt=corrupt)
        self.clock.end = self._losses.end
        return time_seconds, duration

    def _pixel_shape(self, stream: VideoStream, picture: VideoFrame) -> Fraction | None:
        shape = stream.sample_aspect_ratio
        if not shape or shape == 1:
            return None
        return 1 / shape if self._orient(picture).transpose else shape

    def _orient(self, picture: VideoFrame) -> Orientation:
        # Every frame carries the matrix. It is read only when the angle changes: asking a PyAV frame for its side data
        # ties the two together in a circle, so that the frame's memory would wait for the garbage collector (hundreds
        # of frames at a time).
        if self._orientation is None or picture.rotation != self._orientation[0]:
            side_data: Any = picture.side_data.get("DISPLAYMATRIX")
            orientation = read_orientation(None if side_data is None else bytes(side_data)).turned(self._turn)
            self._orientation = (picture.rotation, orientation)
        return self._orientation[1]

    def _convert(self, picture: VideoFrame, index: int) -> UInt8:
        array = self._colours.read(picture, index)
        image = np.ascontiguousarray(self._orient(picture).apply(array))
        image.flags.writeable = False
        return image

    def _judge(self) -> None:
        """Say what was lost, repaired and chosen."""
        self.clock.finished = True
        if self.clock.restarts:
            self._losses.expect_seams(len(self.clock.restarts))
        self.truncated = self._losses.broke_off
        notes = [self._losses.describe(str(self._path)), self._colours.message, _repairs(self.clock), self._choice]
        known = [note for note in notes if note is not None]
        if known and notes[0] is None and notes[1] is None:  # those two name the file
            known[0] = f"{self._path}: {known[0]}"
        self.message = "; ".join(known) or None


def _seconds(picture: VideoFrame, ticks: int | None) -> float | None:
    """A time of the picture in seconds, or None."""
    return None if ticks is None or picture.time_base is None else float(ticks * picture.time_base)


def _choice(container: InputContainer, stream: VideoStream, *, asked: bool) -> str | None:
    """Which of several video streams is used."""
    streams = video_streams(container)
    if asked or len(streams) < 2:
        return None
    return f"its video streams are {describe_streams(streams)}: {stream.index} is used, --stream chooses another"


def _repairs(clock: MediaClock) -> str | None:
    """What the clock changed."""
    words = []
    if clock.restarts:
        times = ", ".join(f"{time:.2f} s" for time in clock.restarts[:3]) + (", …" if len(clock.restarts) > 3 else "")
        words.append(f"its clock starts anew at {times}: pictures and sound go on there")
    if clock.wild:
        words.append(f"wild timestamps that were repaired: {clock.wild}")
    return "; ".join(words) or None
