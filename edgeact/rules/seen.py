"""What rules need to know of an observation: where everybody stands, in which posture, and what they do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeact.rules.areas import Point
from edgeact.rules.posture import Posture, posture_of
from edgeact.skeleton import Skeleton
from edgeact.types import Observation, Person, Reading

BORDER = 0.01  # of the picture: a box that comes so near to its border may go on behind it


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """One person in one frame.

    Attributes:
        track: Number of the track.
        point: Where the person stands: the middle of the box's lower edge, relative to the picture.
        score: The detector's.
        posture: Or None where it is not seen.
        posture_score: How sure the joints are that decided on it.
        actions: Scores of the actions in force, by label.
    """

    track: int
    point: Point
    score: float = 1.0
    posture: Posture | None = None
    posture_score: float = 0.0
    actions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame.

    Attributes:
        epoch: Of the source.
        time: Seconds of the epoch.
        persons: In the picture.
        actions: Of the scene as a whole: scores by label.
    """

    epoch: int
    time: float
    persons: tuple[SeenPerson, ...] = ()
    actions: Mapping[str, float] = field(default_factory=dict)


def look(observation: Observation, *, skeleton: Skeleton, confidence: float) -> Seen:
    """What rules need of an observation.

    Args:
        observation: Of a frame.
        skeleton: That its poses follow.
        confidence: Joints under it do not count.
    """
    frame = observation.frame
    height, width = frame.image.shape[:2]
    persons = tuple(
        _person(person, width=width, height=height, skeleton=skeleton, confidence=confidence)
        for person in observation.persons
    )
    return Seen(frame.epoch, frame.time, persons, _actions(observation.scene))


def _person(person: Person, *, width: int, height: int, skeleton: Skeleton, confidence: float) -> SeenPerson:
    x_min, y_min, x_max, y_max = (float(edge) for edge in person.box)
    x, y = np.clip(((x_min + x_max) / 2 / width, y_max / height), 0.0, 1.0)  # a box may reach beyond the picture
    edge_x, edge_y = BORDER * width, BORDER * height
    is_cut_off = x_min <= edge_x or y_min <= edge_y or x_max >= width - edge_x or y_max >= height - edge_y
    found = posture_of(person.pose, person.box, skeleton=skeleton, confidence=confidence, is_cut_off=is_cut_off)
    posture, posture_score = found or (None, 0.0)
    return SeenPerson(
        track=person.track_id,
        point=(float(x), float(y)),
        score=person.score,
        posture=posture,
        posture_score=posture_score,
        actions=_actions(person.readings),
    )


def _actions(readings: tuple[Reading, ...]) -> Mapping[str, float]:
    return {
        label: float(score) for reading in readings for label, score in zip(reading.labels, reading.scores, strict=True)
    }
