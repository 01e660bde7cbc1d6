"""``edgeact train --classes`` from outside."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.train_cli import app
from edgeact.errors import DivergenceError, MissingExtraError, SourceNotFoundError, UsageError
from trainer.training_log import TrainingLog


def test_the_option_alone_names_the_verb(tmp_path: Path) -> None:
    for arguments in (["--classes", str(tmp_path), "--out", "x"], ["--out", "x", f"--classes={tmp_path}"]):
        with pytest.raises(SourceNotFoundError, match="make one for each class"):
            CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_its_help_explains_the_folder_and_the_other_verbs_are_there() -> None:
    shown = CliRunner().invoke(app, ["classes", "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "sub-folder" in shown.output
    listed = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "classes" in listed
    assert "empty-hours" in listed


def test_the_exporter_is_missed_before_the_first_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"edgeact train --classes needs onnxscript"):
        CliRunner().invoke(app, ["--classes", str(tmp_path), "--out", "x"], catch_exceptions=False)


@pytest.mark.parametrize("options", [["--right", "x"], ["--keep-actions", "--from-scratch"]])
def test_options_that_contradict_each_other_are_refused(tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(UsageError, match="--keep-actions"):
        CliRunner().invoke(app, ["--classes", str(tmp_path), "--out", "x", *options], catch_exceptions=False)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("deploy.class_bundle.train_class_bundle", ["--classes", "clips", "--out", "x"]),
        ("deploy.scene_bundle.train_scene_bundle", ["--classes", "clips", "--out", "x", "--scene", "lite0.pth"]),
        ("trainer.fit_everyday.fit_everyday", ["everyday", "--data", "d", "--weights", "lite2.pth", "--out", "x"]),
    ],
)
def test_event_files_go_where_tensorboard_says(
    function: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training is replaced by one that writes its first line and ends: what is held here is the option."""

    def first_line(*_: object, **__: object) -> None:
        TrainingLog(tmp_path / "log.jsonl", step=0, name="first").write({"step": 1, "loss": 0.5})
        raise DivergenceError("that was all")

    monkeypatch.setattr(function, first_line)
    monkeypatch.setattr("trainer.stages.use_one_thread", lambda: None)
    with pytest.raises(DivergenceError):
        CliRunner().invoke(app, [*arguments, "--tensorboard", str(tmp_path / "events")], catch_exceptions=False)
    assert list((tmp_path / "events" / "first").glob("events.out.tfevents.*"))
    (tmp_path / "log.jsonl").unlink()
    with pytest.raises(DivergenceError):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert len(list(tmp_path.rglob("events.out.tfevents.*"))) == 1  # nobody asked for another
