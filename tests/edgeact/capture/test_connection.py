import gc
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from edgeact.capture.address import parse_address
from edgeact.capture.base import SourceState
from edgeact.capture.connection import Connection, LiveSettings, connect, timeout_of
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.open import open_source
from edgeact.errors import UsageError
from tests.media import number_of, numbered_picture, write_audio, write_video
from tests.servers.free_port import free_port
from tests.servers.http_streams import HttpStreams, write_segments
from tests.servers.patience import wait_until
from tests.servers.rtsp import RtspServer, write_loop
from tests.toy_video import write_toy_video

PATIENT = LiveSettings(timeout=20.0)
PASSWORD = "p@:/#%"  # noqa: S105 - of the test's own server
PICTURES = [numbered_picture(number) for number in range(20)]


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[HttpStreams]:
    with HttpStreams(tmp_path, PICTURES) as served:
        yield served


def fault_at(address: str, settings: LiveSettings = PATIENT) -> SourceFaultError:
    with pytest.raises(SourceFaultError) as caught:
        connect(parse_address(address), settings)
    return caught.value


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/401", FaultKind.AUTH),
        ("/404", FaultKind.NOT_FOUND),
        ("/503", FaultKind.CONNECTION),
        ("/page", FaultKind.CODEC),
        ("/files/sound.mp4", FaultKind.CODEC),
    ],
)
def test_an_answer_that_is_no_stream_has_its_kind(
    streams: HttpStreams, tmp_path: Path, path: str, kind: FaultKind
) -> None:
    write_audio(tmp_path / "sound.mp4")
    fault = fault_at(streams.address(path))
    assert fault.kind is kind
    assert fault.__cause__ is None  # the library's own error has the address in it


def test_a_server_that_says_nothing_is_a_timeout(streams: HttpStreams) -> None:
    begun = time.monotonic()
    assert fault_at(streams.address("/silent"), LiveSettings(timeout=0.5)).kind is FaultKind.TIMEOUT
    assert time.monotonic() - begun < 10.0


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "rtmp"])
def test_a_connection_that_nobody_answers_is_a_timeout(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{scheme}://viewer:hunter2@127.0.0.1:{server.getsockname()[1]}/stream"
        fault = fault_at(address, LiveSettings(timeout=0.5))
    assert fault.kind is FaultKind.TIMEOUT
    assert "hunter2" not in str(fault)


def test_a_port_that_nobody_listens_at_refuses() -> None:
    port = free_port()
    fault = fault_at(f"rtsp://127.0.0.1:{port}/stream")
    assert (fault.kind, fault.reason) == (FaultKind.CONNECTION, "the connection is refused")


def test_a_host_that_is_not_known_is_not_found() -> None:
    fault = fault_at("rtsp://camera.invalid/stream")
    assert fault.kind is FaultKind.NOT_FOUND
    assert "the host camera.invalid is not known here" in str(fault)


def test_a_protocol_that_this_ffmpeg_does_not_have_is_said() -> None:
    fault = fault_at("srt://127.0.0.1:9", LiveSettings(timeout=0.5))
    assert fault.kind in (FaultKind.CODEC, FaultKind.TIMEOUT, FaultKind.CONNECTION)  # some builds have SRT


def test_a_server_without_encryption_is_a_fault_of_tls(streams: HttpStreams) -> None:
    assert fault_at(streams.address("/mjpeg").replace("http:", "https:")).kind is FaultKind.TLS


def test_a_certificate_is_checked_against_those_that_are_trusted(streams: HttpStreams, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    holder = ["-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *kind, *holder, *files], check=True, capture_output=True)
    streams.encrypt(certificate, key)
    assert fault_at(streams.address("/mjpeg")).kind is FaultKind.TLS
    connect(parse_address(streams.address("/mjpeg")), LiveSettings(timeout=20.0, tls_ca=certificate)).close()


def test_a_recording_on_a_server_gives_every_frame_and_ends(streams: HttpStreams, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", PICTURES[:8], times=[0.0, 0.04, 0.5, 0.54, 9.0, 9.1, 9.2, 9.3])
    with open_source(streams.address("/files/clip.mp4"), live=PATIENT) as source:
        assert not source.info.live
        frames = list(source.frames())
        assert source.state is SourceState.ENDED
    assert [number_of(frame.image) for frame in frames] == list(range(8))
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.04, 0.5, 0.54, 9.0, 9.1, 9.2, 9.3], abs=0.02)


def test_a_stream_that_stalls_is_connected_to_anew(streams: HttpStreams) -> None:
    with open_source(streams.address("/mjpeg"), live=LiveSettings(timeout=1.0)) as source:
        frames = source.frames()
        assert next(frames).epoch == 0
        streams.is_stalled.set()
        wait_until(lambda: source.state is SourceState.STALLED)
        wait_until(lambda: source.state is SourceState.RECONNECTING)
        streams.is_stalled.clear()
        while next(frames).epoch == 0:
            pass
        assert source.state is SourceState.RUNNING


def test_a_size_that_changes_in_mid_stream_is_that_of_its_frames(tmp_path: Path) -> None:
    small = [numbered_picture(number, width=32, height=32) for number in range(10)]
    with HttpStreams(tmp_path, PICTURES[:10] + small) as streams, open_source(streams.address("/mjpeg")) as source:
        shapes: list[tuple[int, ...]] = []
        for frame in source.frames():
            assert frame.epoch == 0
            if frame.image.shape[:2] not in shapes[-1:]:
                shapes.append(frame.image.shape[:2])
            if len(shapes) == 3:
                break
    assert shapes in ([(48, 64), (32, 32), (48, 64)], [(32, 32), (48, 64), (32, 32)])


def test_a_codec_that_changes_in_mid_stream_is_read_on(streams: HttpStreams, tmp_path: Path) -> None:
    """As when a relay switches its camera: the connection stays, and its bytes are of another codec and size."""
    write_segments(tmp_path, PICTURES)
    large = [numbered_picture(number, width=96, height=64) for number in range(20)]
    write_segments(tmp_path, large, codec="libx265", name="other")
    with open_source(streams.address("/transport"), live=LiveSettings(timeout=2.0)) as source:
        frames = source.frames()
        assert next(frames).image.shape == (48, 64, 3)
        streams.segments = "other"
        while (frame := next(frames)).image.shape == (48, 64, 3):
            pass
        assert frame.image.shape == (64, 96, 3)
        assert frame.epoch > 0
        assert source.state is SourceState.RUNNING
    assert source.status.fault is not None


def test_a_playlist_gets_the_time_of_its_segments() -> None:
    assert timeout_of(parse_address("http://h/live.m3u8?x=1"), LiveSettings(timeout=4.0)) == 15.0
    assert timeout_of(parse_address("http://h/mjpeg"), LiveSettings(timeout=4.0)) == 4.0


@pytest.mark.parametrize("settings", [{"timeout": 0.0}, {"rate": -1.0}, {"transport": "pigeon"}])
def test_settings_that_cannot_be_kept_are_refused(settings: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        LiveSettings(**settings)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    return write_loop(tmp_path / "loop", PICTURES)


@pytest.mark.rtsp
def test_rtsp_says_what_is_wrong(loop: Path) -> None:
    with RtspServer(loop, auth="basic", user="viewer", password=PASSWORD) as server:
        assert fault_at(server.address.replace("/stream", "/other")).kind is FaultKind.NOT_FOUND
        assert fault_at(f"rtsp://viewer:wrong@127.0.0.1:{server.port}/stream").kind is FaultKind.AUTH
        assert fault_at(f"rtsp://127.0.0.1:{server.port}/stream").kind is FaultKind.AUTH
        connect(parse_address(server.address), PATIENT).close()


@pytest.mark.rtsp
def test_a_server_that_comes_back_with_another_codec_and_size_is_read_on(loop: Path, tmp_path: Path) -> None:
    large = [numbered_picture(number, width=96, height=64) for number in range(20)]
    other = write_loop(tmp_path / "other", large, codec="mjpeg")
    with RtspServer(loop) as server, open_source(server.address, live=PATIENT) as source:
        frames = source.frames()
        assert next(frames).image.shape == (48, 64, 3)
        server.kill()
        wait_until(lambda: source.state is SourceState.RECONNECTING)
        server.start(path=str(other), codec="mjpeg")
        while (frame := next(frames)).epoch == 0:
            pass
        assert frame.image.shape == (64, 96, 3)
        assert source.state is SourceState.RUNNING


@pytest.mark.rtsp
def test_a_network_that_is_cut_is_noticed_and_survived(loop: Path) -> None:
    with RtspServer(loop) as server, open_source(server.address, live=LiveSettings(timeout=2.0)) as source:
        frames = source.frames()
        assert next(frames).epoch == 0
        server.freeze()
        seconds = wait_until(lambda: source.state is SourceState.RECONNECTING)
        assert seconds < 10.0
        server.thaw()
        while next(frames).epoch == 0:
            pass
    assert source.status.fault is not None
    assert source.status.fault.kind is FaultKind.TIMEOUT


def test_a_connection_that_is_closed_keeps_no_decoder(tmp_path: Path) -> None:
    clip, process = write_toy_video(tmp_path / "a.mp4", seconds=1, rate=10), psutil.Process()
    gc.collect()
    gc.disable()  # whoever still has the connection must not keep the decoder's threads alive until it runs
    try:
        usual = process.num_threads()
        connection = Connection(av.open(str(clip)), name="gate", timeout=4.0)
        arrivals: Any = connection.arrivals(threading.Event())
        next(arrivals)
        assert process.num_threads() > usual
        arrivals.close()
        connection.close()
        assert process.num_threads() == usual
    finally:
        gc.enable()
