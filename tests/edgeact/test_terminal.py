"""Output that cannot be printed costs no results."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeact import terminal
from edgeact.errors import OutputError
from edgeact.terminal import TolerantFile
from tests.toy_video import decoded_times, write_toy_video


@pytest.fixture
def full() -> Iterator[int]:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_what_can_be_written_is() -> None:
    reading, writing = os.pipe()
    stream = io.BufferedWriter(TolerantFile(writing, patience=None))
    stream.write(b"x" * 5000)
    stream.flush()
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read() == b"x" * 5000


def test_a_full_disk_and_a_closed_descriptor_are_noted_and_not_raised(full: int) -> None:
    closed = os.open(os.devnull, os.O_WRONLY)
    os.close(closed)
    for descriptor in (full, closed):
        file = TolerantFile(descriptor, patience=1.0)
        stream = io.BufferedWriter(file)
        stream.write(b"x" * 5000)
        stream.flush()
        assert file.lost is not None


def test_a_reader_that_does_not_read_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    file = TolerantFile(writing, patience=0.1)
    began = time.monotonic()
    for _ in range(1000):
        assert file.write(b"x" * 500) == 500
    assert file.lost is not None
    assert time.monotonic() - began < 5  # not 0.1 s for each of the hundreds of lines that found no room
    os.read(reading, 100_000)
    assert file.write(b"again") == 5
    assert os.read(reading, 100_000).endswith(b"again")
    os.close(reading)
    os.close(writing)


def test_a_result_that_is_lost_is_an_error(full: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BufferedWriter(TolerantFile(full, patience=None)))
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\); free some space"):
        terminal.write_result("{}")
    with pytest.raises(OutputError, match="standard output cannot be written"):
        terminal.print_result("table")


def test_a_reader_that_has_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(TolerantFile(writing, patience=None))))
    terminal.write_result("{}")
    os.close(writing)


@pytest.mark.parametrize(
    ("redirections", "encoding"),
    [("> /dev/full 2> /dev/full", "ascii"), (">&- 2>&-", "utf-8"), ("2>&1 | head -c 1 > /dev/null", "latin-1")],
)
def test_annotating_needs_no_one_who_listens(
    redirections: str, encoding: str, tiny_bundle: Path, tmp_path: Path
) -> None:
    source = write_toy_video(tmp_path / "蹴る.mp4", seconds=0.4, size=(64, 48))
    command = f'"$0" -m edgeact annotate "$1" missing.mp4 --out "$2" --bundle "$3" {redirections}'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, sys.executable, str(source), str(tmp_path / "out"), str(tiny_bundle)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.returncode == 3  # the missing input
    assert len(decoded_times(tmp_path / "out" / "蹴る.mp4")) == 10
    lines = (tmp_path / "out" / "蹴る.frames.jsonl").read_text().splitlines()
    assert len(lines) == 11
    assert all(line.startswith("{") for line in lines)
