"""``edgeact train`` from outside."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeact.errors import ConfigError, MissingExtraError, SourceNotFoundError
from tests.trainer.test_stages import complete_folders
from trainer import extras
from trainer.cli import app


@pytest.fixture(autouse=True)
def _labelling_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make setup` leaves the extra "label" out; here it counts as installed."""
    monkeypatch.setattr("trainer.extras.MODULES", {**extras.MODULES, "label": ()})


def train(*arguments: str) -> None:
    CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_help_names_the_stages() -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for word in ("data", "pose", "action", "deploy reproduce"):
        assert word in result.output


def test_help_names_the_measures_beside_the_training() -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    for word in ("networks", "wild", "empty-hours"):
        assert word in result.output


def test_without_a_verb_it_trains(tmp_path: Path) -> None:
    recipe = tmp_path / "my.toml"
    for arguments in ([str(recipe)], ["networks", str(recipe)]):
        with pytest.raises(ConfigError, match=r"my\.toml"):
            CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_missing_data_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="lspet"):
        train("--data", str(tmp_path), "--work", str(tmp_path / "work"))
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("stages", [("pose",), ("action",), ("pose", "action"), ("data", "action")])
def test_a_stage_on_fresh_data_says_what_comes_before_it(stages: tuple[str, ...], tmp_path: Path) -> None:
    folders = complete_folders(tmp_path)
    options = [word for stage in stages for word in ("--stage", stage)]
    wanted = "--stage data --stage pose" if stages[0] == "pose" else "deploy reproduce"
    with pytest.raises(SourceNotFoundError, match=wanted):
        train("--data", str(folders.data), "--teachers", str(folders.teachers), "--work", str(folders.work), *options)
    assert not folders.work.exists()


def test_stages_are_done_in_the_order_in_which_one_needs_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders, done = complete_folders(tmp_path), []
    monkeypatch.setattr("trainer.stages.make_data", lambda *_: done.append("data"))
    monkeypatch.setattr("trainer.stages.train_pose", lambda *_: done.append("pose"))
    monkeypatch.setattr("trainer.stages.use_one_thread", lambda: None)
    places = ("--data", str(folders.data), "--teachers", str(folders.teachers), "--work", str(folders.work))
    train(*places, "--stage", "pose", "--stage", "data")
    assert done == ["data", "pose"]


def test_a_missing_package_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r'needs torch, .*pip install "edgeact\[train\]"'):
        train("--data", str(tmp_path), "--work", str(tmp_path / "work"))
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("verb", ["wild", "empty-hours"])
def test_measuring_names_a_missing_package_too(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=f"edgeact train {verb} needs torch"):
        train(verb)


def test_labelling_needs_an_extra_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.extras.MODULES", {**extras.MODULES, "label": ("no_such_module",)})
    with pytest.raises(MissingExtraError, match=r'needs no_such_module, .*pip install "edgeact\[label\]"'):
        train()
