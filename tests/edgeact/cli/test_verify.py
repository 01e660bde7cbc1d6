import json
import shutil
from pathlib import Path

import pytest

from tests.edgeact.cli.command_line import run_main


def test_verify_accepts_a_sound_bundle(tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("verify", str(tiny_bundle)) == 0
    output = capsys.readouterr().out
    for word in ("detector", "pose", "action", "explain", "ok"):
        assert word in output


def test_verify_names_the_graph_that_was_changed(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(tiny_bundle, tmp_path / "copy")
    with (copy / "pose.onnx").open("ab") as file:
        file.write(b"x")
    (copy / "payload.bin").write_bytes(b"x")
    assert run_main("verify", str(copy)) == 15
    captured = capsys.readouterr()
    assert "pose.onnx has sha256" in captured.err
    assert "payload.bin" in captured.out


def test_verify_compares_outputs_with_the_manifest(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(tiny_bundle, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["graphs"][1]["outputs"][2]["shape"] = ["N", 21, 20, 16]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert run_main("verify", str(copy)) == 14
    assert (
        "pose.onnx gives joint_maps as [?, 21, 40, 32] float32, the manifest says [N, 21, 20, 16] float32"
        in capsys.readouterr().err
    )


def test_a_device_that_is_not_there_is_refused(tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("verify", str(tiny_bundle), "--device", "abacus") == 17
    assert "device 'abacus' is unknown" in capsys.readouterr().err
