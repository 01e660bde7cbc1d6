"""The command ``edgeact run`` as a process that gets signals."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from edgeact.daemon.event_store import EventStore
from edgeact.sinks.jsonl import read_frames
from tests.servers.http_streams import HttpStreams
from tests.servers.patience import wait_until
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker

COMMAND = "from edgeact.cli import main; main()"
CONFIG = """
schema = 1
state = "state"
bundle = "{bundle}"
[cameras.walk]
url = "{address}"
[cameras.walk.lines]
near = [[0.25, 1], [0.25, 0]]
[rules.stays]
when = {{ persons_at_least = 1 }}
gap_seconds = 0.2
[rules.passes]
when = {{ cross = "near" }}
[jsonl]
frames = true
"""


def lines(path: Path) -> list[dict[str, Any]]:
    """Whole lines only: a killed process may leave a torn one."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]


def test_a_killed_daemon_goes_on_where_it_was_and_loses_no_event(tmp_path: Path, tiny_bundle: Path) -> None:
    pictures = [tiny_picture(320, 240, one_walker(index / 10)) for index in range(20)]
    state, config, log = tmp_path / "state", tmp_path / "config.toml", tmp_path / "log"
    events = state / "events.jsonl"
    with HttpStreams(tmp_path, pictures, rate=10) as streams:
        config.write_text(CONFIG.format(bundle=tiny_bundle, address=streams.address("/mjpeg")), encoding="utf-8")
        for is_killed in (True, False):
            before = len(lines(events))
            with log.open("wb") as errors:
                process = subprocess.Popen([sys.executable, "-c", COMMAND, "run", str(config)], stderr=errors)
            wait_until(lambda before=before: len(lines(events)) > before + 2)
            if not is_killed:  # a configuration that became faulty changes nothing
                config.write_text("colour = 1\n", encoding="utf-8")
                process.send_signal(signal.SIGHUP)
                wait_until(lambda: "the old configuration stays" in log.read_text(encoding="utf-8"))
            process.send_signal(signal.SIGKILL if is_killed else signal.SIGTERM)
            assert process.wait(timeout=30) == (-signal.SIGKILL if is_killed else 0)
    store = EventStore(state / "events.db")
    kept = {record.id: record for record in store.newest(10_000)}
    waiting = store.count_waiting("jsonl")
    store.close()
    told = lines(events)
    assert {record.phase for record in kept.values()} == {"end"}  # also those that a kill left open
    assert waiting == 0
    assert {record["id"] for record in told} == set(kept)
    assert {record["id"] for record in told if record["phase"] == "end"} == set(kept)
    first_phases: dict[str, str] = {}
    for record in told:
        first_phases.setdefault(record["id"], record["phase"])
    assert set(first_phases.values()) == {"new"}
    assert len(list(read_frames(state / "walk.frames.jsonl"))) > 3
