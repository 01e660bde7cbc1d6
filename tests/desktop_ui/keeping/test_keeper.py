import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np

from desktop_ui.keeping.event_export import export_events
from desktop_ui.keeping.held_frames import HeldFrames
from desktop_ui.keeping.keeper import Keeper, KeepingSink
from desktop_ui.model.event_list import KeptEvent
from desktop_ui.model.rule_book import RuleBook
from edgeact.bundle.load import load_bundle
from edgeact.daemon.rule_config import RuleConfig
from tests.desktop_ui.bridge.test_newest_frame import observation

# The person of `observation` stands at (0.25, 0.9) of the picture.
BOOK = (
    RuleBook()
    .with_area("gate", "zone", "yard", ((0.0, 0.5), (0.6, 0.5), (0.6, 1.0), (0.0, 1.0)))
    .with_rule("in-yard", RuleConfig.model_validate({"when": {"dwell": "yard"}, "cameras": ["gate"]}))
)


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def keep(folder: Path, alerts: list[KeptEvent], *, is_live: bool = True) -> Keeper:
    keeper = Keeper(folder, lambda: None, alerts.append)
    keeper.start()
    wait(lambda: keeper._store is not None)
    held = HeldFrames() if is_live else None
    plan = load_bundle().plan
    sink = KeepingSink(keeper, 1, "gate", plan, BOOK, held=held, hidden=lambda seen: (seen, "none"))
    began = time.monotonic()
    for index in range(12):
        seen = observation(index * 5)
        sink.write(replace(seen, frame=replace(seen.frame, captured=began + index / 5)), None)
    sink.close()
    return keeper


def test_an_alert_of_a_camera_has_a_picture_and_a_clip_and_is_there_the_next_day(tmp_path: Path) -> None:
    alerts: list[KeptEvent] = []
    keeper = keep(tmp_path / "events", alerts)
    assert [alert.record.rule for alert in alerts] == ["in-yard"]
    keeper.acknowledge([alerts[0].record.id])
    assert keeper.close(30)
    again = Keeper(tmp_path / "events", lambda: None, alerts.append)
    again.start()
    wait(lambda: len(again.events()) > 0)
    (event,) = again.events()
    record = event.record
    assert (record.phase, record.source, record.zone, event.acknowledged) == ("end", "gate", "yard", True)
    assert (tmp_path / "events" / str(record.snapshot)).read_bytes()[:2] == b"\xff\xd8"
    with av.open(str(tmp_path / "events" / str(record.clip))) as clip:
        assert len(list(clip.decode(video=0))) == 12
    made = export_events([event], tmp_path / "out", again.folder, lambda _: ())
    assert (made.events, made.clips) == (1, 1)
    with (tmp_path / "out" / "events.csv").open(encoding="utf-8", newline="") as file:
        assert [row["rule"] for row in csv.DictReader(file)] == ["in-yard"]
    assert again.close(30)


def test_events_of_a_file_are_listed_by_its_own_time_and_not_stored(tmp_path: Path) -> None:
    alerts: list[KeptEvent] = []
    keeper = keep(tmp_path, alerts, is_live=False)
    (event,) = keeper.events()
    assert event.at == 0.0
    assert event.record.clip is None
    picture = np.zeros((40, 40, 3), np.uint8)
    made = export_events([event], tmp_path / "out", tmp_path, lambda _: [(0.0, picture), (0.1, picture)])
    assert made.clips == 1
    assert keeper.close(30)
    again = Keeper(tmp_path, lambda: None, alerts.append)
    again.start()
    wait(lambda: again._store is not None)
    assert again.events() == ()
    assert again.close(30)


def test_a_new_rule_is_shown_what_is_held_and_others_go_on(tmp_path: Path) -> None:
    """The zone is drawn two seconds after somebody has come to stand in it."""
    keeper = Keeper(tmp_path, lambda: None, lambda _: None)
    keeper.start()
    wait(lambda: keeper._store is not None)
    plan = load_bundle().plan
    sink = KeepingSink(keeper, 1, "gate", plan, BOOK, held=HeldFrames(), hidden=lambda seen: (seen, "none"))
    began = time.monotonic() - 4

    def see(first: int, end: int) -> None:
        for index in range(first, end):
            seen = observation(index * 5)
            sink.write(replace(seen, frame=replace(seen.frame, captured=began + index / 5)), None)

    def told() -> list[tuple[str | None, str, float]]:
        found = [
            (event.record.rule, event.record.phase, round((event.at or 0.0) - began, 1)) for event in keeper.events()
        ]
        return sorted(found)

    see(0, 10)
    assert told() == [("in-yard", "new", 0.0)]
    too = RuleConfig.model_validate({"when": {"dwell": "yard", "for_seconds": 3.0}, "cameras": ["gate"]})
    book = BOOK.with_rule("stays", too)
    sink.judge.use(book)
    see(10, 15)
    assert told() == [("in-yard", "new", 0.0)], "which goes on; three seconds have not passed"
    see(15, 18)
    assert told() == [("in-yard", "new", 0.0), ("stays", "new", 0.0)]
    start = {event.record.rule: event.record.start for event in keeper.events()}
    assert abs((start["stays"] - start["in-yard"]).total_seconds()) < 0.1
    sink.judge.use(BOOK)  # taken back
    see(18, 19)
    sink.judge.use(book)  # and done again: what it has told already is not told again
    see(19, 20)
    assert [rule for rule, _, _ in told()] == ["in-yard", "stays"]
    sink.close()
    assert keeper.close(30)


def test_the_picture_of_a_past_alert_is_that_of_then(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, lambda: None, lambda _: None)
    keeper.start()
    wait(lambda: keeper._store is not None)
    held, plan = HeldFrames(), load_bundle().plan
    sink = KeepingSink(keeper, 1, "gate", plan, RuleBook(), held=held, hidden=lambda seen: (seen, "none"))
    began = time.monotonic() - 4
    for index in range(10):
        seen = observation(index * 5)
        picture = np.full_like(seen.frame.image, 250 if index < 5 else 5)
        frame = replace(seen.frame, captured=began + index / 5, image=picture)
        sink.write(replace(seen, frame=frame, persons=seen.persons if index < 3 else ()), None)
        if index == 8:
            sink.judge.use(BOOK)
    sink.close()
    (event,) = keeper.events()
    assert keeper.close(30)
    picture = cv2.imread(str(tmp_path / str(event.record.snapshot)))
    assert picture is not None
    assert np.median(picture) > 200
    with av.open(str(tmp_path / str(event.record.clip))) as clip:
        assert len(list(clip.decode(video=0))) == 10
