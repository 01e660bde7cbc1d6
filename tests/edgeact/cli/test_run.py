from pathlib import Path

import pytest

from edgeact.daemon import example
from edgeact.errors import ConfigError, UsageError
from tests.edgeact.cli.command_line import run_main
from tests.toy_video import write_toy_video


@pytest.fixture
def example_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration that ``edgeact run --init`` prints, with a clip of one second as its camera."""
    monkeypatch.setattr(example, "_DEMO_CLIP", write_toy_video(tmp_path / 'a "clip".mp4', seconds=1.0, rate=10))
    assert run_main("run", "--init") == 0
    path = tmp_path / "config.toml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def test_the_example_passes_its_own_check(example_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("run", "--check", str(example_file)) == 0
    out = capsys.readouterr().out
    assert "camera demo" in out
    assert "fail" not in out


def test_the_example_runs(example_file: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = example_file.read_text(encoding="utf-8")
    example_file.write_text(text.replace('bundle = "compact"', f'bundle = "{tiny_bundle}"'), encoding="utf-8")
    assert run_main("run", str(example_file)) == 0
    assert "demo: ended" in capsys.readouterr().err
    assert {path.name for path in (example_file.parent / "edgeact-state").iterdir()} == {"events.db", "events.jsonl"}


def test_every_key_of_the_example_that_is_commented_out_is_one_that_is_read(example_file: Path) -> None:
    """What a user takes the comment sign away from works."""
    from edgeact.daemon.read_config import read_config

    text = example_file.read_text(encoding="utf-8")
    lines = [
        line.removeprefix("# ") if line.startswith("# [") or (line.startswith("# ") and " = " in line) else line
        for line in text.splitlines()
    ]
    kept, url_seen = [], False
    for line in lines:
        is_url, url_seen = line.startswith("url ="), url_seen and not line.startswith("[")
        if not (is_url and url_seen):
            kept.append(line)
        url_seen = url_seen or is_url
    example_file.write_text("\n".join(kept), encoding="utf-8")
    (example_file.parent / "guard.token").write_text("hunter2", encoding="utf-8")
    (example_file.parent / "mqtt.password").write_text("hunter2", encoding="utf-8")
    (example_file.parent / "http.token").write_text("0123456789abcdef", encoding="utf-8")
    config = read_config(example_file, {})
    assert config.cameras["demo"].size == (1280, 720)
    assert config.webhook["guard"].timeout == 10
    assert config.http is not None
    assert config.mqtt is not None
    assert config.mqtt.is_encrypted
    assert config.pipeline.max_persons == 20


def test_faults_of_a_file_are_a_row_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text("schema = 1\ncolour = 2\n", encoding="utf-8")
    assert run_main("run", "--check", str(path)) == ConfigError.exit_code
    out = capsys.readouterr().out
    assert "colour" in out
    assert "cameras" in out
    assert run_main("run", str(path)) == ConfigError.exit_code
    assert "state: is missing; cameras: is missing; colour: there is no such key" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--init", "--check"], ["--init", "config.toml"], ["--check"]])
def test_what_does_not_go_together_is_refused(arguments: list[str]) -> None:
    assert run_main("run", *arguments) == UsageError.exit_code
