"""What every live source promises, whatever it reads; a new kind adds itself to `SOURCES`."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from edgeact.capture.base import SourceState
from edgeact.capture.camera import connect_camera
from edgeact.capture.connection import LiveSettings
from edgeact.capture.live import LiveSource
from edgeact.capture.open import open_source
from edgeact.types import Frame
from tests.media import numbered_picture, write_video
from tests.servers.http_streams import HttpStreams, write_segments
from tests.servers.patience import wait_until
from tests.servers.rtmp import RtmpServer
from tests.servers.rtsp import RtspServer, write_loop
from tests.servers.udp import UdpSender
from tests.servers.video_device import VideoDevice

RATE = 20
PICTURES = [numbered_picture(number) for number in range(20)]
PASSWORD = "p@ss/w#rd:1%"  # noqa: S105 - of the tests' own servers


def rtsp(folder: Path, stack: ExitStack, *, transport: str = "tcp") -> LiveSource:
    loop = write_loop(folder / "loop", PICTURES, rate=RATE)
    server = stack.enter_context(RtspServer(loop, rate=RATE, auth="digest", user="viewer", password=PASSWORD))
    return open_source(server.address, live=LiveSettings(timeout=10.0, transport=transport))


def rtsp_over_udp(folder: Path, stack: ExitStack) -> LiveSource:
    return rtsp(folder, stack, transport="udp")


def mjpeg(folder: Path, stack: ExitStack) -> LiveSource:
    streams = stack.enter_context(HttpStreams(folder, PICTURES, rate=RATE, user="viewer", password=PASSWORD))
    return open_source(streams.address("/mjpeg"), live=LiveSettings(timeout=10.0))


def hls(folder: Path, stack: ExitStack) -> LiveSource:
    write_segments(folder, PICTURES * 3, rate=RATE)
    streams = stack.enter_context(HttpStreams(folder, PICTURES, rate=RATE))
    return open_source(streams.address("/hls/live.m3u8"))


def rtmp(folder: Path, stack: ExitStack) -> LiveSource:
    return open_source(stack.enter_context(RtmpServer(PICTURES, rate=RATE)).address, live=LiveSettings(timeout=10.0))


def udp(folder: Path, stack: ExitStack) -> LiveSource:
    write_segments(folder, PICTURES * 3, rate=RATE)
    return open_source(stack.enter_context(UdpSender(folder)).address, live=LiveSettings(timeout=10.0))


def iterable(folder: Path, stack: ExitStack) -> LiveSource:
    def pictures() -> Iterator[np.ndarray]:
        for picture in PICTURES * 50:
            time.sleep(1 / RATE)
            yield picture

    return open_source(pictures(), kind="live")


def file_as_camera(folder: Path, stack: ExitStack) -> LiveSource:
    return open_source(
        write_video(folder / "a.avi", PICTURES * 6, rate=RATE, codec="mjpeg", pixel_format="yuvj420p"), kind="live"
    )


def camera(folder: Path, stack: ExitStack) -> LiveSource:
    device = VideoDevice(rate=RATE)
    return LiveSource(
        lambda: connect_camera("/dev/video0", LiveSettings(), open_container=device.open), name="/dev/video0"
    )


SOURCES: dict[str, Callable[[Path, ExitStack], LiveSource]] = {
    "RTSP over TCP": rtsp,
    "RTSP over UDP": rtsp_over_udp,
    "HTTP MJPEG": mjpeg,
    "HLS": hls,
    "RTMP": rtmp,
    "MPEG-TS over UDP": udp,
    "iterable": iterable,
    "file as a camera": file_as_camera,
    "camera": camera,
}


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.rtsp) if "RTSP" in kind else kind for kind in SOURCES])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveSource]:
    with ExitStack() as stack:
        opened = SOURCES[request.param](tmp_path, stack)
        stack.enter_context(opened)
        yield opened


def test_a_live_source_keeps_its_promises(source: LiveSource) -> None:
    """In one test, because each source has a server to start."""
    assert source.info.live
    assert source.state in (SourceState.STARTING, SourceState.RUNNING)
    frames = source.frames()
    taken: list[Frame] = []
    states = set()
    for frame in itertools.islice(frames, 12):
        taken.append(frame)
        states.add(source.state)
        assert time.monotonic() >= frame.captured
    assert states == {SourceState.RUNNING}
    # In order, with its own times, of one epoch, about as far apart as they were sent.
    assert all(later.index > earlier.index for earlier, later in itertools.pairwise(taken))
    assert all(later.time > earlier.time for earlier, later in itertools.pairwise(taken))
    assert all(later.captured >= earlier.captured > 0 for earlier, later in itertools.pairwise(taken))
    assert {frame.epoch for frame in taken} == {source.epoch} == {0}
    assert {frame.source for frame in taken} == {source.info.name}
    sent = (taken[-1].index - taken[0].index) / RATE
    passed = taken[-1].captured - taken[0].captured  # longer where the machine is busy, shorter for a burst
    assert 0.4 * min(sent, passed) <= taken[-1].time - taken[0].time <= 1.6 * max(sent, passed)
    # Read-only RGB pictures of the size that is now known.
    for frame in taken:
        assert frame.image.shape == (source.info.height, source.info.width, 3) == (48, 64, 3)
        assert frame.image.dtype == np.uint8
        assert not frame.image.flags.writeable
        assert (frame.image.max(axis=2) - frame.image.min(axis=2)).max() <= 3  # grey in all channels
    # Who does not take them misses the older ones.
    before = source.status.frames
    wait_until(lambda: source.status.frames - before >= 4)
    come = source.status.frames
    newest = next(frames)
    assert newest.index >= come - 2 > taken[-1].index
    assert source.status.dropped > 0
    # Frames are taken once; closing ends them, may be repeated, and leaves no thread.
    with pytest.raises(RuntimeError, match="open"):
        next(source.frames())
    source.close()
    source.close()
    assert list(frames) == []
    assert source.status.state is SourceState.ENDED
    assert PASSWORD not in repr(source.status) + source.info.name
