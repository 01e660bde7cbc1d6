import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgeact.errors import INTERRUPTED_EXIT_CODE
from edgeact.watching import run
from tests.edgeact.cli.command_line import run_main
from tests.toy_video import write_toy_video


def test_a_video_is_watched_from_the_command_line(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", times=[index / 25 for index in range(10)])
    arguments = ["watch", str(clip), "--bundle", str(tiny_bundle), "--out", str(tmp_path / "out"), "--json", "-"]
    assert run_main(*arguments) == 0
    captured = capsys.readouterr()
    record = json.loads(captured.out)
    assert [(source["state"], source["frames"]) for source in record["sources"]] == [("ended", 10)]
    assert "clip.mp4: ended, 10 frames" in captured.err
    assert sorted(path.name for path in (tmp_path / "out").glob("clip*")) == ["clip.events.csv", "clip.frames.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["rtsp://u:${EDGEACT_NO_SUCH_VARIABLE}@127.0.0.1/"], 2, "no environment variable EDGEACT_NO_SUCH_VARIABLE"),
        (["clip.mp4", "--size", "large"], 2, "--size is large; it is written like 1280x720"),
        (["clip.mp4", "--video"], 2, "--video needs a folder"),
        (["clip.mp4", "--timeout", "0"], 2, "timeout is 0"),
        (["missing.mp4", "--quiet"], 10, "missing.mp4"),
        (["ftp://u:hunter2@192.0.2.7/a", "--quiet"], 2, "ftp://… is of no kind"),
    ],
)
def test_faults_are_said_in_one_line(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_main("watch", *arguments, "--bundle", str(tiny_bundle)) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert "hunter2" not in captured.err + captured.out


def test_ctrl_c_is_seen_in_the_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", times=[0.0, 0.04])
    watch = run.watch
    monkeypatch.setattr(run, "watch", lambda *args, **options: replace(watch(*args, **options), interrupted=True))
    assert run_main("watch", str(clip), "--bundle", str(tiny_bundle), "-q") == INTERRUPTED_EXIT_CODE
