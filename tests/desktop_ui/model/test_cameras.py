from pathlib import Path

import av.logging

from desktop_ui.model.cameras import FoundCamera, find_cameras, find_modes, parse_modes

LISTED = """Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480
Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 320x240
"""


def test_sizes_come_with_their_formats_the_largest_first() -> None:
    assert [str(mode) for mode in parse_modes(LISTED)] == ["1280×720  MJPG", "640×480  MJPG, YUYV", "320×240  YUYV"]
    assert parse_modes("nothing of the kind") == ()


def test_cameras_are_named_as_they_call_themselves_and_only_once(tmp_path: Path) -> None:
    for number, index, name in ((0, 0, "Webcam"), (1, 1, "Webcam"), (10, 0, "Dock"), (2, 0, "")):
        folder = tmp_path / f"video{number}"
        folder.mkdir()
        (folder / "index").write_text(f"{index}\n")
        (folder / "name").write_text(f"{name}\n")
    assert find_cameras(tmp_path) == (
        FoundCamera("/dev/video0", "Webcam"),
        FoundCamera("/dev/video2", "video2"),
        FoundCamera("/dev/video10", "Dock"),
    )


def test_a_device_that_is_gone_has_no_modes() -> None:
    assert find_modes("/dev/video99") == ()


def test_nobody_listens_to_ffmpegs_log_in_this_process() -> None:
    """Threads of decoders that log would wait for Python's lock, which whoever frees the decoder holds."""
    find_modes("/dev/video99")
    assert av.logging.get_level() is None
