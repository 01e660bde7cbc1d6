import csv
from dataclasses import replace
from pathlib import Path

from edgeact.sinks.events import EventsSink
from tests.results import ended_event


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_events_are_rows_in_the_order_of_their_ends(tmp_path: Path) -> None:
    sink = EventsSink(tmp_path / "events.csv")
    event = ended_event(7, start=1 / 3, end=2.0, score=0.87654)
    sink.write_event(replace(event, phase="new", end=None))
    sink.write_event(replace(event, phase="update", end=None))
    sink.write_event(event)
    sink.write_event(ended_event(2, label="kick", end=12.3456, score=1.0))
    sink.close()
    assert (tmp_path / "events.csv").read_text() == (
        "track,label,start,end,peak_score\n7,wave,0.333,2.000,0.8765\n2,kick,0.000,12.346,1.0000\n"
    )


def test_no_events_leave_the_header(tmp_path: Path) -> None:
    sink = EventsSink(tmp_path / "events.csv")
    sink.close()
    assert (tmp_path / "events.csv").read_text() == "track,label,start,end,peak_score\n"


def written_labels(path: Path, labels: list[str]) -> list[str]:
    sink = EventsSink(path)
    for label in labels:
        sink.write_event(ended_event(label=label))
    sink.close()
    return [row["label"] for row in read_rows(path)]


def test_labels_may_hold_anything(tmp_path: Path) -> None:
    labels = ['clean, and "jerk"', "蹴る", " ", "a=b"]
    assert written_labels(tmp_path / "events.csv", labels) == labels


def test_a_spreadsheet_executes_no_label(tmp_path: Path) -> None:
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "＝1+1"]  # noqa: RUF001 - the wide sign is meant
    assert written_labels(tmp_path / "events.csv", formulas) == [f"'{formula}" for formula in formulas]


def test_control_characters_in_labels_are_escapes(tmp_path: Path) -> None:
    labels = ["two\nlines", "\x1b[2Jgone", "\t=1", "left\u202eright"]
    expected = ["two\\nlines", "\\x1b[2Jgone", "'\\t=1", "left\\u202eright"]
    assert written_labels(tmp_path / "events.csv", labels) == expected
