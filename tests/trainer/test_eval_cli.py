"""``edgeact eval`` from outside."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeact.errors import SourceNotFoundError
from tests.toy_video import write_toy_video
from tests.trainer.data.sets.layouts import write
from trainer.eval_cli import app


def test_a_table_and_a_page_come_out(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    rows = "\n".join(f"{label}.mp4,{label},set1,seq09" for label in ("wave", "walk"))
    write(tmp_path / "ut" / "index.csv", f"file,label,set,group\n{rows}\n")
    (tmp_path / "ut" / "clips").mkdir()
    for label in ("wave", "walk"):
        write_toy_video(tmp_path / "ut" / "clips" / f"{label}.mp4", seconds=0.4)
    arguments = [str(example_bundle("C")), "--set", "ut_interaction", "--data", str(tmp_path / "ut")]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert result.exit_code == 0
    assert "mAP" in result.output
    assert (tmp_path / "out" / "evaluation.html").is_file()
    assert (tmp_path / "out" / "evaluation.json").is_file()


def test_a_set_that_is_not_there_is_named(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    arguments = [str(example_bundle("C")), "--set", "ut_interaction", "--data", str(tmp_path)]
    with pytest.raises(SourceNotFoundError, match="index"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
