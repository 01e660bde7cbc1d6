"""Walking along a scripted path: a recorded gait is bent along straight lines and pauses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from trainer.data.studio.motion import Motion

_TURN_RATE = np.radians(200.0)  # per second: how fast a walking person turns
_ARRIVED = 0.15  # metres from a place at which the next one is headed for
_BLEND_FRAMES = 6  # over which walking becomes standing: a fifth of a second


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of a path.

    Attributes:
        place: X and Z on the floor, in metres.
        pause: Seconds to stand there.
    """

    place: tuple[float, float]
    pause: float = 0.0


def walk_path(
    gait: Motion, rest: Motion, stops: Sequence[Stop], *, leg_length: float, seconds: float, speed: float = 1.0
) -> Motion:
    """A motion that starts at the first stop, goes from one to the next and stays at the last.

    Args:
        gait: Walks straight ahead, towards +Z.
        rest: Stands.
        stops: Two or more.
        leg_length: Of the avatar that will walk, in metres: the longer the legs, the longer the steps.
        seconds: Length of the result.
        speed: Factor on the gait's own.

    Returns:
        The motion; its first frame is at X = Z = 0, and it holds its headings itself: the actor's own heading is 0.
    """
    assert len(stops) >= 2, "a path has two ends"
    assert gait.bones == rest.bones, "both motions move the same bones"
    rate = gait.frame_rate
    strides = np.diff(gait.hips[:, 2], append=2 * gait.hips[-1, 2] - gait.hips[-2, 2]) * leg_length
    steps = float(strides.mean()) * speed  # evenly, so that a gait that is repeated never jerks
    place = np.array(stops[0].place, float)
    heading = _heading(place, np.array(stops[1].place, float))
    target, waiting = 1, round(stops[0].pause * rate)
    phase, rest_frame, walking = 0.0, 0, 1.0 if waiting == 0 else 0.0
    rotations, hips = [], []
    for _ in range(max(2, round(seconds * rate))):
        goes = waiting == 0 and target < len(stops)
        if goes:
            goal = np.array(stops[target].place, float)
            wanted = _heading(place, goal)
            heading += np.clip(_wrap(wanted - heading), -_TURN_RATE / rate, _TURN_RATE / rate)
            place = place + steps * np.array([np.sin(heading), np.cos(heading)])
            if np.linalg.norm(goal - place) < max(_ARRIVED, steps):
                waiting = round(stops[target].pause * rate)
                target += 1
        else:
            waiting = max(0, waiting - 1)
        walking = float(np.clip(walking + (1 if goes else -1) / _BLEND_FRAMES, 0.0, 1.0))
        phase, rest_frame = phase + (speed if goes else 0.0), rest_frame + 1
        walk, stand = int(phase) % len(gait.hips), rest_frame % len(rest.hips)
        body = _between(rest.rotations[stand], gait.rotations[walk], walking)
        turned = Rotation.from_euler("y", heading) * body
        rotations.append(turned.as_quat())
        height = (1 - walking) * rest.hips[stand, 1] + walking * gait.hips[walk, 1]
        hips.append([place[0] / leg_length, height, place[1] / leg_length])
    path = np.array(hips)
    path -= path[0] * [1, 0, 1]
    return replace(gait, rotations=np.array(rotations), hips=path, later_labels=())


def _between(first: np.ndarray, second: np.ndarray, share: float) -> Rotation:
    """The rotations ``(19, 4)`` that lie a share of the way from one pose to another."""
    start, turn = Rotation.from_quat(first), Rotation.from_quat(first).inv() * Rotation.from_quat(second)
    return start * Rotation.from_rotvec(share * turn.as_rotvec())


def _heading(start: np.ndarray, goal: np.ndarray) -> float:
    across, along = goal - start
    return float(np.arctan2(across, along))


def _wrap(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
