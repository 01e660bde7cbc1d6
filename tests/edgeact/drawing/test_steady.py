"""Smoothing of what is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from edgeact.drawing.steady import SteadyPersons
from edgeact.skeleton import BODY_21
from edgeact.types import AttentionMap, Float32, Frame, Observation, Person, Pose, Reading
from tests.tiny_bundle import FIGURE

IMAGE = np.zeros((8, 8, 3), np.uint8)
HEIGHT = 100.0


def result(time: float, shift: float, *, confidence: float = 0.9) -> Observation:
    box = np.array([100 + shift, 50, 140 + shift, 50 + HEIGHT], np.float32)
    joints = (box[:2] + box[2:]) / 2 + FIGURE * (box[2:] - box[:2]) / 2
    pose = Pose(joints.astype(np.float32), np.full(21, confidence, np.float32))
    return Observation(Frame(0, time, IMAGE), (Person(1, box, 0.9, pose),))


def shown(times: Float32, shifts: Float32, *, confidence: float = 0.9) -> tuple[Float32, Float32]:
    """How far box and first joint are shifted as drawn, in every frame."""
    steady = SteadyPersons(skeleton=BODY_21, joint_confidence=0.3)
    rest = result(0, 0).persons[0]
    found = []
    for time, shift in zip(times, shifts, strict=True):
        (person,) = steady.smooth(result(float(time), float(shift), confidence=confidence)).persons
        found.append((person.box[0] - rest.box[0], person.pose.joints[0, 0] - rest.pose.joints[0, 0]))
    return tuple(np.array(found, np.float32).T)  # type: ignore[return-value]


def test_what_rests_does_not_tremble() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, 100).astype(np.float32)
    for drawn in shown(np.arange(100) / 25, noise):
        assert np.abs(np.diff(drawn)).mean() < 0.5 * np.abs(np.diff(noise)).mean()


def test_what_moves_does_not_lag() -> None:
    times = np.arange(50) / 25
    shifts = 1.5 * HEIGHT * times  # a run
    box, joint = shown(times, shifts)
    assert np.abs(joint - shifts)[10:].max() < 0.03 * HEIGHT
    assert np.abs(box - shifts)[10:].max() < 0.06 * HEIGHT


def test_it_goes_by_seconds_not_frames() -> None:
    def step(rate: int) -> Float32:
        times = np.arange(rate + 1) / rate
        return shown(times, np.where(times < 0.5, 0.0, 2.0))[0][:: rate // 25]

    assert step(25) == pytest.approx(step(50), abs=0.4)


def test_the_data_are_not_touched_and_the_same_comes_out_again() -> None:
    steady = SteadyPersons(skeleton=BODY_21, joint_confidence=0.3)
    steady.smooth(result(0.0, 0.0))
    given = result(0.04, 3.0)
    box, joints = given.persons[0].box.copy(), given.persons[0].pose.joints.copy()
    smoothed = steady.smooth(given)
    assert given.persons[0].box.tolist() == box.tolist()
    assert given.persons[0].pose.joints.tolist() == joints.tolist()
    assert smoothed.persons[0].box[0] != box[0]
    times, shifts = np.arange(20) / 25, np.random.default_rng(1).normal(0, 2, 20)
    assert shown(times, shifts)[1].tolist() == shown(times, shifts)[1].tolist()


@pytest.mark.parametrize("time", [0.5, 0.0, -3.0], ids=["after a gap", "at the same time", "in a new epoch"])
def test_who_was_not_seen_just_before_is_drawn_where_they_are(time: float) -> None:
    steady = SteadyPersons(skeleton=BODY_21, joint_confidence=0.3)
    steady.smooth(result(0.0, 0.0))
    assert steady.smooth(result(time, 50.0)).persons[0].box.tolist() == result(0, 50.0).persons[0].box.tolist()


def test_a_joint_that_was_unsure_has_no_past() -> None:
    shifts = np.array([0.0, 4.0])
    assert shown(np.array([0.0, 0.04]), shifts, confidence=0.2)[1].tolist() == pytest.approx(shifts.tolist(), abs=1e-4)
    assert shown(np.array([0.0, 0.04]), shifts)[1][1] < 3.0


def counting(time: float, joint: int, *, label: str | None = "walk") -> Observation:
    """Somebody of whom one joint decides."""
    seen = result(time, 0.0)
    counts = np.zeros(21, np.float32)
    counts[joint] = 1
    found = AttentionMap("joints", np.zeros((4, 4), np.float32), seen.persons[0].box, label, joints=counts)
    reading = Reading("action", counts[:2], counts[:2], attention=(found,))
    return replace(seen, persons=(replace(seen.persons[0], readings=(reading,)),))


def counted(steady: SteadyPersons, given: Observation) -> Float32:
    """How much the joints count, as drawn."""
    found = steady.smooth(given).persons[0].readings[0].attention[0].joints
    assert found is not None
    return found


def test_heat_goes_from_one_joint_to_the_next_without_a_flash() -> None:
    steady = SteadyPersons(skeleton=BODY_21, joint_confidence=0.3)
    assert counted(steady, counting(0.0, 9))[9] == 1
    shares = [counted(steady, counting(frame / 25, 10))[10] for frame in range(1, 51)]
    assert np.diff([0, *shares]).max() < 0.1
    assert 0.55 < shares[12] < 0.7  # half a second
    assert shares[-1] > 0.95


def test_what_speaks_for_another_action_begins_anew() -> None:
    steady = SteadyPersons(skeleton=BODY_21, joint_confidence=0.3)
    counted(steady, counting(0.0, 9))
    assert counted(steady, counting(0.04, 10, label="run"))[10] == 1
    assert counted(steady, counting(0.9, 11, label="run"))[11] == 1  # and after a gap


def test_how_much_joints_count_is_not_touched_in_the_data() -> None:
    steady = SteadyPersons(skeleton=BODY_21, joint_confidence=0.3)
    counted(steady, counting(0.0, 9))
    given = counting(0.04, 10)
    counted(steady, given)
    kept = given.persons[0].readings[0].attention[0].joints
    assert kept is not None
    assert kept.tolist() == [float(joint == 10) for joint in range(21)]
