from pathlib import Path

import pytest

from tests.edgeact.cli.command_line import run_main


@pytest.mark.parametrize("names", [("missing.mp4",), ("missing.mp4", "absent.mp4")])
def test_inputs_that_all_failed_make_no_table_of_blanks(
    names: tuple[str, ...], tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = [str(tmp_path / name) for name in names]
    code = run_main("annotate", *inputs, "--out", str(tmp_path / "out"), "--bundle", str(tiny_bundle))
    assert code == (10 if len(names) == 1 else 3)
    captured = capsys.readouterr()
    assert captured.out == ""
    for name in names:
        assert f"{name} does not exist" in captured.err
