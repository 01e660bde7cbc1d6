"""``edgeact deploy`` from outside."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from edgeact.errors import SourceNotFoundError


def test_help_explains_what_comes_out() -> None:
    result = CliRunner().invoke(app, ["reproduce", "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "model card" in result.output


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
