"""Events on the disk: SQLite in WAL mode, with a queue for each output in the same file.

`EventStore.save` returns when an event and what is to be sent of it are committed: from then on neither a crash nor a
power cut loses them. An output takes what waits for it, in order, and removes it once it is delivered; so each phase of
an event is delivered at least once, and the receiver tells repetitions apart by ``id`` and ``phase``.
"""

import contextlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from edgeact.daemon.event_record import EventRecord, parse_utc, utc_text
from edgeact.errors import OutputError

logger = logging.getLogger(__name__)

# What makes a file of version n one of version n + 1; a new file goes through all of them.
MIGRATIONS = (
    """
    CREATE TABLE events (
        id TEXT PRIMARY KEY, phase TEXT NOT NULL, source TEXT NOT NULL, epoch INTEGER NOT NULL, rule TEXT,
        kind TEXT NOT NULL, track INTEGER, label TEXT NOT NULL, start TEXT NOT NULL, end TEXT, score REAL NOT NULL,
        zone TEXT, clip TEXT, snapshot TEXT, told TEXT NOT NULL, outputs TEXT NOT NULL
    );
    CREATE INDEX events_by_start ON events (start);
    CREATE INDEX open_events ON events (id) WHERE phase != 'end';
    CREATE TABLE deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, output TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX deliveries_by_output ON deliveries (output, number);
    """,
    "ALTER TABLE events ADD COLUMN acknowledged TEXT;",
)
# Phases of events that may wait for one output; the oldest give way. A receiver that is away for weeks costs some
# 30 MB.
MOST_WAITING = 100_000

_BUSY_SECONDS = 5.0  # that another program, such as a backup, may hold the file
_COLUMNS = "id, phase, source, epoch, rule, kind, track, label, start, end, score, zone, clip, snapshot"
_SAVE = f"""INSERT INTO events ({_COLUMNS}, told, outputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, end = excluded.end, score = excluded.score,
    clip = coalesce(excluded.clip, clip), snapshot = coalesce(excluded.snapshot, snapshot), told = excluded.told"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that an output has not delivered yet: its number, which grows, and the record as JSON has it."""

    number: int
    record: dict[str, Any]


class EventStore:
    """The events of a daemon; may be used from any thread.

    Args:
        path: The file, created where there is none. A damaged one is set aside under another name, and logged.

    Raises:
        OutputError: It cannot be opened, or a newer edgeact wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()  # also guards the connection
        try:
            self._connection = _open(path)
        except sqlite3.OperationalError as error:
            raise self._error(error) from error
        except sqlite3.DatabaseError as error:
            aside = path.with_name(f"{path.name}.damaged-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}")
            logger.error("%s is damaged (%s); it is now called %s, and a new one begins", path, error, aside.name)
            _set_aside(path, aside)
            try:
                self._connection = _open(path)
            except sqlite3.Error as second:
                raise self._error(second) from second

    def save(self, record: EventRecord, outputs: Sequence[str] = ()) -> None:
        """Keep a phase of an event, and queue it for outputs; when this returns, all of that is on the disk.

        Args:
            record: The phase; of an event that is known already, what may change is taken over.
            outputs: Names of the outputs that are to send it.

        Raises:
            OutputError: It cannot be written; nothing of it was.
        """
        told = utc_text(datetime.now(timezone.utc))
        end = None if record.end is None else utc_text(record.end)
        values = (
            record.id, record.phase, record.source, record.epoch, record.rule, record.kind, record.track, record.label,
            utc_text(record.start), end, record.score, record.zone, record.clip, record.snapshot, told,
            json.dumps(list(outputs)),
        )  # fmt: skip
        body = json.dumps(record.as_json(), ensure_ascii=False)
        with self._transaction() as connection:
            connection.execute(_SAVE, values)
            connection.executemany(
                "INSERT INTO deliveries (output, body) VALUES (?, ?)", [(output, body) for output in outputs]
            )

    def waiting(self, output: str, *, limit: int = 100) -> list[Waiting]:
        """What an output has to deliver, the oldest first.

        Raises:
            OutputError: The file cannot be read.
        """
        rows = self._read(
            "SELECT number, body FROM deliveries WHERE output = ? ORDER BY number LIMIT ?", (output, limit)
        )
        return [Waiting(number, json.loads(body)) for number, body in rows]

    def count_waiting(self, output: str) -> int:
        """How much an output has to deliver.

        Raises:
            OutputError: The file cannot be read.
        """
        ((count,),) = self._read("SELECT count(*) FROM deliveries WHERE output = ?", (output,))
        return int(count)

    def delivered(self, output: str, number: int) -> None:
        """An output has delivered all up to this number: it is not given out again.

        Raises:
            OutputError: It cannot be written; then it will be given out again.
        """
        with self._transaction() as connection:
            connection.execute("DELETE FROM deliveries WHERE output = ? AND number <= ?", (output, number))

    def wait(self, seconds: float) -> None:
        """Wait until something was saved, for so long at most."""
        with self._changed:
            self._changed.wait(seconds)

    def newest(self, limit: int) -> list[EventRecord]:
        """The last events, the newest first.

        Raises:
            OutputError: The file cannot be read.
        """
        rows = self._read(f"SELECT {_COLUMNS} FROM events ORDER BY start DESC, id DESC LIMIT ?", (limit,))  # noqa: S608
        return [_record(row) for row in rows]

    def find(self, identity: str) -> EventRecord | None:
        """An event by its identity, or None where there is none.

        Raises:
            OutputError: The file cannot be read.
        """
        rows = self._read(f"SELECT {_COLUMNS} FROM events WHERE id = ?", (identity,))  # noqa: S608
        return _record(rows[0]) if rows else None

    def acknowledge(self, events: Sequence[str]) -> None:
        """Mark events as acknowledged by a person; those that are already keep their time.

        Args:
            events: Their identities; those that are not known are left out.

        Raises:
            OutputError: It cannot be written.
        """
        now = utc_text(datetime.now(timezone.utc))
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE events SET acknowledged = ? WHERE id = ? AND acknowledged IS NULL",
                [(now, event) for event in events],
            )

    def acknowledged(self) -> frozenset[str]:
        """Identities of the events that a person has acknowledged.

        Raises:
            OutputError: The file cannot be read.
        """
        return frozenset(str(row[0]) for row in self._read("SELECT id FROM events WHERE acknowledged IS NOT NULL", ()))

    def end_left_open(self) -> int:
        """End the events that a process left open that was killed, at the time when they were told last.

        Returns:
            How many there were.

        Raises:
            OutputError: The file cannot be read or written.
        """
        rows = self._read(f"SELECT {_COLUMNS}, told, outputs FROM events WHERE phase != 'end' ORDER BY id", ())  # noqa: S608
        for *columns, told, outputs in rows:
            record = _record(columns)
            end = max(record.start, parse_utc(told))
            self.save(replace(record, phase="end", end=end), [str(output) for output in json.loads(outputs)])
        return len(rows)

    def tidy(self, before: datetime) -> int:
        """Forget events that ended before a moment, and what waits in vain.

        Returns:
            How many events were forgotten.

        Raises:
            OutputError: The file cannot be written.
        """
        with self._transaction() as connection:
            gone = connection.execute("DELETE FROM events WHERE phase = 'end' AND end < ?", (utc_text(before),))
            forgotten = int(gone.rowcount)
            for (output,) in connection.execute("SELECT DISTINCT output FROM deliveries").fetchall():
                row = connection.execute(
                    "SELECT number FROM deliveries WHERE output = ? ORDER BY number DESC LIMIT 1 OFFSET ?",
                    (output, MOST_WAITING),
                ).fetchone()
                if row is not None:
                    logger.error("%s: more than %d phases of events wait; the oldest are lost", output, MOST_WAITING)
                    connection.execute("DELETE FROM deliveries WHERE output = ? AND number <= ?", (output, row[0]))
        return forgotten

    def close(self) -> None:
        """Let go of the file."""
        with self._changed:
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._changed:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._error(error) from error
            self._changed.notify_all()

    def _read(self, query: str, values: Sequence[object]) -> list[Any]:
        with self._changed:
            try:
                return self._connection.execute(query, tuple(values)).fetchall()
            except sqlite3.Error as error:
                raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> OutputError:
        return OutputError(f"{self._path} cannot be used ({error}); check the disk and the folder of state")


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut, too
        (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if fault != "ok":
            raise sqlite3.DatabaseError(fault)
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise OutputError(
            f"{path} is of version {version}, this edgeact reads up to {len(MIGRATIONS)}; update edgeact, or name "
            "another folder as state"
        )
    for number in range(version, len(MIGRATIONS)):
        connection.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[number]}; PRAGMA user_version = {number + 1}; COMMIT;")


def _set_aside(path: Path, aside: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))


def _record(row: Sequence[Any]) -> EventRecord:
    identifier, phase, source, epoch, rule, kind, track, label, start, end, score, zone, clip, snapshot = row
    return EventRecord(
        id=identifier,
        phase=phase,
        source=source,
        epoch=epoch,
        rule=rule,
        kind=kind,
        track=track,
        label=label,
        start=parse_utc(start),
        end=None if end is None else parse_utc(end),
        score=score,
        zone=zone,
        clip=clip,
        snapshot=snapshot,
    )
