"""The sound never costs the pictures: it is copied, coded anew, or left out with a word about it."""

from pathlib import Path

import av
import numpy as np
import pytest

from edgeact.capture.file import FileSource
from edgeact.sinks.video import VideoSink
from edgeact.types import Observation
from tests.media import numbered_picture, packets_of, write_video

PICTURES = [numbered_picture(number) for number in range(20)]
ORDERED = {"bf": "0"}  # no reordering, which would move the beginning of what a transport stream holds
TIMES = [number / 10 for number in range(20)]


def copy_video(source_path: Path, target: Path) -> tuple[str | None, list[float]]:
    """Source to sink; gives what the sink says, and the times of the pictures."""
    with FileSource(source_path) as source:
        sink = VideoSink(target, info=source.info, source_path=source_path, clock=source.clock)
        times = []
        for frame in source.frames():
            times.append(frame.time)
            sink.write(Observation(frame=frame), None)
        sink.close()
    return sink.message, times


def sound_of(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams.audio]


def loudness(path: Path, *, step: float = 0.1) -> list[bool]:
    """Whether a file can be heard in each tenth of a second."""
    loud: dict[int, float] = {}
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono")
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                assert part.pts is not None
                assert part.time_base is not None
                place = int(float(part.pts * part.time_base) / step)
                loud[place] = max(loud.get(place, 0.0), float(np.abs(part.to_ndarray()).max()))
    return [loud.get(place, 0.0) > 0.05 for place in range(max(loud) + 1)]


def join(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.parametrize(("suffix", "rate"), [("avi", 11025), ("mkv", 8000), ("mkv", 12000)])
def test_mp3_that_an_mp4_refuses_is_coded_anew(tmp_path: Path, suffix: str, rate: int) -> None:
    source = write_video(tmp_path / f"a.{suffix}", PICTURES, rate=10, audio="libmp3lame", audio_rate=rate)
    message, times = copy_video(source, tmp_path / "out.mp4")
    assert (message, len(times), sound_of(tmp_path / "out.mp4")) == (None, 20, ["aac"])
    assert sum(loudness(tmp_path / "out.mp4")) >= 15  # at 8 kHz a packet begins less than ten times a second


@pytest.mark.parametrize(("suffix", "layout"), [("mov", "7.1"), ("mkv", "12C")])
def test_channels_that_pyav_cannot_hold_are_left_out_with_a_word(tmp_path: Path, suffix: str, layout: str) -> None:
    """QuickTime orders the channels of 7.1 otherwise, which PyAV 18 frees twice: the process would end here."""
    source = write_video(tmp_path / f"a.{suffix}", PICTURES, audio="pcm_s16le", audio_layout=layout)
    if suffix == "mov":
        content = source.read_bytes()
        tag = content.index(b"chan\0\0\0\0") + 8
        source.write_bytes(content[:tag] + b"\x00\x80\x00\x08" + content[tag + 4 :])  # MPEG 7.1 C
    message, times = copy_video(source, tmp_path / "out.mp4")
    assert message is not None
    assert "sound stream 1 (pcm_s16le) is left out" in message
    assert (len(times), sound_of(tmp_path / "out.mp4")) == (20, [])


@pytest.mark.parametrize("layout", ["2.1", "4.0", "5.1"])
def test_many_channels_of_a_known_order_are_mixed(tmp_path: Path, layout: str) -> None:
    source = write_video(tmp_path / "a.mkv", PICTURES, rate=10, audio="pcm_s16le", audio_layout=layout)
    assert copy_video(source, tmp_path / "out.mp4")[0] is None
    assert sum(loudness(tmp_path / "out.mp4")) >= 18


def test_channels_may_change_within_a_stream(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / "a.ts", PICTURES, rate=10, audio="ac3", options=ORDERED),
        write_video(
            tmp_path / "b.ts",
            PICTURES,
            times=[2 + time for time in TIMES],
            audio="ac3",
            audio_layout="5.1",
            audio_start=2.05,
            options=ORDERED,
        ),
    ]
    message, times = copy_video(join(tmp_path / "c.ts", *parts), tmp_path / "out.mp4")
    assert (message, len(times)) == (None, 40)
    assert sum(loudness(tmp_path / "out.mp4")) >= 38


def test_copied_sound_that_changes_its_rate_is_left_out_from_there_on(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / "a.ts", PICTURES, rate=10, audio="aac"),
        write_video(
            tmp_path / "b.ts",
            PICTURES,
            times=[2 + time for time in TIMES],
            audio="aac",
            audio_rate=22050,
            audio_start=2.0,
        ),
    ]
    message, times = copy_video(join(tmp_path / "c.ts", *parts), tmp_path / "out.mp4")
    assert message is not None
    assert "its rate or channels change there" in message
    assert len(times) == 40
    assert 18 <= sum(loudness(tmp_path / "out.mp4")) <= 23


@pytest.mark.parametrize("codec", ["aac", "ac3", "mp2"])
def test_joined_recordings_keep_all_of_their_sound_in_step(tmp_path: Path, codec: str) -> None:
    """The clock of each recording begins anew; the second one is silent in its first half second."""
    parts = [
        write_video(tmp_path / "a.ts", PICTURES, rate=10, audio=codec, options=ORDERED),
        write_video(tmp_path / "b.ts", PICTURES, rate=10, audio=codec, audio_start=0.5, options=ORDERED),
    ]
    message, times = copy_video(join(tmp_path / "c.ts", *parts, parts[0]), tmp_path / "out.mp4")
    assert message is None
    assert len(times) == 60
    assert times[-1] == pytest.approx(5.95, abs=0.2)
    second, third = times[20], times[40]
    if codec == "aac":
        expected = sum(len(packets_of(part, "audio")) for part in (*parts, parts[0]))
        assert abs(len(packets_of(tmp_path / "out.mp4", "audio")) - expected) <= 4
    loud = [place / 10 for place, is_loud in enumerate(loudness(tmp_path / "out.mp4")) if is_loud]
    silent = [time for time in loud if second + 0.1 < time < second + 0.3]
    assert silent == []
    assert any(abs(time - (second + 0.6)) < 0.15 for time in loud)
    assert any(abs(time - (third + 0.1)) < 0.15 for time in loud)
