"""Persons as the detections and key points of supervision, which is imported only here, and only when used."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeact.errors import MissingExtraError
from edgeact.types import Person

if TYPE_CHECKING:
    import supervision

# The only class: everything detected is a person; what somebody does is in ``data``.
PERSON_CLASS, PERSON_NAME = 0, "person"


def to_supervision(persons: Sequence[Person]) -> "tuple[supervision.Detections, supervision.KeyPoints]":
    """The persons of one frame, seen live or read from a result.

    Args:
        persons: ``observation.persons``, or those of a frame of `edgeact.load_results`.

    Returns:
        Detections and key points, in the same order. Of the detections ``tracker_id`` is the track, ``class_id`` 0
        (``person``), and ``data`` has ``class_name``, ``action`` (the label in force of the first action head, or an
        empty text) and ``action_score``. Key points are in the order of the bundle's skeleton.

    Raises:
        MissingExtraError: The package supervision is not installed.

    >>> detections, key_points = to_supervision(())
    >>> len(detections), len(key_points)
    (0, 0)
    """
    try:
        import supervision
    except ImportError as error:
        raise MissingExtraError("supervision is not installed: pip install supervision") from error
    count = len(persons)
    classes = np.full(count, PERSON_CLASS, np.int64)
    names = np.full(count, PERSON_NAME)
    actions = [_action(person) for person in persons]
    detections = supervision.Detections(
        xyxy=np.array([person.box for person in persons], np.float32).reshape(count, 4),
        confidence=np.array([person.score for person in persons], np.float32),
        class_id=classes,
        tracker_id=np.array([person.track_id for person in persons], np.int64),
        data={  # also for nobody, so that a program finds its keys in every frame
            "class_name": names,
            "action": np.array([label for label, _ in actions], np.str_),
            "action_score": np.array([score for _, score in actions], np.float32),
        },
    )
    if not persons:
        return detections, supervision.KeyPoints.empty()
    key_points = supervision.KeyPoints(
        np.stack([person.pose.joints for person in persons]),
        classes,
        np.stack([person.pose.confidence for person in persons]),  # third in all versions, but of changing names
        data={"class_name": names},
    )
    return detections, key_points


def _action(person: Person) -> tuple[str, float]:
    """The label in force of the first action head, with its score."""
    strongest = person.readings[0].strongest if person.readings else None
    return ("", 0.0) if strongest is None else strongest
