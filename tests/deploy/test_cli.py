"""``edgeact deploy`` from outside."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from edgeact.errors import MissingExtraError, SourceNotFoundError, UsageError
from trainer import extras


def test_help_explains_what_comes_out() -> None:
    result = CliRunner().invoke(app, ["reproduce", "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "model card" in result.output


def test_only_one_part_of_a_bundle_can_be_kept(tmp_path: Path) -> None:
    options = ["reproduce", "--frames-of", "compact", "--actions-of", "compact", "--work", str(tmp_path / "work")]
    with pytest.raises(UsageError, match="--frames-of, --actions-of and --persons-of"):
        CliRunner().invoke(app, options, catch_exceptions=False)


@pytest.fixture(autouse=True)
def _labelling_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make setup` leaves the extra "label" out; here it counts as installed."""
    monkeypatch.setattr("trainer.extras.MODULES", {**extras.MODULES, "label": ()})


def test_missing_data_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    options = [
        "reproduce",
        "--data",
        str(tmp_path / "none"),
        "--work",
        str(tmp_path / "work"),
        "--out",
        str(tmp_path / "bundle"),
    ]
    with pytest.raises(SourceNotFoundError, match="penn_action"):
        CliRunner().invoke(app, options, catch_exceptions=False)
    assert not any((tmp_path / name).exists() for name in ("work", "bundle"))


def test_the_exporter_is_missed_before_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r'onnxscript.*pip install "edgeact\[export\]"'):
        CliRunner().invoke(app, ["reproduce", "--work", str(tmp_path / "work")], catch_exceptions=False)
    assert not (tmp_path / "work").exists()
