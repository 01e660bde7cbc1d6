import csv
from pathlib import Path

from edgeact.sinks.events import EventsSink
from edgeact.types import ActionEvent
from tests.results import result


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_events_are_rows_in_the_order_of_their_ends(tmp_path: Path) -> None:
    sink = EventsSink(tmp_path / "events.csv")
    sink.write(result(0), None)
    sink.write(
        result(1, events=(ActionEvent(track_id=7, label="wave", start=1 / 3, end=2.0, peak_score=0.87654),)), None
    )
    sink.write_events([ActionEvent(track_id=2, label="kick", start=0.0, end=12.3456, peak_score=1.0)])
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
    sink.write_events(ActionEvent(track_id=1, label=label, start=0.0, end=1.0, peak_score=0.5) for label in labels)
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
