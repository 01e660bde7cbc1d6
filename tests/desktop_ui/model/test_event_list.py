from dataclasses import replace
from datetime import datetime, timedelta, timezone

from desktop_ui.model.event_list import CSV_COLUMNS, EventFilter, KeptEvent, csv_rows
from edgeact.daemon.event_record import EventRecord

START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
ACTION = KeptEvent(EventRecord("01A", "end", "gate", 0, None, "action", 4, "push_up", START, START, 0.5))
ALERT = KeptEvent(EventRecord("01B", "new", "dock", 0, "down", "posture", 7, "lying", START, None, 0.9, zone="door"))


def test_a_filter_takes_what_it_names() -> None:
    both = (ACTION, ALERT)

    def taken(**wanted: object) -> list[str]:
        return [event.record.id for event in both if EventFilter(**wanted).takes(event)]  # type: ignore[arg-type]

    assert taken() == ["01A", "01B"]
    assert taken(action="lying") == taken(source="dock") == taken(track=7) == taken(zone="door") == ["01B"]
    assert taken(only_alerts=True) == taken(only_waiting=True) == ["01B"]
    assert not EventFilter(only_waiting=True).takes(replace(ALERT, acknowledged=True))
    assert taken(since=START + timedelta(seconds=1)) == []
    assert taken(until=START - timedelta(seconds=1)) == []


def test_words_say_what_happened_and_where() -> None:
    assert ACTION.words == "push up"
    assert ALERT.words == "lying · door"
    assert KeptEvent(replace(ALERT.record, kind="dwell", label="dwell")).words == "stays in door"


def test_a_table_has_a_line_for_each_event() -> None:
    head, line = csv_rows([replace(ALERT, acknowledged=True)])
    assert tuple(head) == CSV_COLUMNS
    assert line[:8] == ["01B", "dock", "down", "posture", "lying", "7", "door", "2026-01-31T12:00:00.000Z"]
    assert line[8:] == ["", "0.9000", "yes", "", "", "", "", ""]
