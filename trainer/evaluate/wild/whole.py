"""Whole pipelines side by side, from a picture to people with joints, each at its own thresholds."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.skeleton import COCO_17, LIMB_JOINTS, select_joints
from edgeact.types import Frame
from trainer.data.pose_patches import torso_length
from trainer.evaluate.wild.detectors import OURS, TestedDetector
from trainer.evaluate.wild.matching import match_boxes
from trainer.evaluate.wild.poses import RIGHT, TINYPOSE
from trainer.evaluate.wild.statistics import share
from trainer.evaluate.wild.tinypose import TinyPose

_ANKLES = [COCO_17.index("left_ankle"), COCO_17.index("right_ankle")]

People = tuple[np.ndarray, np.ndarray, np.ndarray]  # boxes (N, 4), scores (N,), joints (N, 17, 2) in pixels


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """A detector and a pose network that work together.

    Attributes:
        name: In the tables.
        look: Picture ``(H, W, 3)`` uint8 RGB → the people in it.
    """

    name: str
    look: Callable[[np.ndarray], People]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pipeline made of one picture.

    Attributes:
        people: Who was to be found.
        found: Who of them was.
        labelled: Limb joints that humans labelled on people whose pose is measured.
        right: Those of them that lie within `RIGHT`; of people who were not found, none.
        false: People where nobody is.
        feet: Labelled ankles of people who were found, and whose pose is measured.
        held: Those of them that lie in the box: it reaches down to the feet.
    """

    people: int
    found: int
    labelled: int
    right: int
    false: int
    feet: int
    held: int


def open_pipelines(bundle: Bundle, teachers: Path, peers: Sequence[TestedDetector]) -> list[Pipeline]:
    """The runtime with a bundle, which takes each picture for the first one of a source; and each of the detectors with
    TinyPose.
    """
    tinypose = TinyPose(teachers)
    return [_ours(bundle), *(_peer(detector, tinypose) for detector in peers)]


def _ours(bundle: Bundle) -> Pipeline:
    perceiver, epochs = Perceiver(Engine(bundle)), count()

    def look(rgb: np.ndarray) -> People:
        persons = perceiver.process(Frame(0, 0.0, rgb, epoch=next(epochs))).observation.persons
        joints = [select_joints(person.pose.joints, bundle.skeleton, COCO_17)[:, :2] for person in persons]
        return _stacked([person.box for person in persons], [person.score for person in persons], joints)

    return Pipeline(OURS, look)


def _peer(detector: TestedDetector, tinypose: TinyPose) -> Pipeline:
    def look(rgb: np.ndarray) -> People:
        boxes, scores = detector.find(rgb)
        sure = scores >= detector.threshold
        joints = [tinypose.looks(rgb, box)[0][:, :2] for box in boxes[sure]]
        return _stacked(list(boxes[sure]), list(scores[sure]), joints)

    return Pipeline(f"{detector.name}, {TINYPOSE}", look)


def _stacked(boxes: Sequence[np.ndarray], scores: Sequence[float], joints: Sequence[np.ndarray]) -> People:
    joint_rows = np.array(joints, np.float32).reshape(-1, len(COCO_17.joints), 2)
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), joint_rows


def judge(
    seen: People, people: np.ndarray, joints: Sequence[np.ndarray | None], *, unmeasured: np.ndarray, crowds: np.ndarray
) -> Outcome:
    """Hold what a pipeline saw in a picture against what humans labelled.

    Args:
        seen: What `Pipeline.look` gave.
        people: ``(P, 4)`` who are to be found.
        joints: Of each of them ``(17, 3)`` x, y, labelled; None where the pose is not measured.
        unmeasured: As `match_boxes` takes it.
        crowds: Likewise.
    """
    boxes, scores, found_joints = seen
    match = match_boxes(boxes, scores, people, unmeasured=unmeasured, crowds=crowds)
    limbs, labelled, right, feet, held = list(LIMB_JOINTS), 0, 0, 0, 0
    for person, row in zip(joints, match.rows, strict=True):
        if person is None:
            continue
        known = person[limbs, 2] > 0
        labelled += int(known.sum())
        if row >= 0:
            distance = np.linalg.norm(found_joints[row, limbs] - person[limbs, :2], axis=1)
            right += int((known & (distance <= RIGHT * max(torso_length(person), 1.0))).sum())
            ankles = person[_ANKLES][person[_ANKLES, 2] > 0, :2]
            feet += len(ankles)
            held += int(((ankles >= boxes[row, :2]) & (ankles <= boxes[row, 2:])).all(1).sum())
    found = int((match.rows >= 0).sum())
    return Outcome(len(people), found, labelled, right, len(match.false_scores), feet, held)


def whole_figures(outcomes: Sequence[dict[str, Outcome]], complete: Sequence[bool]) -> dict[str, dict]:
    """By pipeline the shares of people found, of joints right and of feet in the box, and false people a picture.

    Args:
        outcomes: Of each picture, by pipeline.
        complete: Whether everybody in the picture is labelled; others say nothing of false people.
    """
    figures = {}
    for name in outcomes[0] if outcomes else ():
        rows = [outcome[name] for outcome in outcomes]
        full = [row for row, is_complete in zip(rows, complete, strict=True) if is_complete]
        figures[name] = {
            "found": asdict(share([row.found for row in rows], [row.people for row in rows])),
            "joints_right": asdict(share([row.right for row in rows], [row.labelled for row in rows])),
            "feet_held": asdict(share([row.held for row in rows], [row.feet for row in rows])),
            "false_people": asdict(share([row.false for row in full], [1] * len(full))),
        }
    return figures
