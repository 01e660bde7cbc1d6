"""A run that is killed leaves nothing half under a final name and is done by the next; Ctrl-C finishes the files."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgeact.atomic import partial_path
from edgeact.batch.record import load_record
from tests.servers.patience import wait_until
from tests.toy_video import decoded_times, write_toy_video

FRAMES = 500


def start(source: Path, out: Path, bundle: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edgeact", "annotate", str(source), "--out", str(out), "--bundle", str(bundle)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_video(tmp_path_factory.mktemp("source") / "clip.mp4", seconds=FRAMES / 25, size=(640, 360))


def wait_for_start(out: Path, process: subprocess.Popen[str]) -> None:
    """Until the first output has begun."""
    deadline = time.monotonic() + 60
    while not (out.is_dir() and any(not path.name.startswith(".edgeact-") for path in out.iterdir())):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_frames(out: Path, process: subprocess.Popen[str]) -> None:
    """Until the first lines of data are written: on a busy machine frames come long after the outputs have begun."""
    written = partial_path(out / "clip.frames.jsonl")
    wait_until(lambda: process.poll() is not None or (written.exists() and written.stat().st_size > 0), seconds=120)


def check_nothing_half(out: Path) -> bool:
    """Whatever stands under a final name is whole; True when all of it is there."""
    if (out / "clip.mp4").exists():
        assert len(decoded_times(out / "clip.mp4")) == FRAMES
    if (out / "clip.frames.jsonl").exists():
        lines = (out / "clip.frames.jsonl").read_text().splitlines()
        assert len([json.loads(line) for line in lines]) == FRAMES + 1
    record = load_record(out / "clip.run.json")
    return record is not None and record.state == "done"


def test_killed_runs_leave_nothing_half_and_the_next_one_completes(
    source: Path, tmp_path: Path, tiny_bundle: Path
) -> None:
    out = tmp_path / "out"
    chance = random.Random(7)
    killed = 0
    for _ in range(3):
        process = start(source, out, tiny_bundle)
        wait_for_start(out, process)
        time.sleep(chance.uniform(0.0, 1.5))
        process.kill()
        process.communicate()
        killed += not check_nothing_half(out)
    assert killed > 0
    process = start(source, out, tiny_bundle)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert check_nothing_half(out)
    assert sorted(path.name for path in out.iterdir()) == [
        "clip.events.csv",
        "clip.frames.jsonl",
        "clip.mp4",
        "clip.run.json",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_finishes_the_files(number: signal.Signals, source: Path, tmp_path: Path, tiny_bundle: Path) -> None:
    out = tmp_path / "out"
    process = start(source, out, tiny_bundle)
    wait_for_frames(out, process)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "interrupted" in output
    record = load_record(out / "clip.run.json")
    assert record is not None
    assert record.state == "interrupted"
    assert record.summary is not None
    assert 0 < record.summary.frames < FRAMES
    assert len(decoded_times(out / "clip.mp4")) == record.summary.frames
    assert len((out / "clip.frames.jsonl").read_text().splitlines()) == record.summary.frames + 1
    assert sorted(path.name for path in out.iterdir()) == [
        "clip.events.csv",
        "clip.frames.jsonl",
        "clip.mp4",
        "clip.run.json",
    ]


HANGING = """
import threading
from edgeact import cli
from edgeact.batch import one_input
from edgeact.drawing import drawer
hang = lambda *_, **__: print("hangs", flush=True) or threading.Event().wait()
{what} = hang
cli.main()
"""


@pytest.mark.parametrize(
    ("what", "named"), [("one_input.open_source", "opening .*clip.mp4 did"), ("drawer.draw", "the .*render.* thread")]
)
def test_one_signal_ends_a_run_that_hangs(
    what: str, named: str, source: Path, tmp_path: Path, tiny_bundle: Path
) -> None:
    """As the disk of a network does that is gone, or a library: not even the interpreter's own end may wait for it."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", HANGING.format(what=what), "annotate", str(source), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--bundle", str(tiny_bundle)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "hangs\n"
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - began < 10  # five seconds, and a busy machine
    assert process.returncode == 19
    assert re.search(rf"{named}.* left behind", " ".join(errors.split()))
    assert list(out.iterdir()) == []
