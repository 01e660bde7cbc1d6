"""Times, lengths, streams and losses of files as cameras and recorders write them."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import pytest

from edgeact.capture.file import FileSource
from edgeact.errors import UsageError
from edgeact.sinks.video import VideoSink
from edgeact.types import Frame, Observation
from tests.media import number_of, numbered_picture, write_video

PICTURES = [numbered_picture(number % 20) for number in range(40)]


def read(path: Path, *, stream_index: int | None = None) -> tuple[FileSource, list[Frame]]:
    with FileSource(path, stream_index=stream_index) as source:
        return source, list(source.frames())


def test_pictures_that_are_reordered_in_an_avi_stay_evenly_spaced(tmp_path: Path) -> None:
    """AVI knows the order of decoding only; FFmpeg's presentation times of it are 1, 40 or 120 ms apart."""
    path = write_video(tmp_path / "a.avi", PICTURES, options={"bf": "3", "b_strategy": "0"})
    _, frames = read(path)
    assert [number_of(frame.image) for frame in frames] == [number % 20 for number in range(40)]
    steps = [later.time - earlier.time for earlier, later in itertools.pairwise(frames)]
    assert steps == pytest.approx([0.04] * 39, abs=1e-6)


def with_long_last_packet(path: Path, *, seconds: float) -> Path:
    """A video of ten pictures in 0.4 s, the last of which is shown until ``seconds``."""
    source = write_video(path.with_name(f"whole{path.suffix}"), PICTURES[:10], options={"bf": "0"}, audio="aac")
    with av.open(str(source)) as reader, av.open(str(path), "w") as writer:
        stream = reader.streams.video[0]
        target = writer.add_stream_from_template(stream)
        packets = [packet for packet in reader.demux(stream) if packet.pts is not None]
        last = packets[-1]
        assert last.time_base is not None
        last.duration = round(seconds / last.time_base) - (last.pts or 0)
        for packet in packets:
            packet.stream = target
            writer.mux(packet)
    return path


def test_the_last_picture_stays_as_long_as_the_container_says(tmp_path: Path) -> None:
    path = with_long_last_packet(tmp_path / "a.mp4", seconds=8.0)
    with FileSource(path) as source:
        sink = VideoSink(tmp_path / "out.mp4", info=source.info, source_path=path, clock=source.clock)
        for frame in source.frames():
            sink.write(Observation(frame=frame), None)
        sink.close()
    assert (source.truncated, source.message, sink.message) == (False, None, None)
    assert frame.duration == pytest.approx(8.0 - 0.36, abs=0.001)
    with av.open(str(tmp_path / "out.mp4")) as written:
        assert float((written.duration or 0) / av.time_base) == pytest.approx(8.0, abs=0.01)


@pytest.fixture
def two_videos(tmp_path: Path) -> Path:
    """A preview of 32×24 pixels, then the main video of 64×48, whose pixels are wide."""
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as output:
        streams = []
        for width, height, shape in ((32, 24, Fraction(1)), (64, 48, Fraction(16, 11))):
            stream = output.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.sample_aspect_ratio = shape
            streams.append(stream)
        for number in range(5):
            for stream in streams:
                picture = numbered_picture(number, width=stream.width, height=stream.height)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for stream in streams:
            output.mux(stream.encode(None))
    return path


def test_of_two_videos_the_larger_is_taken_and_named(two_videos: Path) -> None:
    source, frames = read(two_videos)
    assert frames[0].image.shape == (48, 64, 3)
    assert source.info.pixel_shape == Fraction(16, 11)
    assert source.message is not None
    assert "0 (32×24), 1 (64×48): 1 is used, --stream chooses another" in source.message


def test_another_video_can_be_asked_for(two_videos: Path) -> None:
    source, frames = read(two_videos, stream_index=0)
    assert frames[0].image.shape == (24, 32, 3)
    assert (source.info.pixel_shape, source.message) == (None, None)
    with pytest.raises(UsageError, match=r"no video stream 7 .*0 \(32×24\), 1 \(64×48\)"):
        FileSource(two_videos, stream_index=7)


def test_damage_in_the_middle_is_said_and_is_no_early_end(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", PICTURES, options={"g": "10", "bf": "0"})
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        places = [(packet.pos, packet.size) for packet in packets[15:20]]
    content = bytearray(path.read_bytes())
    for start, size in places:
        assert start is not None
        content[start : start + size] = b"\xff" * size
    path.write_bytes(content)
    source, frames = read(path)
    assert 30 <= len(frames) < 40
    assert not source.truncated
    assert source.message is not None
    assert f"{path} is damaged" in source.message
    assert f"pictures that are missing: {40 - len(frames)}" in source.message


def set_times(path: Path, *, number: int, seconds: float) -> None:
    """Give picture ``number`` of a transport stream another time, in its PES header."""
    content = bytearray(path.read_bytes())
    seen = 0
    for start in range(0, len(content), 188):
        begin = content.find(b"\x00\x00\x01\xe0", start, start + 188)
        if not content[start + 1] & 0x40 or begin < 0:
            continue
        if seen == number:
            ticks = round(seconds * 90_000)
            flags = content[begin + 7] >> 6
            stamp = bytes(
                (
                    flags << 4 | (ticks >> 30 & 7) << 1 | 1,
                    ticks >> 22 & 255,
                    (ticks >> 15 & 127) << 1 | 1,
                    ticks >> 7 & 255,
                    (ticks & 127) << 1 | 1,
                )
            )
            content[begin + 9 : begin + 14] = stamp
            if flags == 3:
                content[begin + 14 : begin + 19] = bytes((0x10 | stamp[0] & 0x0F, *stamp[1:]))
        seen += 1
    path.write_bytes(content)


def test_one_wild_timestamp_costs_only_its_own_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", PICTURES, options={"bf": "0"})
    set_times(path, number=20, seconds=10_000.0)
    source, frames = read(path)
    assert [frame.time for frame in frames] == pytest.approx([number / 25 for number in range(40)], abs=0.002)
    assert source.message is not None
    assert "wild timestamps that were repaired: 1" in source.message
