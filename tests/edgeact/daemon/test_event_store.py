import itertools
import logging
import random
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeact.daemon import event_store
from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.event_store import EventStore
from edgeact.errors import OutputError

START = datetime(2026, 1, 31, 12, 0, 0, 120_000, tzinfo=timezone.utc)
RECORD = EventRecord("01A", "new", "gate", 3, "down", "posture", 7, "lying", START, None, 0.94, zone="door")

# Saves events for ever, and says of each that it was acknowledged; the parent kills it.
SAVER = """
import sys
from dataclasses import replace
from pathlib import Path
from edgeact.daemon.event_store import EventStore
from tests.edgeact.daemon.test_event_store import RECORD
store = EventStore(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    number += 1
    store.save(replace(RECORD, id=f"{number:08}"), ["mqtt", "jsonl"])
    print(number, flush=True)
    if number % 3 == 0:
        store.delivered("jsonl", store.waiting("jsonl")[0].number)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


def bodies(store: EventStore, output: str) -> list[tuple[str, str]]:
    return [(one.record["id"], one.record["phase"]) for one in store.waiting(output)]


def test_the_phases_of_an_event_are_one_row_and_one_delivery_each(path: Path) -> None:
    store = EventStore(path)
    store.save(RECORD, ["mqtt"])
    store.save(replace(RECORD, phase="update", score=0.97, snapshot="snapshots/01A.jpg"), ["mqtt"])
    ended = replace(RECORD, phase="end", end=START + timedelta(seconds=12), score=0.98)
    store.save(ended, ["mqtt", "jsonl"])
    assert store.newest(10) == [replace(ended, snapshot="snapshots/01A.jpg")]
    assert bodies(store, "mqtt") == [("01A", "new"), ("01A", "update"), ("01A", "end")]
    assert bodies(store, "jsonl") == [("01A", "end")]
    record = store.waiting("jsonl")[0].record
    assert record == {
        "id": "01A", "phase": "end", "source": "gate", "epoch": 3, "rule": "down", "kind": "posture",
        "subject": {"track": 7}, "label": "lying", "start": "2026-01-31T12:00:00.120Z",
        "end": "2026-01-31T12:00:12.120Z", "score": 0.98, "zone": "door", "clip": None, "snapshot": None,
    }  # fmt: skip
    store.close()


def test_what_is_delivered_is_not_given_out_again_and_what_is_not_survives_a_restart(path: Path) -> None:
    store = EventStore(path)
    for number in range(3):
        store.save(replace(RECORD, id=str(number)), ["mqtt"])
    store.delivered("mqtt", store.waiting("mqtt")[1].number)
    store.close()
    again = EventStore(path)
    assert bodies(again, "mqtt") == [("2", "new")]
    again.save(replace(RECORD, id="3"), ["mqtt"])
    assert bodies(again, "mqtt") == [("2", "new"), ("3", "new")]
    assert again.count_waiting("mqtt") == 2
    again.close()


def test_no_acknowledged_event_is_lost_when_the_process_is_killed(path: Path) -> None:
    chance, acknowledged = random.Random(14), 0
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", SAVER, str(path), str(acknowledged)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        for line in itertools.islice(process.stdout, chance.randint(3, 12)):
            acknowledged = int(line)
        process.kill()
        said = process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
        acknowledged = int(said[-1]) if said else acknowledged
        store = EventStore(path)
        saved = {int(record.id) for record in store.newest(10_000)}
        queued = {int(one.record["id"]) for one in store.waiting("mqtt", limit=10_000)}
        store.close()
        assert saved >= set(range(1, acknowledged + 1))
        assert queued == saved  # both or none: they are one transaction
        acknowledged = max(saved)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_events_of_a_killed_process_are_ended_when_they_were_told_last(path: Path) -> None:
    store = EventStore(path)
    store.save(RECORD, ["mqtt"])
    store.save(replace(RECORD, id="01B", phase="end", end=START), [])
    assert store.end_left_open() == 1
    assert store.end_left_open() == 0
    by_id = {record.id: record for record in store.newest(2)}
    assert by_id["01A"].phase == "end"
    assert by_id["01A"].end is not None
    assert by_id["01A"].end >= START
    assert bodies(store, "mqtt") == [("01A", "new"), ("01A", "end")]
    store.close()


def test_old_events_are_forgotten_and_queues_are_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_store, "MOST_WAITING", 2)
    store = EventStore(path)
    for number in range(4):
        end = START + timedelta(hours=number)
        store.save(replace(RECORD, id=str(number), phase="end", end=end), ["mqtt"])
    store.save(replace(RECORD, id="open"), [])
    assert store.tidy(START + timedelta(hours=1.5)) == 2
    assert {record.id for record in store.newest(10)} == {"2", "3", "open"}
    assert bodies(store, "mqtt") == [("2", "end"), ("3", "end")]
    store.close()


def test_a_file_of_a_newer_edgeact_is_refused_by_name(path: Path) -> None:
    EventStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OutputError, match="is of version 99, this edgeact reads up to 2; update edgeact"):
        EventStore(path)


def test_a_file_of_the_first_version_is_read(path: Path) -> None:
    """As edgeact wrote it first: whatever version comes next has to read this."""
    connection = sqlite3.connect(path)
    connection.executescript(event_store.MIGRATIONS[0] + "; PRAGMA user_version = 1;")
    connection.execute(
        "INSERT INTO events VALUES ('01A', 'end', 'gate', 3, 'down', 'posture', 7, 'lying', '2026-01-31T12:00:00.120Z',"
        " '2026-01-31T12:00:10.000Z', 0.94, 'door', NULL, NULL, '2026-01-31T12:00:10.000Z', '[\"mqtt\"]')"
    )
    connection.commit()
    connection.close()
    store = EventStore(path)
    assert [(record.id, record.end) for record in store.newest(1)] == [
        ("01A", datetime(2026, 1, 31, 12, 0, 10, tzinfo=timezone.utc))
    ]
    store.close()


def test_a_damaged_file_is_set_aside_and_a_new_one_begins(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"no database" * 1000)
    with caplog.at_level(logging.ERROR):
        store = EventStore(path)
    store.save(RECORD)
    assert len(store.newest(10)) == 1
    store.close()
    (aside,) = path.parent.glob("events.db.damaged-*")
    assert aside.read_bytes().startswith(b"no database")
    assert aside.name in caplog.text


def test_a_folder_that_is_gone_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="check the disk and the folder of state"):
        EventStore(tmp_path / "missing" / "events.db")


def test_what_somebody_has_looked_at_stays_so(path: Path) -> None:
    store = EventStore(path)
    store.save(RECORD)
    store.save(replace(RECORD, id="01B"))
    store.acknowledge(["01A", "unknown"])
    store.save(replace(RECORD, phase="end", end=START))
    store.close()
    assert EventStore(path).acknowledged() == {"01A"}
