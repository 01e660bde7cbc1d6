import os
from pathlib import Path

import pytest

from edgeact.doctor_devices import look_at_decoders, look_at_devices, look_at_video_devices

CPU = ["CPUExecutionProvider"]
CUDA = ["TensorrtExecutionProvider", "CUDAExecutionProvider", *CPU]


def make_jetson(root: Path, release: str) -> None:
    (root / "etc").mkdir()
    (root / "etc/nv_tegra_release").write_text(f"{release}\n", encoding="utf-8")
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/model").write_bytes(b"NVIDIA Jetson Orin Nano Developer Kit\x00")


def make_gpu(root: Path) -> None:
    (root / "proc/driver/nvidia/gpus/0").mkdir(parents=True)
    (root / "proc/driver/nvidia/gpus/0/information").write_text("Model: \t\t NVIDIA L4\nIRQ:\t 1\n", encoding="utf-8")
    version = "NVRM version: NVIDIA UNIX Open Kernel Module  570.86.15  Release Build\nGCC version: 12\n"
    (root / "proc/driver/nvidia/version").write_text(version, encoding="utf-8")


def test_without_a_gpu_there_is_nothing_to_do(tmp_path: Path) -> None:
    (check,) = look_at_devices(CPU, tmp_path)
    assert (check.state, check.found, check.remedy) == ("ok", "CPUExecutionProvider", "")


@pytest.mark.parametrize(
    ("release", "state", "words"),
    [
        ("# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic", "ok", "JetPack 6.1 or 6.2 (L4T 36.4)"),
        ("# R36 (release), REVISION: 2.0, GCID: 1", "ok", "JetPack 6.0 (L4T 36.2)"),
        ("# R35 (release), REVISION: 4.1, GCID: 1", "ok", "JetPack 5 (L4T 35.4)"),
        ("# R32 (release), REVISION: 7.1, GCID: 1", "fail", "JetPack 4 (L4T 32.7)"),
        ("# something \x1b[2J new", "note", "# something"),
    ],
)
def test_a_jetson_is_named_with_its_jetpack(tmp_path: Path, release: str, state: str, words: str) -> None:
    make_jetson(tmp_path, release)
    jetson, devices = look_at_devices(CPU, tmp_path)
    assert (jetson.name, jetson.state) == ("Jetson", state)
    assert jetson.found.startswith("NVIDIA Jetson Orin Nano Developer Kit, ")
    assert words in jetson.found
    assert jetson.found.isprintable()
    assert (devices.state, "NVIDIA's index for your JetPack" in devices.remedy) == ("note", True)
    assert look_at_devices(CUDA, tmp_path)[-1].state == "ok"


def test_a_gpu_that_is_not_used_is_noted(tmp_path: Path) -> None:
    make_gpu(tmp_path)
    gpu, devices = look_at_devices(CPU, tmp_path)
    assert gpu.found == "NVIDIA L4, driver 570.86.15"
    assert "pip install onnxruntime-gpu" in devices.remedy
    assert [check.state for check in look_at_devices(CUDA, tmp_path)] == ["ok", "ok"]


def test_cameras_that_may_not_be_opened_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_at_video_devices(tmp_path) == []
    (tmp_path / "dev").mkdir()
    for number in (0, 2, 10):
        (tmp_path / f"dev/video{number}").touch()
    (check,) = look_at_video_devices(tmp_path)
    assert (check.state, check.found) == ("ok", "video0, video2, video10")
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "video2")
    (check,) = look_at_video_devices(tmp_path)
    assert (check.state, check.found) == ("note", "video2 may not be opened")
    assert "usermod -aG video" in check.remedy


def test_decoders_of_cameras_must_be_there() -> None:
    assert look_at_decoders(["h264", "hevc", "mjpeg", "av1"]).found == "H.264, H.265, MJPEG, AV1"
    check = look_at_decoders(["h264", "mjpeg"])
    assert (check.state, check.found) == ("fail", "there is none for H.265")
