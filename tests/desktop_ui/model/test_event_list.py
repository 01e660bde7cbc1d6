from dataclasses import replace
from datetime import datetime, timedelta, timezone

from desktop_ui.model.event_list import CSV_COLUMNS, EventFilter, KeptEvent, TimelinePart, csv_rows
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


def test_a_part_of_a_timeline_takes_what_lasts_into_it() -> None:
    record = replace(ACTION.record, end=START + timedelta(seconds=3))
    event = KeptEvent(record, key=1, at=10.0)
    parts = [TimelinePart(1, 0, 9), TimelinePart(1, 0, 10), TimelinePart(1, 12, 20), TimelinePart(1, 14, 20)]
    assert [EventFilter(part=part).takes(event) for part in parts] == [False, True, True, False]
    assert not EventFilter(part=TimelinePart(2, 0, 20)).takes(event), "of another source"
    assert not EventFilter(part=parts[2]).takes(KeptEvent(record)), "of an earlier day"


def test_words_say_what_happened_and_where() -> None:
    assert ACTION.words == "push up"
    assert ALERT.words == "lying · door"
    assert KeptEvent(replace(ALERT.record, kind="dwell", label="dwell")).words == "stays in door"
    assert replace(ALERT, is_nobody=True).words == "lying · door · not a person"


def test_a_table_has_a_line_for_each_event() -> None:
    head, line = csv_rows([replace(ALERT, acknowledged=True)])
    assert tuple(head) == CSV_COLUMNS
    assert line[:8] == ["01B", "dock", "down", "posture", "lying", "7", "door", "2026-01-31T12:00:00.000Z"]
    assert line[8:] == ["", "0.9000", "yes", "", "", "", "", ""]
    _, line = csv_rows([replace(ACTION, record=replace(ACTION.record, track=9), told=ACTION.record, is_nobody=True)])
    assert (line[5], line[-3:]) == ("9", ["push_up", "4", "yes"])
