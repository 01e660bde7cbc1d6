import gc
import threading
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.file import FileSource
from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from edgeact.types import Frame
from tests.media import corner_picture, number_of, numbered_picture, turn_display, write_audio, write_png, write_video

PICTURE = corner_picture(width=64, height=48)
UNEVEN_TIMES = (0.0, 0.04, 0.05, 0.31, 0.9, 0.901, 2.5)


def read(path: Path, *, every: int = 1) -> tuple[FileSource, list[Frame]]:
    with FileSource(path, every=every) as source:
        return source, list(source.frames())


def test_every_frame_comes_once_in_order_upright_and_read_only(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [numbered_picture(number) for number in range(12)], rate=30)
    source, frames = read(path)
    assert [frame.index for frame in frames] == list(range(12))
    assert [number_of(frame.image) for frame in frames] == list(range(12))
    assert [frame.time for frame in frames] == pytest.approx([number / 30 for number in range(12)])
    assert all(
        frame.image.dtype == np.uint8 and frame.image.flags.c_contiguous and not frame.image.flags.writeable
        for frame in frames
    )
    assert all(frame.captured > 0 for frame in frames)
    assert (source.info.width, source.info.height, source.info.live) == (64, 48, False)
    assert (source.info.frame_count, source.info.frame_rate) == (12, Fraction(30))
    assert source.info.duration == pytest.approx(0.4)
    assert (source.decoded_frames, source.truncated, source.message) == (12, False, None)


@pytest.mark.parametrize(("every", "expected"), [(1, [0, 1, 2, 3, 4, 5, 6]), (3, [0, 3, 6]), (7, [0]), (100, [0])])
def test_every_keeps_positions_and_times_of_the_source(tmp_path: Path, every: int, expected: list[int]) -> None:
    path = write_video(tmp_path / "a.mp4", [numbered_picture(number) for number in range(7)], times=UNEVEN_TIMES)
    source, frames = read(path, every=every)
    assert [frame.index for frame in frames] == expected
    assert [number_of(frame.image) for frame in frames] == expected
    assert [frame.time for frame in frames] == pytest.approx([UNEVEN_TIMES[index] for index in expected])
    assert source.decoded_frames == 7


@pytest.mark.parametrize("container", ["mp4", "mkv", "mov", "ts"])
def test_uneven_times_are_those_of_the_container(tmp_path: Path, container: str) -> None:
    path = write_video(
        tmp_path / f"a.{container}", [numbered_picture(number) for number in range(7)], times=UNEVEN_TIMES
    )
    assert [frame.time for frame in read(path)[1]] == pytest.approx(
        UNEVEN_TIMES, abs=0.0006
    )  # Matroska counts milliseconds


def test_a_start_later_than_zero_is_kept(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [numbered_picture(0), numbered_picture(1)], times=(0.5, 0.6))
    assert [frame.time for frame in read(path)[1]] == pytest.approx([0.5, 0.6])


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_a_clock_that_began_elsewhere_counts_from_its_first_timestamp(tmp_path: Path, suffix: str) -> None:
    path = write_video(
        tmp_path / f"a.{suffix}", [numbered_picture(number) for number in range(3)], times=(5000.0, 5000.1, 5000.4)
    )
    assert [frame.time for frame in read(path)[1]] == pytest.approx([0.0, 0.1, 0.4], abs=0.0006)


def test_a_stream_without_timestamps_is_spaced_by_its_own_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.h264", [numbered_picture(number) for number in range(5)], rate=50)
    source, frames = read(path)
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.02, 0.04, 0.06, 0.08])
    assert source.info.frame_rate == 50


ROTATIONS = {
    "upright": ((1, 0, 0, 1), PICTURE),
    "90": ((0, 1, -1, 0), np.rot90(PICTURE, -1)),
    "180": ((-1, 0, 0, -1), np.rot90(PICTURE, 2)),
    "270": ((0, -1, 1, 0), np.rot90(PICTURE, 1)),
    "mirrored": ((-1, 0, 0, 1), np.fliplr(PICTURE)),
}


@pytest.mark.parametrize("name", ROTATIONS)
def test_rotation_of_the_container_is_applied(tmp_path: Path, name: str) -> None:
    matrix, expected = ROTATIONS[name]
    path = write_video(tmp_path / "a.mp4", [PICTURE] * 2)
    turn_display(path, matrix)
    source, frames = read(path)
    assert (source.info.height, source.info.width) == expected.shape[:2]
    for frame in frames:
        assert frame.image.shape == expected.shape
        assert np.abs(frame.image.astype(int) - expected).mean() < 6


STORED = [
    ("libx264", "yuv420p"), ("libx264", "yuv444p"), ("libx264", "yuv420p10le"), ("libx264", "yuvj420p"),
    ("ffv1", "gray"),
    ("ffv1", "gray16le"), ("ffv1", "bgra"), ("ffv1", "yuv422p12le"), ("png", "rgb24"), ("png", "rgba"),
    ("png", "rgb48be"),
    ("mjpeg", "yuvj422p"), ("qtrle", "argb"), ("libvpx-vp9", "yuv420p"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "pixel_format"), STORED)
def test_any_pixel_format_becomes_rgb(tmp_path: Path, codec: str, pixel_format: str) -> None:
    path = write_video(
        tmp_path / ("a.mov" if codec in ("qtrle", "png") else "a.mkv"),
        [PICTURE] * 2,
        codec=codec,
        pixel_format=pixel_format,
    )
    image = read(path)[1][0].image
    expected = PICTURE.astype(int)
    if pixel_format.startswith("gray"):
        expected = np.repeat(cv2.cvtColor(PICTURE, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(int)
    assert image.shape == PICTURE.shape
    assert np.abs(image - expected).mean() < 6


def test_a_palette_becomes_rgb(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        for _ in range(3):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(PICTURE, format="rgb24").reformat(format="rgb8")))
        output.mux(stream.encode(None))
    frames = read(path)[1]
    assert len(frames) == 3
    assert np.abs(frames[0].image.astype(int) - PICTURE).mean() < 25  # rgb8 has two bits of blue


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (33, 17), (641, 359)])
def test_odd_sizes_are_kept(tmp_path: Path, width: int, height: int) -> None:
    path = write_video(
        tmp_path / "a.mkv", [numbered_picture(3, width=width, height=height)], codec="ffv1", pixel_format="bgr0"
    )
    source, frames = read(path)
    assert [frame.image.shape for frame in frames] == [(height, width, 3)]
    assert (source.info.width, source.info.height) == (width, height)
    assert number_of(frames[0].image) == 3


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    source, frames = read(write_video(tmp_path / "a.mp4", [numbered_picture(1)]))
    assert len(frames) == source.decoded_frames == 1
    assert not source.truncated


def test_8k_is_decoded(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mkv", [corner_picture(width=7680, height=4320)], codec="mjpeg", pixel_format="yuvj420p"
    )
    _, frames = read(path)
    assert frames[0].image.shape == (4320, 7680, 3)
    assert frames[0].image[100, 100] == pytest.approx([200, 30, 30], abs=6)


def test_the_size_may_change_within_a_file(tmp_path: Path) -> None:
    # Transport streams may be joined byte by byte, as recorders do.
    small = write_video(tmp_path / "small.ts", [numbered_picture(number, width=64, height=48) for number in range(3)])
    large = write_video(tmp_path / "large.ts", [numbered_picture(number, width=96, height=64) for number in range(3)])
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    source, frames = read(joined)
    assert [frame.image.shape[:2] for frame in frames] == [(48, 64)] * 3 + [(64, 96)] * 3
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2, 0, 1, 2]
    assert [frame.time for frame in frames] == sorted({frame.time for frame in frames})
    assert (source.info.width, source.info.height) == (64, 48)


def test_an_unlabelled_large_video_is_read_as_players_do(tmp_path: Path) -> None:
    """Without a label HD means the matrix of BT.709; taking BT.601 for it would shift green by more than ten levels."""
    green = np.full((720, 1280, 3), (30, 200, 30), np.uint8)
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv444p"
        # By the definition of BT.709, limited range.
        red, grn, blu = (value / 255 for value in (30, 200, 30))
        luma = 0.2126 * red + 0.7152 * grn + 0.0722 * blu
        planes = np.empty((3, 720, 1280), np.uint8)
        planes[0], planes[1], planes[2] = (
            16 + 219 * luma,
            128 + 224 * (blu - luma) / 1.8556,
            128 + 224 * (red - luma) / 1.5748,
        )
        output.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv444p")))
        output.mux(stream.encode(None))
    assert np.abs(read(path)[1][0].image.astype(int) - green).max() <= 4


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def noise_video(path: Path, *, options: dict[str, str] | None = None) -> Path:
    """Forty frames that do not compress, so that the index is a small part of the file; in an MP4 it comes first."""
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(40)]
    if options is None:
        options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    return write_video(path, pictures, container_options=options)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "flv"])
def test_a_truncated_file_keeps_what_was_decoded_and_says_so(tmp_path: Path, suffix: str) -> None:
    source, frames = read(cut(noise_video(tmp_path / f"a.{suffix}"), 0.5))
    assert 10 <= len(frames) <= 25
    assert source.truncated
    assert source.message is not None
    assert str(tmp_path / f"a.{suffix}") in source.message
    assert f"{len(frames)}" in source.message
    assert source.state is SourceState.ENDED


def test_a_damaged_packet_costs_only_its_own_frames(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mov", [numbered_picture(number) for number in range(10)], codec="png", pixel_format="rgb24"
    )
    content = bytearray(path.read_bytes())
    start = [position for position in range(len(content)) if content.startswith(b"\x89PNG", position)][4]
    content[start : start + 24] = bytes(24)
    path.write_bytes(content)
    source, frames = read(path)
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert source.message is not None
    assert "skipped: 1" in source.message


BAD = {
    "empty": "0 bytes",
    "text": "no known media format",
    "noise": "no known media format",
    "image": r"rename it to image\.png",
    "playlist": "list of other files",
    "unfinished": r"index \(moov\)",
    "half index": "no picture can be decoded",
    "music": "only audio",
    "cover": "only audio",
    "folder": "is a folder",
}


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, Path]:
    files = {name: tmp_path / f"{name}.mp4" for name in BAD}
    files["empty"].write_bytes(b"")
    files["text"].write_text("This is a shopping list, not a video.\n" * 100)
    files["noise"].write_bytes(np.random.default_rng(0).bytes(100_000))
    write_png(tmp_path / "image.png", PICTURE).rename(files["image"])
    files["playlist"].write_text(f"ffconcat version 1.0\nfile {tmp_path / 'music.mp4'}\n")
    noise_video(files["unfinished"], options={})
    cut(files["unfinished"], 0.5)
    noise_video(files["half index"])
    cut(files["half index"], 0.02)
    write_audio(files["music"])
    _write_music_with_cover(files["cover"])
    files["folder"].mkdir()
    return files


def _write_music_with_cover(path: Path) -> None:
    with av.open(str(path), "w") as output:
        sound = output.add_stream("aac", rate=44100)
        cover = output.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        output.mux(cover.encode(av.VideoFrame.from_ndarray(PICTURE, format="rgb24").reformat(format="yuvj420p")))
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 44100
        output.mux(sound.encode(frame))
        output.mux(sound.encode(None))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_line_with_its_name(bad_files: dict[str, Path], name: str) -> None:
    with pytest.raises(SourceFormatError, match=BAD[name]) as caught:
        FileSource(bad_files[name])
    assert str(bad_files[name]) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_another_error(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"absent\.mp4 cannot be found"):
        FileSource(tmp_path / "absent.mp4")


def test_a_name_with_a_colon_is_a_file_and_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "a.mp4", [numbered_picture(0)]).rename(tmp_path / "http:a %d ü.mp4")
    assert len(read(Path("http:a %d ü.mp4"))[1]) == 1


def test_every_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="every is 0"):
        FileSource(tmp_path / "a.mp4", every=0)


def test_closing_under_a_running_reader_ends_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [numbered_picture(number % 20) for number in range(300)])
    for _ in range(5):
        source = FileSource(path)
        taken: list[int] = []
        reading = threading.Event()

        def take(source: FileSource = source, taken: list[int] = taken, reading: threading.Event = reading) -> None:
            for frame in source.frames():
                taken.append(frame.index)
                reading.set()

        reader = threading.Thread(target=take)
        reader.start()
        assert reading.wait(10)
        source.close()
        reader.join(10)
        assert not reader.is_alive()
        assert taken == list(range(len(taken)))
        assert source.state is SourceState.ENDED


def test_frames_are_freed_at_once_and_not_by_the_garbage_collector(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [numbered_picture(number) for number in range(20)])
    gc.collect()
    gc.disable()
    try:
        with FileSource(path) as source:
            for _ in source.frames():
                pass
        left = gc.collect()
    finally:
        gc.enable()
    assert left < 20  # at 8K, a circle for each picture would be gigabytes until the collector comes by
