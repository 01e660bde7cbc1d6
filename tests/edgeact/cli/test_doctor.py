from pathlib import Path

import pytest

from tests.edgeact.cli.command_line import run_main
from tests.servers.free_port import free_port
from tests.toy_video import write_toy_video


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str]) -> None:
    code = run_main("doctor")
    output = capsys.readouterr().out
    assert code == (1 if "\nfail" in output else 0)
    for word in ("Python", "packages", "OpenCV", "FFmpeg", "devices", "machine", "clock", "decoders", "disk", "bundle"):
        assert word in output


def test_doctor_looks_at_what_a_configuration_names(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeact.doctor.examine", list)
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    text = f'schema = 1\nstate = "state"\nbundle = "{tiny_bundle}"\n[cameras.walk]\nurl = "{clip}"\n'
    text += f"[mqtt]\nport = {free_port()}\n"
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert run_main("doctor", str(tmp_path / "config.toml")) == 1
    output = " ".join(capsys.readouterr().out.split())
    for words in ("ok camera walk", "ok state", "fail mqtt", "whether the broker runs"):
        assert words in output
    (tmp_path / "config.toml").write_text(text + "colour = 1\n", encoding="utf-8")
    assert run_main("doctor", str(tmp_path / "config.toml")) == 1
    assert "fail mqtt.colour" in " ".join(capsys.readouterr().out.split())
