import pytest

from edgeact.runtime import report
from edgeact.runtime.report import Counters
from tests.results import person, result


def test_persons_are_counted_once_and_what_is_remembered_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_TRACKS", 10)
    counters = Counters()
    for index in range(100):  # somebody stays, and in every second frame somebody else comes
        counters.count(result(index, persons=(person(1), person(2 + index // 2))))
    assert counters.tracks == 51
    assert len(counters._counted_tracks) <= 12
    assert (counters.frames, counters.most_persons) == (100, 2)
