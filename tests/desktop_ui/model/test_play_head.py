import pytest

from desktop_ui.model.play_head import PlayHead


@pytest.fixture
def head() -> PlayHead:
    """Ten frames, ten a second, of which no more will come."""
    head = PlayHead()
    for index in range(10):
        head.append(5.0 + index / 10)
    head.complete()
    return head


def test_frames_follow_one_another_at_their_times(head: PlayHead) -> None:
    assert head.due(100.0) == 0
    assert [head.due(100.0 + moment) for moment in (0.05, 0.11, 0.35, 0.91)] == [0, 1, 3, 9]
    assert head.state.is_at_end
    assert not head.state.is_playing


def test_pause_step_and_jump(head: PlayHead) -> None:
    head.due(100.0)
    head.pause()
    assert head.due(200.0) == 0
    head.step(3)
    head.step(-1)
    assert head.due(300.0) == 2
    head.step(-100)
    assert head.state.position == 0
    head.seek(5.75, 300.0)
    assert head.state.position == 7
    assert head.state.time == pytest.approx(5.7)
    head.play(400.0)
    assert [head.due(400.0), head.due(400.11)] == [7, 8]


def test_speed_counts_from_the_moment_at_which_it_is_chosen(head: PlayHead) -> None:
    head.due(100.0)
    assert head.due(100.21) == 2
    head.set_speed(0.5, 100.21)
    assert head.due(100.40) == 2
    assert head.due(100.42) == 3
    assert head.seconds_to_next(100.42) == pytest.approx(0.19)


def test_it_waits_for_frames_that_are_not_there_yet_and_does_not_hurry_afterwards() -> None:
    head = PlayHead()
    assert head.due(100.0) == -1
    head.append(0.0)
    head.append(0.1)
    assert head.due(100.0) == 0
    assert head.due(105.0) == 1
    for index in range(2, 50):
        head.append(index / 10)
    assert head.due(105.11) == 2
    assert head.due(105.21) == 3


def test_play_at_the_end_begins_again(head: PlayHead) -> None:
    head.due(100.0)
    head.due(110.0)
    head.play(120.0)
    assert head.due(120.0) == 0
    assert head.state.is_playing
