import io

from rich.console import Console

from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.watching.status_lines import FrameRate, StatusLog, StatusTable, describe
from edgeact.watching.watched import Watched
from tests.results import person, result


def watched(name: str = "rtsp://***@camera/[1]\x1b[2J") -> Watched:
    return Watched(name)


def test_what_a_source_sees_is_said_in_words() -> None:
    source = watched()
    assert describe(source) == ""
    source.note(result(0, persons=(person(),)))
    assert describe(source).startswith("1 person")
    source.persons, source.labels = 2, ("walk", "wave", "clap", "run")
    assert describe(source) == "2 people: walk, wave, clap …"
    source.persons, source.labels = 0, ("ride_bike",)
    assert describe(source) == "ride_bike"
    source.error = SourceFaultError("camera", FaultKind.AUTH, "the server refuses user name or password")
    assert describe(source) == "the server refuses user name or password"


def test_a_log_has_a_line_a_change() -> None:
    text = io.StringIO()
    log = StatusLog(Console(file=text))
    source = watched()
    log.show([source])
    log.show([source])
    source.error = SourceFaultError("camera", FaultKind.TIMEOUT, "it does not answer")
    log.show([source])
    first, second = text.getvalue().splitlines()
    assert first == r"rtsp://***@camera/[1]\x1b[2J: starting, 0 frames, 0 dropped"
    assert ": failed (it does not answer), 0 frames" in second


def test_a_table_has_a_line_a_source() -> None:
    text = io.StringIO()
    with StatusTable(Console(file=text, force_terminal=True, width=140)) as table:
        source = watched()
        source.note(result(0, persons=(person(),)))
        table.show([source, watched("second")])
    assert r"rtsp://***@camera/[1]\x1b[2J" in text.getvalue()
    assert "second" in text.getvalue()
    assert "1 person" in text.getvalue()


def test_a_rate_counts_the_last_seconds(monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("edgeact.watching.status_lines.time.monotonic", lambda: now[0])
    rate = FrameRate()
    assert rate.of(0, 5) == 0.0
    now[0] = 2.0
    assert rate.of(0, 25) == 10.0
    now[0] = 3.0
    assert rate.of(0, 99) == 10.0
