import errno
from pathlib import Path

import av
import pytest

from edgeact.capture.camera import camera_device, connect_camera
from edgeact.capture.connection import LiveSettings
from edgeact.capture.faults import FaultKind, SourceFaultError
from tests.servers.video_device import VideoDevice

SETTINGS = LiveSettings(timeout=20.0, size=(1280, 720), rate=30.0)
DEVICE = "/dev/video0"


@pytest.mark.parametrize(
    ("name", "device"),
    [
        (0, DEVICE),
        ("2", "/dev/video2"),
        ("/dev/video7", "/dev/video7"),
        ("/dev/v4l/by-id/usb-Maker_Camera-index0", "/dev/v4l/by-id/usb-Maker_Camera-index0"),
        ("/dev/sda", None),
        ("video0", None),
        ("²", None),
    ],
)
def test_a_camera_has_a_number_or_a_device(name: str | int, device: str | None) -> None:
    assert camera_device(name) == device


def test_compressed_pictures_are_asked_for_first_and_the_mode_is_read_back() -> None:
    camera = VideoDevice()
    connection = connect_camera(DEVICE, SETTINGS, open_container=camera.open)
    connection.close()
    assert [options["input_format"] for options in camera.asked] == ["mjpeg"]
    assert (camera.asked[0]["video_size"], camera.asked[0]["framerate"]) == ("1280x720", "30")
    assert connection.mode == "asked MJPG 1280×720 at 30, got yuvj420p 64×48 at 20"


def test_a_camera_without_compression_gives_raw_pictures() -> None:
    camera = VideoDevice(pixel_formats=("yuyv422",))
    connection = connect_camera(DEVICE, LiveSettings(), open_container=camera.open)
    connection.close()
    assert [options["input_format"] for options in camera.asked] == ["mjpeg", "yuyv422"]
    assert "video_size" not in camera.asked[0]
    assert connection.mode == "asked YUYV any size at any rate, got YUYV 64×48 at 20"


def test_the_choice_is_the_drivers_where_it_knows_neither() -> None:
    camera = VideoDevice(pixel_formats=())
    connect_camera(DEVICE, LiveSettings(), open_container=camera.open).close()
    assert [options.get("input_format") for options in camera.asked] == ["mjpeg", "yuyv422", None]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OSError(errno.EBUSY, "busy"), FaultKind.CONNECTION, "another program uses it"),
        (PermissionError(errno.EACCES, "no"), FaultKind.AUTH, "no permission"),
        (OSError(errno.ENOSPC, "full"), FaultKind.CONNECTION, "USB bus"),
        (OSError(errno.ENODEV, "gone"), FaultKind.CONNECTION, "gone"),
        (av.error.ArgumentError(errno.EINVAL, "no"), FaultKind.CODEC, "none of the modes"),
    ],
)
def test_a_camera_that_cannot_be_opened_says_why(error: Exception, kind: FaultKind, words: str) -> None:
    with pytest.raises(SourceFaultError, match=words) as caught:
        connect_camera(DEVICE, LiveSettings(), open_container=VideoDevice(error=error).open)
    assert caught.value.kind is kind


def test_a_camera_that_is_not_there_is_not_found() -> None:
    with pytest.raises(SourceFaultError, match="/dev/video99: there is no such camera; ") as caught:
        connect_camera("/dev/video99", LiveSettings())
    assert caught.value.kind is FaultKind.NOT_FOUND


def test_a_file_that_is_no_camera_is_refused_by_the_driver_layer(tmp_path: Path) -> None:
    """Through FFmpeg's own format v4l2."""
    (tmp_path / "video0").write_bytes(b"no camera")
    with pytest.raises(SourceFaultError) as caught:
        connect_camera(str(tmp_path / "video0"), LiveSettings())
    assert caught.value.kind is FaultKind.CODEC
