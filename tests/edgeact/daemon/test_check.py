from pathlib import Path

from edgeact.daemon.check import all_well, check_daemon
from edgeact.daemon.config import DaemonConfig
from tests.edgeact.daemon.test_run import configuration
from tests.servers.free_port import free_port
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import write_toy_video

SECRET = "hunter2"  # noqa: S105 - of the test's own server


def states(config: DaemonConfig) -> dict[str, tuple[str, str, str]]:
    checks = check_daemon(config)
    assert all_well(checks) == all(check.state != "fail" for check in checks)
    return {check.name: (check.state, check.found, check.remedy) for check in checks}


def test_every_camera_is_looked_at_and_what_is_wrong_has_a_remedy(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    closed = free_port()
    with HttpStreams(tmp_path, [tiny_picture(64, 48, ())], user="viewer", password=SECRET) as streams:
        cameras = {
            "good": {"url": streams.address("/mjpeg")},
            "file": {"url": str(clip)},
            "locked": {"url": streams.address("/mjpeg").replace(SECRET, "wrong")},
            "closed": {"url": f"http://127.0.0.1:{closed}/mjpeg"},
            "missing": {"url": "no such.mp4"},
            "off": {"url": "x", "enabled": False},
        }
        found = states(configuration(tmp_path, tiny_bundle, cameras))
    assert {name: state for name, (state, _, _) in found.items()} == {
        "configuration": "ok",
        "bundle": "ok",
        "state": "ok",
        "camera good": "ok",
        "camera file": "ok",
        "camera locked": "fail",
        "camera closed": "fail",
        "camera missing": "fail",
    }
    assert "64×48" in found["camera good"][1]
    assert found["configuration"][1] == "5 cameras, 1 more disabled"
    assert found["camera locked"][1].endswith("the server refuses user name or password (auth)")
    assert found["camera locked"][2].startswith("check user name and password")
    assert SECRET not in str(found)


def test_a_state_folder_and_a_bundle_that_cannot_be_used_are_told(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    found = states(configuration(tmp_path, tmp_path / "no bundle", {"file": {"url": str(clip)}}))
    assert found["state"][0] == found["bundle"][0] == "fail"
    assert "name another folder as state" in found["state"][2]


def test_a_disk_with_less_room_than_is_to_be_kept_free_is_told_before_recordings_are_removed(
    tmp_path: Path, tiny_bundle: Path
) -> None:
    cameras = {"file": {"url": str(write_toy_video(tmp_path / "clip.mp4", seconds=0.2))}}
    state, _, remedy = states(configuration(tmp_path, tiny_bundle, cameras, record={"free_gb": 1_000_000}))["state"]
    assert state == "note"
    assert "the oldest recordings and snapshots are removed" in remedy
    assert states(configuration(tmp_path, tiny_bundle, cameras, record={"free_gb": 0.001}))["state"][0] == "ok"
