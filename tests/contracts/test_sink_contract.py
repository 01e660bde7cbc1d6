"""What every sink promises; a new sink adds itself to `SINKS`."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeact.config import PipelineConfig
from edgeact.errors import OutputError
from edgeact.sinks.base import Sink
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.sinks.video import VideoSink
from edgeact.types import Observation
from tests.results import bundle_without_graphs, ended_event, person, result, source_info

SINKS: dict[str, Callable[[Path], Sink]] = {
    "video.mp4": lambda path: VideoSink(path, info=source_info(), source_path=None),
    "frames.jsonl": lambda path: JsonlSink(
        path, info=source_info(), bundle=bundle_without_graphs(), config=PipelineConfig(), every=1
    ),
    "events.csv": EventsSink,
}


@pytest.fixture(params=SINKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def busy_result(index: int) -> Observation:
    """A result that no sink can make small: noise, persons and events."""
    noise = np.random.default_rng(index).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    return result(index, noise, persons=tuple(person(track) for track in range(5)))


def write_busy(sink: Sink, index: int) -> None:
    sink.write(busy_result(index), None)
    for track in range(20):
        sink.write_event(ended_event(track))


def write_and_close(sink: Sink, *, count: int) -> None:
    for index in range(count):
        write_busy(sink, index)
    sink.close()


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextlib.contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """A disk that is full as far as this process can tell: no file may grow beyond ``size`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # Python ignores the signal, so writes fail with an error
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_final_name_appears_with_close_only(tmp_path: Path, name: str) -> None:
    sink = SINKS[name](tmp_path / name)
    for index in range(20):
        write_busy(sink, index)
        assert files_in(tmp_path) == [f".{name}.partial"]
    sink.close()
    assert files_in(tmp_path) == [name]
    assert (tmp_path / name).stat().st_size > 0


def test_closing_and_aborting_may_be_repeated(tmp_path: Path, name: str) -> None:
    sink = SINKS[name](tmp_path / name)
    write_busy(sink, 0)
    sink.close()
    content = (tmp_path / name).read_bytes()
    sink.close()
    sink.abort()
    assert (tmp_path / name).read_bytes() == content
    assert files_in(tmp_path) == [name]


@pytest.mark.parametrize("count", [0, 3])
def test_abort_leaves_nothing(tmp_path: Path, name: str, count: int) -> None:
    sink = SINKS[name](tmp_path / name)
    for index in range(count):
        write_busy(sink, index)
    sink.abort()
    sink.abort()
    sink.close()
    assert files_in(tmp_path) == []


def test_an_older_file_stays_until_it_is_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"older")
    sink = SINKS[name](tmp_path / name)
    write_busy(sink, 0)
    sink.abort()
    assert (tmp_path / name).read_bytes() == b"older"
    sink = SINKS[name](tmp_path / name)
    write_busy(sink, 0)
    sink.close()
    assert (tmp_path / name).read_bytes() != b"older"
    assert files_in(tmp_path) == [name]


def test_what_a_killed_run_left_is_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / f".{name}.partial").write_bytes(b"torn" * 100_000)
    sink = SINKS[name](tmp_path / name)
    write_busy(sink, 0)
    sink.close()
    assert files_in(tmp_path) == [name]
    assert b"torntorn" not in (tmp_path / name).read_bytes()


def test_a_closed_sink_takes_nothing_more(tmp_path: Path, name: str) -> None:
    sink = SINKS[name](tmp_path / name)
    write_busy(sink, 0)
    sink.close()
    assert sink.takes <= {"observations", "pictures", "events"}
    with pytest.raises(ValueError, match="closed"):
        write_busy(sink, 1)


@pytest.mark.parametrize("place", ["absent", "a file", "forbidden", "taken"])
def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path, name: str, place: str) -> None:
    # /proc refuses new files even to root, who may write anywhere else.
    folder = {
        "absent": tmp_path / "absent",
        "a file": tmp_path / "file",
        "forbidden": Path("/proc"),
        "taken": tmp_path,
    }[place]
    (tmp_path / "file").write_bytes(b"")
    if place == "taken":
        (tmp_path / name).mkdir()
    before = files_in(tmp_path)
    with pytest.raises(OutputError, match="--out") as caught:
        SINKS[name](folder / name)
    assert str(folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files_in(tmp_path) == before


def test_a_full_disk_is_an_error_that_leaves_nothing(tmp_path: Path, name: str) -> None:
    sink = SINKS[name](tmp_path / name)
    with file_size_limit(20_000), pytest.raises(OutputError, match="free some space") as caught:
        write_and_close(sink, count=500)
    assert str(tmp_path / name) in str(caught.value)
    sink.abort()
    assert files_in(tmp_path) == []


def test_a_disk_that_fills_up_with_the_last_byte_leaves_nothing(tmp_path: Path, name: str) -> None:
    sink = SINKS[name](tmp_path / name)
    for index in range(3):
        write_busy(sink, index)
    with file_size_limit(100), pytest.raises(OutputError, match="free some space"):
        sink.close()
    sink.close()
    assert files_in(tmp_path) == []


def test_a_folder_that_vanishes_is_an_error(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    sink = SINKS[name](folder / name)
    write_busy(sink, 0)
    (folder / f".{name}.partial").unlink()
    folder.rmdir()
    with pytest.raises(OutputError, match=r"create it or choose another --out"):
        sink.close()


KILLED = """
import sys, time
from pathlib import Path
from tests.contracts.test_sink_contract import SINKS, write_busy
sinks = [make(Path(sys.argv[1]) / name) for name, make in SINKS.items()]
for index in range(40):
    for sink in sinks:
        write_busy(sink, index)
print("ready", flush=True)
time.sleep(60)
"""


def test_a_killed_run_leaves_no_final_name(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)
    assert files_in(tmp_path) == sorted(f".{name}.partial" for name in SINKS)
