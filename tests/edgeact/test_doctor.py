"""What the doctor finds and advises."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from edgeact import doctor


def pretend_installed(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> None:
    def version(package: str) -> str:
        if package not in versions:
            raise metadata.PackageNotFoundError(package)
        return versions[package]

    monkeypatch.setattr(metadata, "version", version)


def check(name: str, checks: list[doctor.Check]) -> doctor.Check:
    return next(found for found in checks if found.name == name)


def test_here_everything_but_the_bundle_is_in_order(tmp_path: Path) -> None:
    checks = doctor.examine(tmp_path)
    assert [found.name for found in checks if found.state == "fail" and found.name != "bundle"] == []
    assert str(tmp_path) in check("disk", checks).found
    assert check("FFmpeg", checks).found.startswith("libavcodec")


def test_missing_packages_come_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_installed(monkeypatch, {"numpy": "2.0"})
    checks = doctor._packages()
    assert check("av", checks) == doctor.Check("av", "fail", "not installed", "pip install av")


def test_two_onnxruntimes_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_installed(monkeypatch, {"onnxruntime": "1.20", "onnxruntime-gpu": "1.20"})
    assert check("onnxruntime", doctor._packages()).state == "note"


def test_a_frame_is_really_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = check("frame", doctor._frame())
    assert (found.state, found.found) == ("ok", "read 854×480 from demo.mp4")
    (tmp_path / "demo.mp4").write_bytes(b"no video")
    monkeypatch.setattr(doctor, "_DEMO_CLIP", tmp_path / "demo.mp4")
    found = check("frame", doctor._frame())
    assert found.state == "fail"
    assert "demo.mp4 cannot be read (SourceFormatError" in found.found


def test_no_remedy_takes_a_package_away_or_changes_what_another_one_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("cv2", "av", "onnxruntime"):
        monkeypatch.setitem(sys.modules, module, None)
    remedies = [found.remedy for found in (*doctor._opencv(), *doctor._codecs(), *doctor._providers())]
    assert len(remedies) == 3
    for remedy in remedies:
        assert "pip install --force-reinstall --no-deps " in remedy
        assert "pip uninstall" not in remedy


def test_the_machine_is_said_in_words() -> None:
    words = doctor.machine_in_words()
    assert f"{doctor.usable_cores()} cores" in words
    assert "GB memory" in words
