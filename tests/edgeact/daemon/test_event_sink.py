import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from edgeact.daemon import event_sink, wall_clock
from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.event_sink import EventSink
from edgeact.daemon.event_store import EventStore
from edgeact.errors import OutputError
from edgeact.types import Event
from tests.results import ended_event, result

BEGUN = replace(ended_event(start=1.0), phase="new", end=None)


class FullDisk:
    """A store on a disk that is full at first."""

    def __init__(self) -> None:
        self.is_full = True
        self.saved: list[EventRecord] = []

    def save(self, record: EventRecord, outputs: Sequence[str] = ()) -> None:
        if self.is_full:
            raise OutputError("events.db cannot be used (database or disk is full)")
        self.saved.append(record)


def phases(store: EventStore) -> list[tuple[str, str]]:
    return [(one.record["phase"], one.record["label"]) for one in store.waiting("jsonl")]


def test_an_event_keeps_its_identity_and_lasts_as_long_as_the_source_says(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = EventSink("gate", store, lambda rule: ["jsonl"])
    sink.write(result(0, time=1.5), None)
    sink.write_event(BEGUN)
    (begun,) = store.newest(1)
    assert (begun.source, begun.kind, begun.label, begun.track, begun.end) == ("gate", "action", "wave", 1, None)
    assert abs((datetime.now(timezone.utc) - begun.start).total_seconds() - 0.5) < 5.0

    class SetBack(datetime):  # the computer's clock is set back by an hour
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(time.time() - 3600.0, tz)

    monkeypatch.setattr(wall_clock, "datetime", SetBack)
    sink.write(result(50, time=3.5), None)
    sink.write_event(replace(BEGUN, phase="end", end=3.25, score=0.95))
    (ended,) = store.newest(2)
    assert ended.id == begun.id
    assert ended.end is not None
    assert ended.end - ended.start == timedelta(seconds=2.25)
    assert phases(store) == [("new", "wave"), ("end", "wave")]
    assert sink.open_events == 0


def test_an_event_that_lasts_is_kept_now_and_then(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = EventSink("gate", store, lambda rule: ["jsonl"])
    sink.write_event(BEGUN)
    for _ in range(10):
        sink.write_event(replace(BEGUN, phase="update"))
    assert phases(store) == [("new", "wave")]
    monkeypatch.setattr(event_sink, "UPDATE_SECONDS", 0.0)
    sink.write_event(replace(BEGUN, phase="update"))
    assert phases(store) == [("new", "wave"), ("update", "wave")]


def test_what_is_open_ends_with_the_camera(store: EventStore) -> None:
    sink = EventSink("gate", store, lambda rule: ["jsonl"])
    sink.write(result(0, time=1.0), None)
    sink.write_event(BEGUN)
    sink.write(result(100, time=5.0), None)
    sink.close()
    sink.abort()
    (ended,) = store.newest(2)
    assert ended.phase == "end"
    assert phases(store) == [("new", "wave"), ("end", "wave")]


def test_events_that_nobody_asked_for_are_not_kept(store: EventStore) -> None:
    sink = EventSink("gate", store, lambda rule: None if rule is None else ["jsonl"])
    sink.write_event(BEGUN)
    sink.write_event(replace(BEGUN, rule="wave"))
    assert [record.rule for record in store.newest(5)] == ["wave"]


def test_a_full_disk_is_survived_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_sink, "_RETRY_SECONDS", 0.0)
    disk = FullDisk()
    sink = EventSink("gate", disk, lambda rule: [])
    sink.write_event(BEGUN)
    sink.write_event(replace(BEGUN, phase="end", end=2.0))
    assert disk.saved == []
    disk.is_full = False
    sink.write(result(1), None)  # the next frame tries again
    assert [record.phase for record in disk.saved] == ["new", "end"]
    assert len({record.id for record in disk.saved}) == 1
    assert sink.lost == 0


def test_what_waits_in_memory_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_sink, "MOST_UNSAVED", 3)
    sink = EventSink("gate", FullDisk(), lambda rule: [])
    for number in range(5):
        sink.write_event(replace(BEGUN, id=number, phase="end", end=2.0))
    assert sink.lost == 2


def test_events_of_rules_and_actions_with_one_number_are_two(store: EventStore) -> None:
    sink = EventSink("gate", store, lambda rule: [])
    event: Event = replace(BEGUN, rule="wave")
    sink.write_event(BEGUN)
    sink.write_event(event)
    assert len({record.id for record in store.newest(5)}) == 2


def test_what_is_open_ends_when_nothing_is_perceived_any_more_and_nothing_late_begins_it_anew(
    store: EventStore,
) -> None:
    sink = EventSink("gate", store, lambda rule: ["jsonl"])
    sink.write(result(0, time=1.5), None)
    sink.write_event(BEGUN)
    sink.end_open()
    assert phases(store) == [("new", "wave"), ("end", "wave")]
    sink.write_event(replace(BEGUN, phase="update"))
    sink.write_event(replace(BEGUN, phase="end", end=3.25))
    assert len(phases(store)) == 2
    sink.write_event(replace(BEGUN, id=BEGUN.id + 1))
    assert phases(store)[2:] == [("new", "wave")]
