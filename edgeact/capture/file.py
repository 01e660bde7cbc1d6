"""A video file as a source, decoded by PyAV (FFmpeg)."""

import threading
import time
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edgeact.capture.base import SourceInfo, SourceState
from edgeact.capture.colour import ColourReader
from edgeact.capture.container import announced_seconds, open_media, select_video, time_origin
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, limit_stream
from edgeact.capture.timeline import Timeline
from edgeact.capture.upright import Orientation, check_turn, read_orientation
from edgeact.errors import SourceFormatError, UsageError
from edgeact.memory import DEFAULT_MEMORY
from edgeact.types import Frame, UInt8

FALLBACK_FRAME_RATE = Fraction(25)  # for streams that announce none; it only ever spaces frames without a timestamp
# Edit lists and frames that a decoder swallows make small differences to the announced count normal.
COUNT_TOLERANCE = 0.02
TIME_TOLERANCE_SECONDS = 0.5


class FileSource:
    """Every frame of a video file, once and in order, with the container's own timestamps.

    Frames stand upright (rotation and mirroring of the display matrix are applied) and are RGB of standard dynamic
    range whatever the stored pixel format is (see `ColourReader`). A frame's index counts all frames of the file, so
    with ``every`` greater than 1 indices have gaps.
    Its time is the presentation timestamp in seconds (see `time_origin` for transport streams); timestamps that are
    missing or do not increase are repaired by `Timeline`. Where the picture's size changes within the file, frames have
    the size of their time.

    A damaged packet is skipped. A file that breaks off keeps what was decoded: nothing is raised, `truncated` says so.

    Attributes:
        decoded_frames: Frames decoded so far, those that ``every`` leaves out included.
        truncated: At the end: reading broke off, or clearly fewer frames came than announced.
        message: At the end: one line on what was wrong with the file, or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        every: int = 1,
        turn: int = 0,
        max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        """Open the file and decode its first picture, so that a file that cannot be used is known at once.

        Args:
            path: The file.
            every: Deliver each n-th frame only, beginning with the first.
            turn: Degrees to the right by which pictures are turned after the display matrix: 0, 90, 180 or 270.
            max_megapixels: Larger pictures are refused before they are decoded.
            memory: Bytes that frames, decoder and encoder may take together (see `edgeact.memory`).

        Raises:
            SourceNotFoundError: There is no such file.
            SourceFormatError: It is empty, no video, audio only, too large, or no picture of it can be decoded.
            UsageError: ``every`` is less than 1, or ``turn`` no quarter turn.
        """
        if every < 1:
            raise UsageError(f"every is {every}, but must be at least 1: it means that each n-th frame is used")
        check_turn(turn)
        self.decoded_frames = 0
        self.truncated = False
        self.message: str | None = None
        self._path = path
        self._every = every
        self._state = SourceState.STARTING
        self._lock = threading.Lock()  # PyAV crashes when a container is closed under a decode
        self._closing = False
        self._started = False
        self._damaged_packets = 0
        self._read_error: str | None = None
        self._end = 0.0  # end of the last frame, on the container's clock
        self._orientation: tuple[int, Orientation] | None = None  # and the angle in degrees that it was read at

        self._turn = turn
        self._colours = ColourReader(path)

        self._container = open_media(path, max_megapixels=max_megapixels)
        try:
            stream = select_video(self._container, path, memory=memory)
            limit_stream(path, stream, max_megapixels=max_megapixels)
            self._decoded = self._decode(stream)
            self._first = next(self._decoded, None)
            if self._first is None:
                raise SourceFormatError(
                    f"{path}: no picture can be decoded ({stream.codec_context.name}): the file is damaged; copy "
                    "it again or convert it"
                )
            width, height = self._orient(self._first).size(self._first.width, self._first.height)
            self._start = _stamp(self._first) or 0.0
            self._info = SourceInfo(
                name=str(path),
                width=width,
                height=height,
                live=False,
                # Raw streams have no timestamps to average over, but may state a rate in their own headers.
                frame_rate=stream.guessed_rate if self._first.pts is None else stream.average_rate,
                frame_count=stream.frames or None,
                duration=announced_seconds(self._container, stream, start=self._start),
            )
            self._step = float(1 / (self._info.frame_rate or FALLBACK_FRAME_RATE))
            self._origin = time_origin(self._container)
        except BaseException:
            self._container.close()
            raise
        self._timeline = Timeline(step=self._step)

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def state(self) -> SourceState:
        """Where the source stands; may be read from any thread."""
        return self._state

    @property
    def epoch(self) -> int:
        """Always 0: a file does not start anew."""
        return 0

    def frames(self) -> Iterator[Frame]:
        """Yield every frame once, in order, times strictly increasing; after `close` it ends.

        Raises:
            SourceFormatError: A picture has a pixel format that cannot be converted.
        """
        if self._started:
            raise RuntimeError(f"the frames of {self._path} were already taken; open it again")
        self._started = True
        self._state = SourceState.RUNNING
        try:
            while (frame := self._next_frame()) is not None:
                yield frame
            self._state = SourceState.ENDED
        except (SourceFormatError, OSError, MemoryError):
            self._state = SourceState.FAILED
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Stop and release; may be called from any thread, and twice."""
        self._closing = True
        with self._lock:
            self._decoded.close()
            self._first = None
            self._container.close()
        if self._state in (SourceState.STARTING, SourceState.RUNNING):
            self._state = SourceState.ENDED

    def __enter__(self) -> "FileSource":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    def _next_frame(self) -> Frame | None:
        with self._lock:
            while not self._closing:
                picture, self._first = self._first or next(self._decoded, None), None
                if picture is None:
                    self._judge()
                    return None
                index = self.decoded_frames
                self.decoded_frames += 1
                time_seconds = self._place(picture)
                if index % self._every == 0:
                    return Frame(
                        index=index, time=time_seconds, image=self._convert(picture, index), captured=time.monotonic()
                    )
        return None

    def _decode(self, stream: VideoStream) -> Generator[VideoFrame, None, None]:
        """Decode packet by packet: a damaged one costs its own pictures only."""
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                self._read_error = str(getattr(error, "strerror", None) or error)
                packet = None
            if packet is None:
                break
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self._damaged_packets += 1
        if self._read_error is not None:  # else the demuxer's last, empty packet has flushed the decoder
            try:
                yield from stream.codec_context.decode(None)
            except av.FFmpegError:
                self._damaged_packets += 1

    def _place(self, picture: VideoFrame) -> float:
        stamp = _stamp(picture)
        if stamp is None:
            return self._timeline.place(None)
        self._end = max(self._end, stamp + self._step)
        return self._timeline.place(stamp - self._origin)

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
        """Compare what came with what was announced."""
        count, seconds = self._info.frame_count, self._info.duration
        missing_seconds = 0.0 if seconds is None else self._start + seconds - self._end
        ends_early = missing_seconds > max(TIME_TOLERANCE_SECONDS, COUNT_TOLERANCE * (seconds or 0.0))
        if count is None:
            few = ends_early
        else:
            few = count - self.decoded_frames > max(2, COUNT_TOLERANCE * count)
            # An edit list hides frames on purpose; then the video still lasts as long as announced.
            few = few and (seconds is None or ends_early or self._damaged_packets > 0)
        self.truncated = few or self._read_error is not None
        announced = f" of {count} announced" if count is not None else ""
        if self.truncated:
            cause = f" ({self._read_error})" if self._read_error is not None else ""
            self.message = (
                f"{self._path} broke off{cause}: {self.decoded_frames}{announced} frames, up to "
                f"{self._end - self._origin:.2f} s, could be "
                "decoded and were kept; copy the file again if there should be more"
            )
        elif self._damaged_packets:
            self.message = (
                f"{self._path} is damaged: packets that could not be decoded and were skipped: "
                f"{self._damaged_packets}; "
                f"{self.decoded_frames}{announced} frames were decoded"
            )
        if self._colours.message is not None:
            self.message = self._colours.message if self.message is None else f"{self.message}; {self._colours.message}"


def _stamp(picture: VideoFrame) -> float | None:
    """Presentation timestamp in seconds on the container's clock, or None."""
    return None if picture.pts is None or picture.time_base is None else float(picture.pts * picture.time_base)
