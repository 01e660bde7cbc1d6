"""Packets of a real video, kept for what came before, and written into files that play while they are written."""

import gc
import os
import shutil
from pathlib import Path

import av
import psutil
import pytest
from av.container import OutputContainer
from hypothesis import given
from hypothesis import strategies as st

from edgeact.errors import OutputError
from edgeact.media import segment_file
from edgeact.media.encoded import EncodedPacket, Encoding, PacketRing, encoding_of
from edgeact.media.segment_file import SegmentFile
from tests.toy_video import decoded_times, write_toy_video


def packets_of(path: Path) -> list[EncodedPacket]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        encoding, base = encoding_of(stream), float(stream.time_base or 0)
        return [
            EncodedPacket(
                encoding,
                bytes(packet),
                (packet.pts if packet.dts is None else packet.dts) * base,
                0.0 if packet.dts is None else (packet.pts - packet.dts) * base,
                bool(packet.is_keyframe),
                0.0,
            )
            for packet in container.demux(stream)
            if packet.size
        ]


@pytest.fixture(scope="module")
def h264(tmp_path_factory: pytest.TempPathFactory) -> list[EncodedPacket]:
    """Three seconds, ten pictures a second, a keyframe each second, pictures shown in another order than decoded."""
    options = {"preset": "fast", "g": "10", "bf": "2"}
    return packets_of(write_toy_video(tmp_path_factory.mktemp("v") / "a.mp4", seconds=3, rate=10, options=options))


@pytest.mark.parametrize("codec", ["libx264", "ffv1"])
def test_a_copy_plays_whole_and_what_is_there_of_it_plays_before_it_is_complete(tmp_path: Path, codec: str) -> None:
    suffix, options = (".mp4", {"g": "10", "bf": "2"}) if codec == "libx264" else (".mkv", {"context": "0"})
    clip = write_toy_video(tmp_path / f"a{suffix}", seconds=3, rate=10, codec=codec, options=options)
    packets = packets_of(clip)
    path = tmp_path / f"copy{packets[0].encoding.suffix}"
    assert path.suffix == suffix
    file = SegmentFile(path, packets[0].encoding)
    for packet in packets:
        file.write(packet)
    killed = Path(shutil.copy(path, tmp_path / f"killed{path.suffix}"))  # as a kill would leave it
    file.close()
    times = decoded_times(path)
    assert [time - times[0] for time in times] == pytest.approx([index / 10 for index in range(30)], abs=0.002)
    assert len(decoded_times(killed)) >= 18  # all but about the last second
    assert file.seconds == pytest.approx(2.9, abs=0.01)


def test_a_copy_that_begins_in_the_middle_begins_at_zero(tmp_path: Path, h264: list[EncodedPacket]) -> None:
    file = SegmentFile(tmp_path / "a.mp4", h264[0].encoding)
    for packet in h264[10:]:
        file.write(packet)
    file.close()
    times = decoded_times(tmp_path / "a.mp4")
    assert len(times) == 20
    assert times[0] < 0.25


def test_a_folder_that_is_gone_is_named(tmp_path: Path, h264: list[EncodedPacket]) -> None:
    with pytest.raises(OutputError, match=r"gone/a\.mp4 cannot be written"):
        SegmentFile(tmp_path / "gone" / "a.mp4", h264[0].encoding)


def test_encodings_fit_where_a_decoder_would_not_notice(tmp_path: Path, h264: list[EncodedPacket]) -> None:
    other = packets_of(write_toy_video(tmp_path / "b.mp4", size=(64, 48), seconds=0.2))
    assert h264[0].encoding.fits(h264[0].encoding)
    assert not h264[0].encoding.fits(other[0].encoding)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0, 30), st.integers(1, 400))
def test_a_ring_begins_with_a_keyframe_and_reaches_back_as_far_as_it_may(
    keyframes: list[bool], seconds: float, most_bytes: int
) -> None:
    encoding = Encoding("h264", (2, 2), b"", None)
    ring, packets = PacketRing(seconds, most_bytes), []
    for index, is_keyframe in enumerate(keyframes):
        packets.append(EncodedPacket(encoding, bytes(10), index, 0.0, is_keyframe, float(index)))
        ring.add(packets[-1])
        kept = ring.since(float("-inf"))
        assert sum(len(packet.data) for packet in kept) <= most_bytes
        if not kept:
            continue
        assert kept[0].is_keyframe
        assert list(kept) == packets[packets.index(kept[0]) :]
        earlier = [packet for packet in packets if packet.is_keyframe and packet.arrived < kept[0].arrived]
        would_fit = bool(earlier) and 10 * (index + 1 - packets.index(earlier[-1])) <= most_bytes
        if would_fit and all(10 * (number + 1 - packets.index(earlier[-1])) <= most_bytes for number in range(index)):
            assert kept[0].arrived <= index - seconds
        moment = (kept[0].arrived + index) / 2
        chosen = ring.since(moment)
        assert chosen[0].is_keyframe
        assert chosen[0].arrived <= moment


def test_packets_of_another_encoding_make_those_before_useless() -> None:
    ring = PacketRing(10, 1000)
    for number in range(2):
        encoding = Encoding("h264", (2 + number, 2), b"", None)
        ring.add(EncodedPacket(encoding, b"x", number, 0.0, True, number))
    assert len(ring.since(0)) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_disk_that_is_full_leaves_no_file_open(
    tmp_path: Path, h264: list[EncodedPacket], monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    def create_on_full_disk(path: Path) -> int:
        path.symlink_to("/dev/full")
        return os.open(path, os.O_WRONLY)

    monkeypatch.setattr(segment_file, "create_new", create_on_full_disk)
    before = psutil.Process().num_fds()
    for number in range(3):
        file = SegmentFile(tmp_path / f"{number}{suffix}", h264[0].encoding)
        with pytest.raises(OutputError, match="No space left"):
            write_all(file, h264)
        file.close()
    assert psutil.Process().num_fds() == before


def write_all(file: SegmentFile, packets: list[EncodedPacket]) -> None:
    for packet in packets:
        file.write(packet)


def test_an_encoding_is_freed_as_soon_as_nobody_has_it(tmp_path: Path) -> None:
    def containers() -> int:
        return sum(type(one) is OutputContainer for one in gc.get_objects())

    clip = write_toy_video(tmp_path / "a.mp4", seconds=0.5, rate=10)
    with av.open(str(clip)) as container:
        gc.collect()
        gc.disable()
        try:
            before = containers()
            encoding = encoding_of(container.streams.video[0])
            assert containers() == before + 1
            del encoding
            assert containers() == before
        finally:
            gc.enable()
