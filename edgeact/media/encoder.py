"""Pictures to H.264 in an MP4, at their own times."""

import os
from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edgeact.errors import OutputError
from edgeact.memory import DEFAULT_MEMORY, encoder_lookahead
from edgeact.types import UInt8

TIME_BASE = Fraction(1, 90_000)  # the usual clock of video: fine enough for any frame rate, so variable ones survive
MAXIMUM_SIDE = 16_384  # x264's limit
KEYFRAME_SECONDS = 2.0  # a player that jumps has to decode at most this much
LARGEST_DISTANCE = 2**31 - 2  # ticks between two samples of a track, beyond which FFmpeg squeezes all that follow
MAXIMUM_KEYFRAME_DISTANCE = 250
MAXIMUM_ENCODER_THREADS = 4  # more encode little faster

# Chosen on 720p people with sensor noise, two cores, x264's own threads (CPU ms a frame, Mbit/s, PSNR dB):
#   veryfast crf 23: 13.9, 1.09, 41.8    superfast crf 23: 9.5, 2.31, 42.7    ultrafast crf 23: 3.9, 1.94, 41.2
#   ultrafast crf 22 with the settings below: 5.0, 1.24, 41.5
# That is nearly veryfast's picture and size for a third of its time, which leaves the cores to the networks.
ENCODER_OPTIONS = {
    "preset": "ultrafast",
    "crf": "22",
    "x264-params": "cabac=1:no-deblock=0:deblock=0,0:aq-mode=1:mbtree=1",  # and a lookahead of 10, if memory allows
}

# OpenCV's conversion is four times as fast as FFmpeg's and knows the matrix of BT.601 only; the video says so itself.
# The numbers are FFmpeg's AVColorSpace, AVColorPrimaries, AVColorTransferCharacteristic and AVColorRange.
MATRIX_SMPTE170M, PRIMARIES_BT709, TRANSFER_BT709, RANGE_LIMITED = 6, 1, 1, 1


def check_size(width: int, height: int, *, name: str) -> None:
    """Refuse pictures that the encoder would refuse after the first one was worked on.

    Raises:
        OutputError: A side is longer than `MAXIMUM_SIDE` pixels.
    """
    if max(width, height) > MAXIMUM_SIDE:
        side = "wide" if width > MAXIMUM_SIDE else "tall"
        raise OutputError(
            f"{name} is {width}×{height} pixels: too {side} for H.264, which takes {MAXIMUM_SIDE}; --no-video "
            "writes the data only"
        )


class PictureEncoder:
    """Encodes pictures of one video.

    The video has the size given here, its last column or row repeated where that is odd (H.264 takes even sizes only).
    Pictures of another size are fitted into it, on black.
    """

    def __init__(
        self,
        output: OutputContainer,
        *,
        width: int,
        height: int,
        frame_rate: Fraction,
        pixel_shape: Fraction | None,
        memory: int = DEFAULT_MEMORY,
        finest_clock: int = 0,
    ) -> None:
        """Add the stream to ``output``, which must not have been written yet.

        Args:
            output: The container.
            width: Of the pictures to come, in pixels.
            height: Of the pictures to come, in pixels.
            frame_rate: Frames per second, roughly: it guides the encoder and gives the first frame its length.
            pixel_shape: Width over height of one pixel on a screen; None for square ones.
            memory: Bytes that frames, decoder and encoder may take together; with little the encoder looks ahead less.
            finest_clock: Ticks a second of the finest track beside the pictures; it limits how long a pause may be.
        """
        self._width, self._height = width, height
        self._first: float | None = None
        self._last: int | None = None
        self._duration: int | None = None  # of the last picture, where its source says so
        # Pauses that an MP4 cannot hold, as they were cut: the time at which each ends, and the seconds taken out.
        self._cuts: list[tuple[float, float]] = []
        self._longest = LARGEST_DISTANCE * int(1 / TIME_BASE) // max(int(1 / TIME_BASE), finest_clock)
        self._step = max(1, round(1 / (frame_rate * TIME_BASE)))
        self._stream: VideoStream = output.add_stream(
            "libx264", rate=frame_rate, options=_options(width, height, memory)
        )
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = TIME_BASE
        context.gop_size = max(1, min(MAXIMUM_KEYFRAME_DISTANCE, round(float(frame_rate) * KEYFRAME_SECONDS)))
        context.thread_count = min(os.cpu_count() or 1, MAXIMUM_ENCODER_THREADS)
        context.colorspace, context.color_range = MATRIX_SMPTE170M, RANGE_LIMITED
        context.color_primaries, context.color_trc = PRIMARIES_BT709, TRANSFER_BT709
        if pixel_shape is not None:
            context.sample_aspect_ratio = pixel_shape

    @property
    def stream(self) -> VideoStream:
        """What was added to the container."""
        return self._stream

    @property
    def step(self) -> float:
        """Seconds between the last two pictures."""
        return float(self._step * TIME_BASE)

    @property
    def end(self) -> float:
        """Time in seconds, on the source's clock, at which the last picture ends.

        It lasts as long as its source says, or else as the one before.
        """
        ticks = (self._last or 0) + (self._duration or self._step)
        return float(ticks * TIME_BASE) + sum(seconds for _, seconds in self._cuts)

    @property
    def intended_seconds(self) -> float:
        """How long all pictures together are to be shown."""
        return 0.0 if self._first is None else self.end - self._first

    def written(self, seconds: float) -> float | None:
        """Time in the video of a time on the source's clock; None within a pause that was cut."""
        moved = seconds
        for end, length in self._cuts:
            if seconds >= end:
                moved -= length
            elif seconds > end - length:
                return None
        return moved

    def encode(self, image: UInt8, seconds: float, *, duration: float | None = None) -> Sequence["Packet[VideoStream]"]:
        """Packets that are ready after this picture.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            seconds: From when on it is shown, on the source's clock.
            duration: How long, for the last one; None: as long as the one before.

        Raises:
            OSError, av.FFmpegError: The encoder does not take it.
        """
        tick = round((seconds - sum(length for _, length in self._cuts)) / TIME_BASE)
        if self._last is None:
            self._first = seconds
        else:
            tick = max(tick, self._last + 1)  # times that differ by less than a tick
            if tick - self._last > self._longest:
                self._cuts.append((seconds, float((tick - self._last - self._longest) * TIME_BASE)))
                tick = self._last + self._longest
            self._step = tick - self._last
        self._last = tick
        self.extend(None if duration is None else seconds + duration)
        yuv = cv2.cvtColor(self._fit(image), cv2.COLOR_RGB2YUV_I420).astype(np.uint8, copy=False)
        frame = VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.colorspace, frame.color_range = MATRIX_SMPTE170M, RANGE_LIMITED
        frame.time_base, frame.pts, frame.duration = TIME_BASE, tick, self._step
        return self._stream.encode(frame)

    def extend(self, end: float | None) -> None:
        """Show the last picture until this time, if it is the last one; None: as long as the one before it."""
        self._duration = None
        if end is not None and self._last is not None:
            ticks = round((end - sum(length for _, length in self._cuts)) / TIME_BASE) - self._last
            self._duration = min(max(1, ticks), self._longest)

    def flush(self) -> Sequence["Packet[VideoStream]"]:
        """The packets that the encoder still holds; afterwards it takes no more pictures."""
        packets = self._stream.encode(None)
        if packets:
            # The encoder gives every picture the length that the rate says; the last one has no successor to correct
            # it.
            packets[-1].duration = round((self._duration or self._step) * TIME_BASE / packets[-1].time_base)
        return packets

    def _fit(self, image: UInt8) -> UInt8:
        width, height = self._width, self._height
        if image.shape[:2] != (height, width):
            image = _letterbox(image, width, height)
        if width % 2 or height % 2:
            image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE).astype(
                np.uint8, copy=False
            )
        return np.ascontiguousarray(image)


def immediate_encoder(output: OutputContainer, *, width: int, height: int, rate: float) -> PictureEncoder:
    """An encoder that does not look ahead: the packet of each picture is there as soon as the picture is encoded.

    Args:
        output: The container, not written yet.
        width: Of the pictures to come, in pixels.
        height: Of the pictures to come, in pixels.
        rate: Frames a second, roughly.
    """
    frame_rate = Fraction(rate).limit_denominator(1000)
    return PictureEncoder(output, width=width, height=height, frame_rate=frame_rate, pixel_shape=None, memory=0)


def _options(width: int, height: int, memory: int) -> dict[str, str]:
    lookahead = encoder_lookahead(width, height, memory=memory)
    parameters = f"{ENCODER_OPTIONS['x264-params']}:rc-lookahead={lookahead}"
    if lookahead == 0:
        parameters += ":sync-lookahead=0"  # which is the pictures that its own thread holds besides
    return {**ENCODER_OPTIONS, "x264-params": parameters}


def _letterbox(image: UInt8, width: int, height: int) -> UInt8:
    """Scale to fit into ``width`` by ``height``, in the middle, the rest black."""
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_width, inner_height = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[top : top + inner_height, left : left + inner_width] = cv2.resize(
        image, (inner_width, inner_height), interpolation=method
    )
    return canvas
