from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from edgeact.rules.camera_rules import CameraRules, Rule
from edgeact.rules.conditions import CountsPersons, CrossesLine, DoesAction, InPosture, MovesThrough, StaysIn
from edgeact.rules.posture import Posture
from edgeact.rules.schedule import parse_window
from edgeact.rules.seen import Seen, SeenPerson
from edgeact.types import Event

ZONES = {"left": ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))}
LINES = {"middle": ((0.5, 0.0), (0.5, 1.0))}
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)
POSTURES = st.sampled_from(["lying", "standing", None])
DOWN = Rule("down", InPosture("lying"), for_seconds=10.0)


def person(posture: Posture | None = None, *, track: int = 7, point: tuple[float, float] = LEFT) -> SeenPerson:
    return SeenPerson(track, point, 0.9, posture, 0.8)


def told(
    rules: Sequence[Rule], frames: Iterable[tuple[float, Sequence[SeenPerson]]], *, moment: datetime = NOON
) -> list[Event]:
    """All events of frames, without those that only say that it goes on."""
    camera = CameraRules("gate", rules, zones=ZONES, lines=LINES, zone=ZoneInfo("UTC"))
    events: list[Event] = []
    for time, persons in frames:
        events += camera.take(Seen(0, time, tuple(persons)), moment + timedelta(seconds=time))
    events += camera.finish()
    return [event for event in events if event.phase != "update"]


def every_tenth(seconds: float) -> list[float]:
    return [index / 10 for index in range(round(seconds * 10))]


def test_a_person_down_for_ten_seconds_is_told_once_with_the_true_beginning() -> None:
    frames = [(time, [person("lying" if time >= 3.0 else "standing")]) for time in every_tenth(20)]
    new, end = told([DOWN], frames)
    assert (new.rule, new.kind, new.label, new.track_id, new.subject) == ("down", "posture", "lying", 7, "track")
    assert (new.phase, new.start, new.end, new.score) == ("new", 3.0, None, 0.8)
    assert (end.phase, end.id, end.start, end.end) == ("end", new.id, 3.0, 19.9)


def test_who_gets_up_in_time_is_not_told() -> None:
    assert told([DOWN], [(time, [person("lying" if time < 9.0 else "standing")]) for time in every_tenth(20)]) == []


def test_a_person_who_is_not_found_for_a_moment_still_lies() -> None:
    frames = [(time, [] if 5.0 <= time < 6.5 else [person("lying")]) for time in every_tenth(12)]
    assert [event.phase for event in told([DOWN], frames)] == ["new", "end"]


def test_two_people_are_two_events() -> None:
    frames = [(time, [person("lying"), person("lying", track=8)]) for time in every_tenth(12)]
    events = told([DOWN], frames)
    assert sorted((event.phase, event.track_id) for event in events) == [("end", 7), ("end", 8), ("new", 7), ("new", 8)]
    assert len({event.id for event in events}) == 2


def test_a_cooldown_keeps_further_events_back() -> None:
    rule = Rule("enters", MovesThrough("left", "enter"), cooldown_seconds=5.0)
    # In for a second, out for a second, again and again.
    frames = [(time, [person(point=RIGHT if int(time) % 2 == 0 else LEFT)]) for time in every_tenth(20)]
    starts = [event.start for event in told([rule], frames) if event.phase == "new"]
    assert len(starts) == 4
    assert all(later - earlier >= 5.0 for earlier, later in pairwise(starts))
    without = Rule("enters", MovesThrough("left", "enter"))
    assert len([event for event in told([without], frames) if event.phase == "new"]) == 10


def test_a_state_that_still_holds_after_the_cooldown_is_told_then() -> None:
    rule = Rule("in", StaysIn("left"), cooldown_seconds=5.0, gap_seconds=0.5)
    frames = [(time, [] if 1.0 <= time < 2.0 else [person()]) for time in every_tenth(12)]
    assert [(event.phase, event.start) for event in told([rule], frames)] == [
        ("new", 0.0), ("end", 0.0), ("new", 2.0), ("end", 2.0)
    ]  # fmt: skip


def test_a_rule_is_in_force_by_its_schedule_and_what_is_open_ends_with_it() -> None:
    rule = Rule("queue", CountsPersons(at_least=1), gap_seconds=0.0, schedule=(parse_window("12:00-12:01"),))
    frames = [(float(second), [person()]) for second in range(-30, 90)]
    new, end = told([rule], [(time + 30.0, persons) for time, persons in frames], moment=NOON - timedelta(seconds=30))
    assert (new.start, end.end) == (30.0, 89.0)
    assert (new.subject, new.track_id, new.label) == ("scene", None, "at_least_1")


def test_crossing_and_leaving_are_over_when_they_happen() -> None:
    rules = [
        Rule("out", CrossesLine("middle", "backward")),
        Rule("in", CrossesLine("middle", "forward")),
        Rule("left", MovesThrough("left", "leave")),
    ]
    frames = [(time, [person(point=(0.2 + time / 10, 0.5))]) for time in every_tenth(6)]
    events = told(rules, frames)
    assert [(event.rule, event.phase, event.label, event.zone) for event in events] == [
        ("out", "new", "backward", "middle"),
        ("out", "end", "backward", "middle"),
        ("left", "new", "leave", "left"),
        ("left", "end", "leave", "left"),
    ]


def test_a_new_epoch_ends_what_is_open_and_begins_without_memory() -> None:
    camera = CameraRules("gate", [Rule("in", StaysIn("left"))], zones=ZONES, lines=LINES, zone=ZoneInfo("UTC"))
    (new,) = camera.take(Seen(0, 100.0, (person(),)), NOON)
    end, again = camera.take(Seen(1, 5.0, (person(),)), NOON)
    assert (end.phase, end.id, end.end, end.epoch) == ("end", new.id, 100.0, 0)
    assert (again.phase, again.start, again.epoch) == ("new", 5.0, 1)


def test_an_action_for_a_time_and_updates_now_and_then() -> None:
    camera = CameraRules(
        "gate", [Rule("wave", DoesAction("wave"), for_seconds=1.0)], zones=ZONES, lines=LINES, zone=ZoneInfo("UTC")
    )
    waving = SeenPerson(7, LEFT, actions={"wave": 0.7})
    phases = [(time, event.phase) for time in every_tenth(4) for event in camera.take(Seen(0, time, (waving,)), NOON)]
    assert phases == [(1.0, "new"), (2.0, "update"), (3.0, "update")]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40),
            st.dictionaries(st.integers(1, 3), st.tuples(POSTURES, st.sampled_from([LEFT, RIGHT]))),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.floats(0, 5),
)  # fmt: skip
def test_every_event_begins_once_and_ends_once_not_before_it_began(frames, cooldown: float) -> None:
    rules = [
        Rule("down", InPosture("lying"), for_seconds=1.0, gap_seconds=0.5, cooldown_seconds=cooldown),
        Rule("busy", CountsPersons(at_least=2, zone="left"), cooldown_seconds=cooldown),
        Rule("enter", MovesThrough("left", "enter"), cooldown_seconds=cooldown),
        Rule("cross", CrossesLine("middle")),
    ]
    camera = CameraRules("gate", rules, zones=ZONES, lines=LINES, zone=ZoneInfo("UTC"))
    events: list[Event] = []
    time, epoch = 0.0, 0
    for step, people, reconnects in frames:
        time, epoch = time + step / 10, epoch + reconnects
        persons = tuple(person(posture, track=track, point=point) for track, (posture, point) in people.items())
        events += camera.take(Seen(epoch, time, persons), NOON)
    events += camera.finish()
    assert camera.finish() == ()
    open_events: dict[int, Event] = {}
    for event in events:
        if event.phase == "new":
            assert event.id not in open_events
            open_events[event.id] = event
        else:
            begun = open_events[event.id] if event.phase == "update" else open_events.pop(event.id)
            assert (event.start, event.rule, event.track_id) == (begun.start, begun.rule, begun.track_id)
        if event.phase == "end":
            assert event.end is not None
            assert event.end >= event.start
    assert not open_events
