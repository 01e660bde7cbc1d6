"""What the doctor finds and advises."""

import subprocess
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
    for package in ("av", "python-ulid"):
        expected = doctor.Check(package, "fail", "not installed", f"pip install {package}")
        assert check(package, checks) == expected


@pytest.mark.parametrize("module", ["numpy", "scipy", "av", "cv2", "onnxruntime", "pydantic", "psutil"])
def test_the_doctor_can_be_asked_whatever_is_missing(module: str) -> None:
    """In a fresh Python, in which nothing else has imported the module before."""
    program = f"import sys; sys.modules[{module!r}] = None\nfrom edgeact.cli import main; main(['doctor'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    shown = " ".join((done.stdout + done.stderr).split())
    assert "fault of edgeact" not in shown
    if done.returncode == 4:  # the command line itself needs it
        assert f"pip install --force-reinstall --no-deps {module}" in done.stderr
        return
    assert "ok machine" in shown or "note machine" in shown or module == "psutil"
    if module != "scipy":  # which only tracking needs, so that no check uses it
        assert done.returncode == 1
        wanted = "opencv-" if module == "cv2" else module
        assert f"pip install --force-reinstall --no-deps {wanted}" in shown


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
