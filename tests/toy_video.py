"""Short videos of the toy world (see `tests.tiny_bundle`): bright rectangles that walk, as files."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.tiny_bundle import tiny_picture

Boxes = Sequence[Sequence[float]]


def one_walker(time: float) -> Boxes:
    """A person who walks to the right, 40 pixels a second."""
    x = 40 + 40 * time
    return [(x, 40, x + 24, 120)]


def nobody(time: float) -> Boxes:
    """An empty picture."""
    return []


def crowd(time: float) -> Boxes:
    """Forty persons on a grid who sway a little."""
    sway = 3 * np.sin(2 * time)
    return [
        (16 + 40 * column + sway, 10 + 46 * row, 26 + 40 * column + sway, 42 + 46 * row)
        for row in range(5)
        for column in range(8)
    ]


def write_toy_video(
    path: Path,
    *,
    seconds: float = 1.0,
    size: tuple[int, int] = (320, 240),
    rate: int = 25,
    boxes: Callable[[float], Boxes] = one_walker,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video and return its path.

    Args:
        path: Where to; the suffix decides the container.
        seconds: Length.
        size: Width and height in pixels.
        rate: Frames a second.
        boxes: Persons at a time in seconds.
        times: Presentation times in seconds, for a variable frame rate; instead of ``seconds`` and ``rate``.
        codec: Of the video stream.
        options: Of the encoder.
    """
    times = [index / rate for index in range(round(seconds * rate))] if times is None else times
    base = Fraction(1, 90000)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {"preset": "ultrafast", "crf": "18"})
        # 4:2:0 needs even sizes.
        even = size[0] % 2 == 0 and size[1] % 2 == 0
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p" if even else "yuv444p"
        stream.time_base = stream.codec_context.time_base = base
        for time in times:
            frame = av.VideoFrame.from_ndarray(tiny_picture(*size, boxes(time)), format="rgb24")
            frame.pts, frame.time_base = round(time / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path, *, seconds: float = 0.5) -> Path:
    """Write a file with a tone and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        wave: npt.NDArray[np.float32] = np.sin(np.arange(round(seconds * 16000)) * 0.2).astype(np.float32)[None] * 0.1
        for start in range(0, wave.shape[1] - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(wave[:, start : start + 1024]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded_times(path: Path) -> list[float]:
    """Presentation times of all frames that can be decoded, in seconds."""
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]  # type: ignore[operator]


def loop_video(path: Path, source: Path, *, repeats: int) -> Path:
    """Write a long video by repeating the packets of a short one, without coding them again."""
    with av.open(str(source)) as reader:
        stream = reader.streams.video[0]
        packets = [packet for packet in reader.demux(stream) if packet.pts is not None and packet.dts is not None]
        length = max(packet.pts for packet in packets) + min(packet.duration or 1 for packet in packets)
        stamps = [(packet.pts, packet.dts) for packet in packets]
        with av.open(str(path), "w") as writer:
            target = writer.add_stream_from_template(stream)
            for repeat in range(repeats):
                for packet, (pts, dts) in zip(packets, stamps, strict=True):
                    packet.pts, packet.dts, packet.stream = pts + repeat * length, dts + repeat * length, target
                    # Muxing takes the packet's data away, so a copy goes.
                    copy = av.Packet(bytes(packet))
                    copy.pts, copy.dts, copy.duration, copy.time_base = (
                        packet.pts,
                        packet.dts,
                        packet.duration,
                        stream.time_base,
                    )
                    copy.stream, copy.is_keyframe = target, packet.is_keyframe
                    writer.mux(copy)
    return path
