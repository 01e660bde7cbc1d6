"""Pictures of a camera, published to a real RTSP server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edgeact.daemon.check import check_daemon
from edgeact.daemon.config import RestreamConfig
from edgeact.daemon.live_view import LiveViews, LiveViewSink
from edgeact.daemon.restream import Restream
from tests.edgeact.daemon.test_read_config import SECRET, SMALLEST, faults
from tests.edgeact.daemon.test_run import configuration
from tests.edgeact.daemon.test_web_media import GREEN, RED, seen, shown
from tests.servers.free_port import free_port
from tests.servers.patience import wait_until
from tests.servers.rtsp_record import RtspRecorder
from tests.toy_video import write_toy_video


@contextmanager
def camera(views: LiveViews) -> Iterator[list[tuple[int, int, int]]]:
    """A camera that gives pictures of the last colour in the list, thirty a second."""
    colours, stop, sink = [RED], threading.Event(), LiveViewSink(views.of("gate"), shown)

    def run() -> None:
        while not stop.wait(1 / 30):
            sink.write(seen(colours[-1]), None)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield colours
    finally:
        stop.set()
        thread.join()


def has(pictures: list[np.ndarray], colour: tuple[int, int, int]) -> bool:
    return any((np.abs(picture[40, 80].astype(int) - colour) < 30).all() for picture in pictures)


@pytest.mark.rtsp
def test_a_server_gets_the_pictures_and_gets_them_again_when_it_comes_back(tmp_path: Path) -> None:
    views = LiveViews()
    with RtspRecorder(tmp_path) as server, camera(views) as colours:
        restream = Restream("wall", RestreamConfig(camera="gate", url=server.address(), fps=20), views)  # type: ignore[arg-type]
        restream.start()
        try:
            wait_until(lambda: has(server.pictures(), RED))
            assert restream.error is None
            server.kill()
            wait_until(lambda: restream.error is not None)
            assert "takes no pictures" in str(restream.error)
            server.forget()
            colours.append(GREEN)
            server.start()
            wait_until(lambda: has(server.pictures(), GREEN))
            assert not has(server.pictures(), RED)
            wait_until(lambda: restream.error is None)
            assert restream.sent > 10
        finally:
            restream.stop()
    assert server.pictures()[0].shape == (90, 160, 3)


def test_a_server_that_is_not_there_is_named_without_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    views = LiveViews()
    with camera(views):
        url = f"rtsp://user:{SECRET}@127.0.0.1:{port}/view"
        restream = Restream("wall", RestreamConfig(camera="gate", url=url), views)  # type: ignore[arg-type]
        restream.start()
        wait_until(lambda: restream.error is not None)
        restream.stop()
    assert "127.0.0.1" in str(restream.error)
    assert "refused" in str(restream.error)
    assert SECRET not in str(restream.error) + caplog.text


def test_without_a_picture_nothing_is_opened_and_a_stop_is_quick() -> None:
    restream = Restream("wall", RestreamConfig(camera="gate", url="rtsp://192.0.2.7/view"), LiveViews())  # type: ignore[arg-type]
    restream.start()
    restream.stop()
    assert restream.error is None


def test_faults_of_the_section_are_told(tmp_path: Path) -> None:
    found = faults(tmp_path, SMALLEST + '[restream.wall]\ncamera = "yard"\nurl = "http://127.0.0.1/x"\n')
    assert "no address of an RTSP server" in found["restream.wall.url"]
    assert found["restream.wall.camera"].startswith("'yard' is no camera; there are")


def test_a_check_connects_to_the_server(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = {"file": {"url": str(write_toy_video(tmp_path / "clip.mp4", seconds=0.2))}}
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/view"
        config = configuration(tmp_path, tiny_bundle, clip, restream={"wall": {"camera": "file", "url": url}})
        assert {one.name: one.state for one in check_daemon(config)}["restream wall"] == "ok"
    failed = {one.name: one for one in check_daemon(config)}["restream wall"]
    assert failed.state == "fail"
    assert "cannot be reached" in failed.found
    assert "check the address" in failed.remedy
