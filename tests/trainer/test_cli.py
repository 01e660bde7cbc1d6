"""``edgeact train`` from outside."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeact.errors import SourceNotFoundError
from trainer.cli import app


def test_help_names_the_stages() -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for word in ("detector", "pose", "action", "deploy reproduce"):
        assert word in result.output


def test_missing_data_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="lspet"):
        CliRunner().invoke(app, ["--data", str(tmp_path), "--work", str(tmp_path / "work")], catch_exceptions=False)
    assert not (tmp_path / "work").exists()
