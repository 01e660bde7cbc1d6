import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeact.daemon.append_file import AppendFile
from edgeact.errors import OutputError


@pytest.fixture
def _small_files() -> Iterator[None]:
    """No file may grow beyond 100 bytes: the system writes what fits and refuses the rest, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_lines_are_there_as_soon_as_they_are_written_and_a_restart_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    first = AppendFile(path, largest=1000, keep=2, header="head\n")
    first.write("one\n")
    assert lines(path) == ["head", "one"]
    first.close()
    second = AppendFile(path, largest=1000, keep=2, header="head\n")
    second.write("two\n")
    assert lines(path) == ["head", "one", "two"]
    second.close()


@pytest.mark.parametrize("torn", ["{half", "x" * 200_000])
def test_the_torn_last_line_of_a_killed_process_is_cut_off(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("one\n" + torn, encoding="utf-8")
    file = AppendFile(path, largest=1000, keep=2)
    file.write("two\n")
    assert lines(path) == ["one", "two"]
    file.close()


def test_full_files_are_numbered_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    file = AppendFile(path, largest=14, keep=2, header="head\n")
    for index in range(10):
        file.write(f"no {index}\n")
    file.close()
    assert {found.name: lines(found) for found in tmp_path.iterdir()} == {
        "events.jsonl": ["head", "no 9"],
        "events.jsonl.1": ["head", "no 8"],
        "events.jsonl.2": ["head", "no 7"],
    }


@pytest.mark.usefixtures("_small_files")
def test_a_full_disk_leaves_whole_lines_and_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    file = AppendFile(path, largest=1000, keep=2)
    file.write("a" * 80 + "\n")
    with pytest.raises(OutputError, match="cannot be written"):
        file.write("b" * 80 + "\n")
    assert lines(path) == ["a" * 80]
    path.write_text("", encoding="utf-8")  # somebody has made room
    file.rotate()
    file.write("c\n")
    assert lines(path) == ["c"]
    file.close()


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("of somebody else\n", encoding="utf-8")
    (tmp_path / "events.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(OutputError):
        AppendFile(tmp_path / "events.jsonl", largest=1000, keep=2)
    assert lines(tmp_path / "other") == ["of somebody else"]
