import pytest

from edgeact.runtime import report
from edgeact.runtime.report import Counters
from edgeact.types import Event, EventSubject
from tests.results import person, result


def test_persons_are_counted_once_and_what_is_remembered_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_TRACKS", 10)
    counters = Counters()
    for index in range(100):  # somebody stays, and in every second frame somebody else comes
        counters.count(result(index, persons=(person(1), person(2 + index // 2))))
    assert counters.tracks == 51
    assert len(counters._counted_tracks) <= 12
    assert (counters.frames, counters.most_persons) == (100, 2)


@pytest.mark.parametrize(("subject", "track"), [("track", 3), ("scene", None)])
def test_what_a_scene_shows_is_summed_as_what_persons_do(subject: EventSubject, track: int | None) -> None:
    counters = Counters()
    for phase, end in (("new", None), ("update", None), ("end", 3.5)):
        counters.count_event(Event(1, phase, "a.mp4", 0, "action", subject, track, "ride_bike", 1.0, end, 0.9))  # type: ignore[arg-type]
    assert counters.action_seconds == {"ride_bike": 2.5}
    assert counters.events == 1
