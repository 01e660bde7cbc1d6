"""All formats through the command: what is refused, and that nothing half written is left."""

import json
import sys
from pathlib import Path

import pytest

from edgeact.errors import MissingExtraError, UsageError
from edgeact.formats.convert import convert
from edgeact.formats.kinds import KINDS
from edgeact.results.load import load_results
from tests.edgeact.cli.command_line import run_main
from tests.results import person, result, write_results

FORMATS = tuple(KINDS)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    return write_results(tmp_path, [result(0), result(1, persons=(person(7),))])


@pytest.mark.parametrize("to", FORMATS)
def test_the_command_writes_and_does_not_replace(
    to: str, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "written"
    assert run_main("convert", str(frames), "--to", to, "--out", str(out)) == 0
    assert f"{out} written" in capsys.readouterr().err
    assert run_main("convert", str(frames), "--to", to, "--out", str(out)) == 13
    assert "choose" in capsys.readouterr().err
    assert run_main("convert", str(frames), "--to", to, "--out", str(out), "--overwrite") == (13 if out.is_dir() else 0)


@pytest.mark.parametrize("to", FORMATS)
def test_a_result_that_was_cut_leaves_nothing(
    to: str, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames.write_bytes(frames.read_bytes()[:-40])
    before = sorted(path.name for path in tmp_path.iterdir())
    assert run_main("convert", str(frames), "--to", to, "--out", str(tmp_path / "written")) == 11
    assert "was cut off in line 3; copy it again, or annotate its source again" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("to", FORMATS)
def test_a_folder_that_is_not_there_is_named(
    to: str, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main("convert", str(frames), "--to", to, "--out", str(tmp_path / "missing" / "written")) == 13
    assert "missing" in capsys.readouterr().err


def test_a_file_of_the_result_itself_is_never_replaced(frames: Path, tmp_path: Path) -> None:
    before = frames.read_bytes()
    assert run_main("convert", str(frames), "--to", "csv", "--out", str(frames), "--overwrite") == 13
    own = tmp_path / "clip.events.csv"
    assert run_main("convert", str(frames), "--to", "csv", "--out", str(own), "--overwrite") == 13
    assert frames.read_bytes() == before


@pytest.mark.parametrize("to", ["mot", "openpose"])
def test_numbers_of_frames_that_begin_anew_are_refused_where_they_would_collide(to: str, tmp_path: Path) -> None:
    frames = write_results(tmp_path, [result(0), result(1), result(0, time=1.0)])
    with pytest.raises(UsageError, match="has frame 0 after 1"):
        convert(load_results(frames), to=to, out=tmp_path / "written")
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("to", ["coco", "openpose"])
def test_a_result_without_poses_says_which_formats_hold_it(to: str, frames: Path, tmp_path: Path) -> None:
    header, *_ = frames.read_text(encoding="utf-8").splitlines()
    frames.write_text(json.dumps({**json.loads(header), "skeleton": None}) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"has no poses, .*--to csv"):
        convert(load_results(frames), to=to, out=tmp_path / "written")


def test_an_unknown_format_lists_those_that_there_are(frames: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format 'xml'; there are coco, mot, openpose, csv, parquet"):
        convert(load_results(frames), to="xml", out=tmp_path / "written")


def test_parquet_and_tables_without_their_packages_name_the_extra(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = load_results(frames)
    for name in ("pyarrow", "pandas", "supervision"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r'pip install "edgeact\[tables\]"'):
        convert(results, to="parquet", out=tmp_path / "written")
    with pytest.raises(MissingExtraError, match=r'pip install "edgeact\[tables\]"'):
        results.to_dataframe()
    with pytest.raises(MissingExtraError, match="pip install supervision"):
        list(results.to_supervision())


def test_the_help_says_what_each_format_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("convert", "--help") == 0
    words = " ".join(capsys.readouterr().out.split())
    for name, kind in KINDS.items():
        assert f"{name}: {kind.writes}. Left out: {kind.left_out}." in words
