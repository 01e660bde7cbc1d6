import numpy as np
import pytest

from desktop_ui.model.history import History, HistoryLog, joined
from desktop_ui.model.timeline import (
    Stretch,
    clock_words,
    curves,
    moment_at,
    score_lines,
    stretch_at,
    stretches,
    time_of_day,
    time_of_file,
)

LABELS = ("walk", "wave", "other")


Moment = tuple[float, tuple[str, ...], tuple[float, float, float]]


def moment(time: float, *labels: str, scores: tuple[float, float, float] = (0.8, 0.1, 0.1)) -> Moment:
    return time, labels, scores


def history(*moments: Moment, after: float = 100.0) -> History:
    log = HistoryLog(3)
    for time, labels, scores in moments:
        raw = np.array(scores, np.float32)
        log.append(time, after + time, raw, raw * np.float32(0.5), labels)
    return log.history()


def test_stretches_are_when_an_action_was_in_force_and_end_at_a_pause() -> None:
    moments = history(
        moment(0, "walk"), moment(1, "walk"), moment(2, "wave"), moment(3), moment(4, "walk"), moment(9, "walk")
    )
    assert stretches(moments, 4, time_of_file) == (
        Stretch(4, "walk", 0, 1),
        Stretch(4, "wave", 2, 2),
        Stretch(4, "walk", 4, 4),
        Stretch(4, "walk", 9, 9),
    )
    assert stretches(moments, 4, time_of_day)[0].start == 100


def test_curves_are_those_of_the_actions_that_score_highest_where_one_looks() -> None:
    moments = history(moment(0), moment(1, scores=(0.1, 0.9, 0.0)), moment(5, scores=(0.1, 0.2, 0.7)))
    first, second = curves(moments, LABELS, time_of_file, within=(0, 2), most=2)
    assert (first.label, second.label) == ("wave", "walk")
    assert first.raw[1] == pytest.approx(0.9)
    assert first.smoothed[1] == pytest.approx(0.45)
    assert np.isnan(first.times).tolist() == [False, False, True, False], "no line over a pause"
    assert [curve.label for curve in curves(moments, LABELS, time_of_file, within=(4, 6), label="other")] == ["other"]
    assert curves(moments, ("another", "bundle"), time_of_file, within=(0, 2)) == ()


def test_scores_of_a_moment_in_words() -> None:
    moments = history(moment(0), moment(1, scores=(0.1, 0.9, 0.0)))
    assert moment_at(moments, 0.9, time_of_file) == 1
    assert score_lines(moments, 1, LABELS, most=1) == ("wave 0.45 (raw 0.90)",)
    assert moment_at(moments, 5, time_of_file) is None
    assert score_lines(moments, 0, ("other bundle",)) == ()


def test_several_actions_at_once_and_a_pause_between_the_same_ones() -> None:
    both = history(moment(0, "walk", "wave"), moment(1, "walk"), moment(4, "walk"), moment(5, "wave", "walk"))
    assert stretches(both, 1, time_of_file) == (
        Stretch(1, "wave", 0, 0),
        Stretch(1, "walk", 0, 1),
        Stretch(1, "walk", 4, 5),
        Stretch(1, "wave", 5, 5),
    )
    assert stretches(history(), 1, time_of_file) == ()


def test_what_was_taken_from_a_log_stays_while_it_grows_and_forgets() -> None:
    log = HistoryLog(3)
    scores = np.array((0.8, 0.1, 0.1), np.float32)
    for time in range(100):
        log.append(time, time, scores, scores, ("walk",) if time < 50 else ("wave",))
    before = log.history()
    log.forget(60.0)
    for time in range(100, 400):
        log.append(time, time, scores, scores, ())
    assert (len(before), before.times[-1], before.labels(-1)) == (100, 99, ("wave",))
    after = log.history()
    assert (len(after), after.times[0], after.labels(0), after.labels(-1)) == (340, 60, ("wave",), ())
    assert log.last_time == 399


def test_histories_of_several_tracks_are_put_in_order() -> None:
    walks, waves = history(moment(0, "walk"), moment(4, "walk")), history(moment(2, "wave"))
    both = joined([history(), walks, waves])
    assert both.times.tolist() == [0, 2, 4]
    assert [both.labels(place) for place in range(3)] == [("walk",), ("wave",), ("walk",)]
    assert len(joined([history(), history()])) == 0


def test_the_shortest_stretch_at_a_time() -> None:
    long, short = Stretch(1, "walk", 0, 10), Stretch(1, "wave", 4, 5)
    assert stretch_at([long, short], 4.5) is short
    assert stretch_at([long, short], 8) is long
    assert stretch_at([long, short], 11) is None


def test_words_for_seconds_of_a_file() -> None:
    assert [clock_words(seconds) for seconds in (0, 67, 3727)] == ["0:00", "1:07", "1:02:07"]
