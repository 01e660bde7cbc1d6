"""Smooths what is drawn: joints and boxes of each track, by the 1 € filter; what is written as data stays as it is.

"1 € Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems" (Casiez, Roussel and Vogel,
CHI 2012): a low-pass filter whose cut-off frequency grows with speed, so that what rests does not tremble and what
moves does not lag. Time is the frames' own, so that it does the same at any and at changing frame rates. Lengths are in
heights of the person, so that it does the same for people near and far.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeact.drawing.steady_heat import SteadyHeat
from edgeact.perception.parts import part_crops
from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Observation, Person

# In hertz, of what rests: at 25 frames a second a third of a frame's trembling is let through.
_LEAST_CUTOFF = 2.0
# Hertz for each height a second: a hand that strikes at 2 heights a second is let through at 18 Hz, almost as it is.
_CUTOFF_PER_SPEED = 8.0
# Boxes, of which nobody expects more than to be where the person is, follow more calmly: a step of a fifth of a width
# from one frame to the next is a fault of the detector more often than a movement.
_BOX_CUTOFF_PER_SPEED = 3.0
_SPEED_CUTOFF = 1.0  # in hertz, of the speed itself, as in the paper
_FORGET_SECONDS = 0.25  # who was not seen for so long is somewhere else


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Of one track: when it was last seen, ``(P, 2)`` points and their velocity in pixels a second, and which are
    sure.
    """

    time: float
    points: Float32
    velocity: Float32
    sure: npt.NDArray[np.bool_]


class SteadyPersons:
    """Smooths the persons of one source, frame by frame.

    Args:
        skeleton: What the poses follow.
        joint_confidence: A joint that was less confident in the frame before has no past that it could follow.
    """

    def __init__(self, *, skeleton: Skeleton, joint_confidence: float) -> None:
        self._skeleton, self._threshold = skeleton, joint_confidence
        self._per_speed = np.full((2 + len(skeleton.joints), 1), _CUTOFF_PER_SPEED, np.float32)
        self._per_speed[:2] = _BOX_CUTOFF_PER_SPEED
        self._states: dict[int, _State] = {}
        self._heat = SteadyHeat(forget_seconds=_FORGET_SECONDS)

    def smooth(self, observation: Observation) -> Observation:
        """The same observation with smoothed boxes, joints, part crops, and how much each joint counts; the given one
        is not touched.
        """
        time = observation.frame.time
        self._states = {
            track_id: state for track_id, state in self._states.items() if 0 < time - state.time <= _FORGET_SECONDS
        }
        self._heat.forget(time)
        persons = (self._smooth_person(person, time) for person in observation.persons)
        return replace(
            observation,
            persons=tuple(
                replace(person, readings=self._heat.smooth(person.track_id, person.readings, time))
                for person in persons
            ),
        )

    def _smooth_person(self, person: Person, time: float) -> Person:
        points = np.concatenate([person.box.reshape(2, 2), person.pose.joints]).astype(np.float32)
        sure = np.concatenate([[True, True], person.pose.confidence >= self._threshold])
        before = self._states.get(person.track_id)
        if before is None:
            self._states[person.track_id] = _State(time, points, np.zeros_like(points), sure)
            return person
        height = max(float(person.box[3] - person.box[1]), 1.0)
        smoothed, velocity = one_euro(
            points, before.points, before.velocity, seconds=time - before.time, unit=height, per_speed=self._per_speed
        )
        known = (sure & before.sure)[:, None]
        points = np.where(known, smoothed, points)
        self._states[person.track_id] = _State(time, points, np.where(known, velocity, np.float32(0)), sure)
        pose = replace(person.pose, joints=points[2:])
        parts = part_crops(pose, skeleton=self._skeleton, threshold=self._threshold) if person.parts else ()
        return replace(person, box=points[:2].reshape(4), pose=pose, parts=parts)


def one_euro(
    points: Float32, before: Float32, velocity: Float32, *, seconds: float, unit: float, per_speed: Float32
) -> tuple[Float32, Float32]:
    """One step of the filter.

    Args:
        points: ``(P, 2)`` float32 as found now.
        before: ``(P, 2)`` as smoothed before.
        velocity: ``(P, 2)`` as smoothed before, a second.
        seconds: Since then, more than 0.
        unit: Length in which speeds are measured.
        per_speed: ``(P, 1)`` by how many hertz the cut-off grows for each unit a second.

    Returns:
        Points and velocities ``(P, 2)`` float32, smoothed.
    """
    share = _share(_SPEED_CUTOFF, seconds)
    velocity = np.asarray(velocity + np.float32(share) * ((points - before) / np.float32(seconds) - velocity))
    speed = np.sqrt((velocity * velocity).sum(1, keepdims=True)) / unit
    rate = 2 * math.pi * seconds * (_LEAST_CUTOFF + per_speed * speed)
    smoothed = before + (rate / (rate + 1)) * (points - before)
    return smoothed.astype(np.float32), velocity.astype(np.float32)


def _share(cutoff: float, seconds: float) -> float:
    """How much of a new value a low-pass filter takes after a time."""
    rate = 2 * math.pi * cutoff * seconds
    return rate / (rate + 1)
