from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edgeact.capture.file import FileSource
from edgeact.capture.images import ImagesSource
from edgeact.errors import OutputError
from edgeact.sinks.video import VideoSink
from edgeact.types import Frame, Observation, UInt8
from tests.media import (
    corner_picture,
    number_of,
    numbered_picture,
    packets_of,
    turn_display,
    write_png,
    write_video,
)
from tests.results import result, source_info

TIMES = (0.2, 0.21, 0.5, 0.9, 0.933333, 2.0)
PICTURES = [numbered_picture(number) for number in range(len(TIMES))]


def copy_video(source_path: Path, target: Path, *, frames: int | None = None) -> list[Frame]:
    """Source to sink, without anything drawn; stops after ``frames``. Gives the frames of the copy."""
    with FileSource(source_path) as source:
        sink = VideoSink(target, info=source.info, source_path=source_path, clock=source.clock)
        for position, frame in enumerate(source.frames()):
            if position == frames:
                break
            sink.write(Observation(frame=frame), None)
        sink.close()
    return read(target)


def read(path: Path) -> list[Frame]:
    with FileSource(path) as source:
        return list(source.frames())


def write_pictures(path: Path, pictures: list[UInt8], times: list[float] | None = None) -> Path:
    height, width = pictures[0].shape[:2]
    sink = VideoSink(path, info=source_info(width=width, height=height), source_path=None)
    for index, picture in enumerate(pictures):
        sink.write(result(index, picture, time=None if times is None else times[index]), picture)
    sink.close()
    return path


def stream_facts(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        return {
            "codec": context.name,
            "pixels": context.pix_fmt,
            "size": (context.width, context.height),
            "colours": (context.colorspace, context.color_primaries, context.color_trc, context.color_range),
            "shape": stream.sample_aspect_ratio,
            "duration": float((container.duration or 0) / av.time_base),
            "sound": [audio.codec_context.name for audio in container.streams.audio],
        }


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_uneven_times_survive(tmp_path: Path, suffix: str) -> None:
    source_path = write_video(tmp_path / f"a.{suffix}", PICTURES, times=TIMES)
    source = read(source_path)
    copy = copy_video(source_path, tmp_path / "out.mp4")
    assert [frame.time for frame in copy] == pytest.approx([frame.time for frame in source], abs=0.001)
    assert [number_of(frame.image) for frame in copy] == list(range(len(TIMES)))


@pytest.mark.parametrize("rate", [7, 24, 30, 59, 120, 1000])
def test_even_times_survive(tmp_path: Path, rate: int) -> None:
    times = [index / rate for index in range(12)]
    path = write_pictures(tmp_path / "a.mp4", [numbered_picture(index) for index in range(12)], times)
    assert [frame.time for frame in read(path)] == pytest.approx(times, abs=1e-5)


def test_times_closer_than_a_tick_stay_apart(tmp_path: Path) -> None:
    path = write_pictures(tmp_path / "a.mp4", PICTURES[:3], [0.0, 1e-9, 2e-9])
    assert [number_of(frame.image) for frame in read(path)] == [0, 1, 2]


def test_it_is_what_browsers_play(tmp_path: Path) -> None:
    path = write_pictures(tmp_path / "a.mp4", [corner_picture(width=320, height=240)] * 5)
    facts = stream_facts(path)
    assert (facts["codec"], facts["pixels"]) == ("h264", "yuv420p")
    assert facts["colours"] == (6, 1, 1, 1)  # the matrix that the pixels were made with, so that colours come out right
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # it can begin before all of it is there


def test_colours_come_back(tmp_path: Path) -> None:
    picture = corner_picture(width=1280, height=720)  # large enough to be taken for BT.709 where nothing is said
    (frame,) = read(write_pictures(tmp_path / "a.mp4", [picture]))
    assert np.abs(frame.image.astype(int) - picture).mean() < 3


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (33, 17), (64, 48)])
def test_odd_sizes_are_made_even_by_repeating_the_edge(tmp_path: Path, width: int, height: int) -> None:
    picture = numbered_picture(2, width=width, height=height)
    picture[:, -1] += 60
    path = write_pictures(tmp_path / "a.mp4", [picture] * 3)
    assert stream_facts(path)["size"] == (width + width % 2, height + height % 2)
    image = read(path)[0].image.astype(int)
    assert np.abs(image[:height, :width] - picture).mean() < 8
    assert np.abs(image[:, -1] - picture[0, -1, 0]).mean() < 8


def test_pictures_of_another_size_are_fitted_on_black(tmp_path: Path) -> None:
    pictures = [
        numbered_picture(5),
        numbered_picture(10, width=32, height=48),
        numbered_picture(15, width=640, height=480),
    ]
    frames = read(write_pictures(tmp_path / "a.mp4", pictures))
    assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 3
    assert number_of(frames[1].image[:, 18:46]) == 10
    assert frames[1].image[:, :14].mean() < 12
    assert number_of(frames[2].image) == 15


def test_one_picture_lasts_as_long_as_the_rate_says(tmp_path: Path) -> None:
    assert stream_facts(write_pictures(tmp_path / "a.mp4", [PICTURES[0]]))["duration"] == pytest.approx(0.04, abs=0.002)


def test_the_last_picture_lasts_as_long_as_the_one_before(tmp_path: Path) -> None:
    assert stream_facts(write_pictures(tmp_path / "a.mp4", PICTURES[:3], [0.0, 0.1, 0.4]))["duration"] == pytest.approx(
        0.7, abs=0.002
    )


def test_the_frame_itself_is_written_where_nothing_was_drawn(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "a.mp4", info=source_info(), source_path=None)
    sink.write(result(0, PICTURES[3]), None)
    sink.write(result(1, PICTURES[3]), PICTURES[5])
    sink.close()
    assert [number_of(frame.image) for frame in read(tmp_path / "a.mp4")] == [3, 5]


def test_no_frame_makes_no_file(tmp_path: Path) -> None:
    VideoSink(tmp_path / "a.mp4", info=source_info(), source_path=None).close()
    assert list(tmp_path.iterdir()) == []


def test_a_source_is_not_written_over(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", PICTURES)
    content = path.read_bytes()
    with pytest.raises(OutputError, match="is the source itself"):
        VideoSink(path, info=source_info(), source_path=tmp_path / "." / "a.mp4")
    assert path.read_bytes() == content


def test_a_picture_that_no_encoder_takes_is_an_error_of_the_output(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "a.mp4", info=source_info(), source_path=None)
    with pytest.raises(OutputError, match=r"a\.mp4 cannot be written"):
        sink.write(result(0, np.zeros((2, 40_000, 3), np.uint8)), None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("width", "height", "word"), [(17_000, 2, "wide"), (2, 17_000, "tall")])
def test_pictures_too_large_for_the_codec_are_refused_before_work_with_the_remedy(
    tmp_path: Path, width: int, height: int, word: str
) -> None:
    with pytest.raises(OutputError, match=rf"{width}×{height} pixels: too {word} for H\.264.*--no-video"):
        VideoSink(tmp_path / "a.mp4", info=source_info(width=width, height=height), source_path=None)
    assert list(tmp_path.iterdir()) == []


def test_turned_sources_give_upright_videos_without_a_matrix(tmp_path: Path) -> None:
    picture = corner_picture()
    source_path = write_video(tmp_path / "a.mp4", [picture] * 2)
    turn_display(source_path, (0, 1, -1, 0))
    frame = copy_video(source_path, tmp_path / "out.mp4")[0]
    assert np.abs(frame.image.astype(int) - np.rot90(picture, -1)).mean() < 8
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert next(container.decode(video=0)).rotation == 0


@pytest.mark.parametrize(("turned", "expected"), [(False, Fraction(16, 11)), (True, Fraction(11, 16))])
def test_the_shape_of_pixels_is_kept(tmp_path: Path, turned: bool, expected: Fraction) -> None:
    source_path = tmp_path / "a.mp4"
    with av.open(str(source_path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(PICTURES[0], format="rgb24")))
        output.mux(stream.encode(None))
    if turned:
        turn_display(source_path, (0, 1, -1, 0))
    copy_video(source_path, tmp_path / "out.mp4")
    assert stream_facts(tmp_path / "out.mp4")["shape"] == expected


LONG_TIMES = [index / 10 for index in range(20)]
LONG_PICTURES = [numbered_picture(index) for index in range(20)]


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "aac"), ("mkv", "aac"), ("mp4", "libmp3lame"), ("mkv", "libopus"), ("mkv", "flac")]
)
def test_sound_that_browsers_play_is_copied_packet_by_packet(tmp_path: Path, suffix: str, codec: str) -> None:
    source_path = write_video(tmp_path / f"a.{suffix}", LONG_PICTURES, times=LONG_TIMES, audio=codec, audio_start=0.25)
    copy_video(source_path, tmp_path / "out.mp4")
    expected, copied = packets_of(source_path, "audio"), packets_of(tmp_path / "out.mp4", "audio")
    assert [content for _, content in copied] == [content for _, content in expected]
    assert [time for time, _ in copied] == pytest.approx([time for time, _ in expected], abs=0.0011)


def test_sound_of_a_transport_stream_is_copied_and_moves_with_its_clock(tmp_path: Path) -> None:
    source_path = write_video(
        tmp_path / "a.ts", LONG_PICTURES, times=[time + 100 for time in LONG_TIMES], audio="aac", audio_start=100.5
    )
    source_start = packets_of(source_path, "video")[0][0]
    frames = copy_video(source_path, tmp_path / "out.mp4")
    assert frames[0].time == pytest.approx(0.0, abs=0.001)
    expected, copied = packets_of(source_path, "audio"), packets_of(tmp_path / "out.mp4", "audio")
    assert len(copied) == len(expected)
    assert copied[0][0] == pytest.approx(expected[0][0] - source_start, abs=0.001)


@pytest.mark.parametrize(("suffix", "codec"), [("mov", "pcm_s16le"), ("mkv", "mp2"), ("mkv", "ac3")])
def test_other_sound_is_coded_as_aac_in_step(tmp_path: Path, suffix: str, codec: str) -> None:
    source_path = write_video(tmp_path / f"a.{suffix}", LONG_PICTURES, times=LONG_TIMES, audio=codec, audio_start=0.5)
    copy_video(source_path, tmp_path / "out.mp4")
    assert stream_facts(tmp_path / "out.mp4")["sound"] == ["aac"]
    begin, end = _loud_part(tmp_path / "out.mp4")
    assert begin == pytest.approx(0.5, abs=0.03)
    assert end == pytest.approx(_loud_part(source_path)[1], abs=0.05)


def _loud_part(path: Path) -> tuple[float, float]:
    """From when to when a file can be heard, in seconds."""
    loud: list[float] = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono")
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                samples = np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.05)
                assert part.pts is not None
                assert part.time_base is not None
                loud += [
                    float(part.pts * part.time_base) + sample / part.sample_rate
                    for sample in (samples[:1], samples[-1:])
                    for sample in sample
                ]
    return min(loud), max(loud)


def test_a_source_without_sound_gives_none(tmp_path: Path) -> None:
    copy_video(write_video(tmp_path / "a.mp4", PICTURES), tmp_path / "out.mp4")
    assert stream_facts(tmp_path / "out.mp4")["sound"] == []


def test_pictures_that_end_early_end_the_sound(tmp_path: Path) -> None:
    source_path = write_video(
        tmp_path / "a.mp4", LONG_PICTURES * 4, times=[index / 10 for index in range(80)], audio="aac"
    )
    copy_video(source_path, tmp_path / "out.mp4", frames=20)
    assert packets_of(source_path, "audio")[-1][0] > 7.5
    assert packets_of(tmp_path / "out.mp4", "audio")[-1][0] == pytest.approx(2.0, abs=0.1)


def test_sound_that_outlasts_complete_pictures_is_kept(tmp_path: Path) -> None:
    source_path = tmp_path / "a.mkv"
    write_video(source_path, LONG_PICTURES, times=[index / 10 for index in range(19)] + [3.0], audio="aac")
    copy_video(source_path, tmp_path / "out.mp4")
    assert len(packets_of(tmp_path / "out.mp4", "audio")) == len(packets_of(source_path, "audio"))


def test_damaged_sound_does_not_cost_the_pictures(tmp_path: Path) -> None:
    source_path = write_video(tmp_path / "a.mkv", LONG_PICTURES, times=LONG_TIMES, audio="ac3")
    content = bytearray(source_path.read_bytes())
    for _, packet in packets_of(source_path, "audio")[5:10]:
        start = content.index(packet)
        content[start : start + len(packet)] = bytes(len(packet))
    source_path.write_bytes(content)
    assert len(copy_video(source_path, tmp_path / "out.mp4")) == 20


def test_images_have_no_sound_and_make_a_video(tmp_path: Path) -> None:
    paths = [write_png(tmp_path / f"{number}.png", numbered_picture(number)) for number in range(3)]
    source = ImagesSource(paths)
    sink = VideoSink(tmp_path / "out.mp4", info=source.info, source_path=tmp_path)
    for frame in source.frames():
        sink.write(Observation(frame=frame), None)
    sink.close()
    assert [frame.time for frame in read(tmp_path / "out.mp4")] == pytest.approx([0.0, 0.04, 0.08], abs=1e-4)


def test_a_pause_that_an_mp4_cannot_hold_is_cut_and_said(tmp_path: Path) -> None:
    """FFmpeg squeezes all that follows such a pause into a moment, without a word."""
    times = [0.0, 0.04, 26 * 3600.0, 26 * 3600.0 + 0.04]
    sink = VideoSink(tmp_path / "a.mp4", info=source_info(), source_path=None)
    for index, time in enumerate(times):
        sink.write(result(index, PICTURES[index], time=time), None)
    sink.close()
    assert sink.message is not None
    assert "instead of 93600.08 s: an MP4 cannot hold such a pause" in sink.message
    written = [time for time, _ in packets_of(tmp_path / "a.mp4", "video")]
    assert written[2] == pytest.approx(6.6 * 3600, rel=0.01)
    assert written[3] - written[2] == pytest.approx(0.04, abs=0.001)


def test_a_pause_of_hours_is_kept(tmp_path: Path) -> None:
    path = write_pictures(tmp_path / "a.mp4", PICTURES[:3], [0.0, 0.04, 5 * 3600.0])
    assert [time for time, _ in packets_of(path, "video")] == pytest.approx([0.0, 0.04, 5 * 3600.0], abs=0.001)
