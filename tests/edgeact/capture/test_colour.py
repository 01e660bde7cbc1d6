"""Videos whose colour tags are odd, or say high dynamic range."""

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from edgeact.capture.colour import ColourReader
from edgeact.capture.file import FileSource
from edgeact.capture.tonemap import PRIMARIES_BT709, TRANSFER_HLG, TRANSFER_PQ, ToneMap
from tests.media import Picture, corner_picture, write_video

PICTURE = corner_picture()
BT2020 = 9


def light_to_pq(light: float) -> int:
    """cd/m² to a 16 bit code, by SMPTE ST 2084."""
    power = (light / 10_000) ** 0.1593017578125
    return round(65535 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def tagged(picture: Picture, *, matrix: int = 2, transfer: int = 2) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
    frame.colorspace, frame.color_trc = matrix, transfer
    return frame


@pytest.mark.parametrize("matrix", [0, 3, 8, 11, 12, 13, 14, 15, 99])
def test_an_odd_matrix_tag_is_read_as_unlabelled_with_a_warning(matrix: int) -> None:
    plain, odd = ColourReader("a.mp4"), ColourReader("a.mp4")
    unlabelled = plain.read(tagged(PICTURE), 0)
    assert np.abs(odd.read(tagged(PICTURE, matrix=matrix), 0).astype(int) - unlabelled).mean() < 5
    assert plain.message is None
    assert odd.message is not None
    assert f"a.mp4: its colour matrix tag {matrix}" in odd.message


@pytest.mark.parametrize("tag", ["GBR", "YCgCo", "chroma-derived-c", "ICtCp"])
def test_a_video_with_an_odd_matrix_tag_is_read_to_its_end(tmp_path: Path, tag: str) -> None:
    options = {"x264-params": f"colormatrix={tag}"}
    source = FileSource(write_video(tmp_path / "a.mp4", [PICTURE] * 3, options=options))
    frames = list(source.frames())
    assert len(frames) == 3
    assert np.abs(frames[0].image.astype(int) - PICTURE).mean() < 12
    assert source.message is not None
    assert "colour matrix tag" in source.message


@pytest.mark.parametrize("transfer", [TRANSFER_PQ, TRANSFER_HLG])
def test_high_dynamic_range_in_eight_bits_is_a_wrong_tag(transfer: int) -> None:
    reader = ColourReader("a.mp4")
    shown = reader.read(tagged(PICTURE, matrix=BT2020, transfer=transfer), 0)
    np.testing.assert_array_equal(shown, ColourReader("a.mp4").read(tagged(PICTURE), 0))
    assert reader.message is not None
    assert f"transfer tag {transfer}" in reader.message


def write_hdr(path: Path, picture: npt.NDArray[np.uint16], *, transfer: str) -> Path:
    """Ten bits, BT.2020, losslessly; ``picture`` is coded RGB of 16 bits."""
    with av.open(str(path), "w") as output:
        params = f"colormatrix=bt2020nc:colorprim=bt2020:transfer={transfer}:qp=0"
        stream = output.add_stream("libx264", rate=25, options={"x264-params": params})
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv444p10le"
        frame = av.VideoFrame.from_ndarray(picture, format="rgb48le")
        frame = frame.reformat(format="yuv444p10le", dst_colorspace=BT2020)
        frame.pts = 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def test_a_pq_video_is_as_bright_as_a_standard_one(tmp_path: Path) -> None:
    grey = np.full((32, 32, 3), light_to_pq(48.0), np.uint16)
    source = FileSource(write_hdr(tmp_path / "a.mp4", grey, transfer="smpte2084"))
    (frame,) = source.frames()
    assert np.abs(frame.image.astype(int) - round(255 * (48 / 203) ** (1 / 2.4))).max() <= 3


def test_an_hlg_video_is_as_bright_as_a_standard_one(tmp_path: Path) -> None:
    """A code of 0.5 is 1/12 of the scene's light and, on the nominal screen, 1000 (1/12)^1.2 = 50.7 cd/m²."""
    grey = np.full((32, 32, 3), 32768, np.uint16)
    source = FileSource(write_hdr(tmp_path / "a.mp4", grey, transfer="arib-std-b67"))
    (frame,) = source.frames()
    assert np.abs(frame.image.astype(int) - round(255 * (50.7 / 203) ** (1 / 2.4))).max() <= 3


def test_highlights_are_rolled_off_and_their_order_is_kept() -> None:
    lights = [0.0, 1.0, 10.0, 48.0, 100.0, 203.0, 400.0, 800.0, 1000.0, 4000.0]
    codes = np.array([[[light_to_pq(light)] * 3 for light in lights]], np.uint16)
    shown = ToneMap(transfer=TRANSFER_PQ, primaries=BT2020).apply(codes)[0, :, 0].astype(int)
    assert shown[0] == 0
    assert (np.diff(shown[:8]) > 0).all()
    assert 180 < shown[5] < 240  # the white of standard pictures leaves room for what is brighter
    assert shown[7:].tolist() == [255, 255, 255]


@pytest.mark.parametrize("transfer", [TRANSFER_PQ, TRANSFER_HLG])
def test_wide_primaries_become_those_of_standard_pictures(transfer: int) -> None:
    grey = np.full((1, 1, 3), 30_000, np.uint16)
    wide, narrow = (ToneMap(transfer=transfer, primaries=tag) for tag in (BT2020, PRIMARIES_BT709))
    assert np.ptp(wide.apply(grey).astype(int)) <= 1
    # BT.709's red, written in BT.2020's primaries, is pure red again.
    red = np.array([[[30_000, 19_000, 8_000]]], np.uint16)
    assert int(np.ptp(wide.apply(red))) > int(np.ptp(narrow.apply(red)))
