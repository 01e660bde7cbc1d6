from desktop_ui.model.tracks import TrackMemory
from tests.desktop_ui.bridge.test_newest_frame import observation


def test_a_source_that_begins_anew_has_no_past() -> None:
    memory = TrackMemory()
    memory.note(observation(0))
    assert memory.known() == (4,)
    memory.clear()
    assert memory.known() == ()
    memory.note(observation(1))
    assert [len(trail) for trail in memory.trails(observation(1)).values()] == [1]
