"""Whole pipelines side by side, from a picture to people with joints, each at its own thresholds."""

from collections.abc import Callable, Mapping, Sequence
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

Found = Mapping[str, tuple[np.ndarray, np.ndarray]]  # by detector, boxes (N, 4) and scores (N,) of one picture
People = tuple[np.ndarray, np.ndarray, np.ndarray]  # boxes (N, 4), scores (N,), joints (N, 17, 2) in pixels


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """A detector and a pose network that work together.

    Attributes:
        name: In the tables.
        look: Picture ``(H, W, 3)`` uint8 RGB and what the detectors found in it → the people in it.
    """

    name: str
    look: Callable[[np.ndarray, Found], People]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pipeline made of one picture.

    Attributes:
        people: Number of labelled people to be found.
        found: Number of them that were found.
        labelled: Number of labelled limb joints of people whose pose is measured.
        right: Number of these joints within `RIGHT` of the label; none for people who were not found.
        false: Number of boxes on nobody.
        feet: Number of labelled ankles of found people whose pose is measured.
        held: Number of these ankles inside the person's box.
    """

    people: int
    found: int
    labelled: int
    right: int
    false: int
    feet: int
    held: int


def open_pipelines(bundle: Bundle, teachers: Path, peers: Sequence[TestedDetector]) -> list[Pipeline]:
    """Open the runtime with a bundle, which treats each picture as the first frame of a source, and each peer detector
    with TinyPose.
    """
    tinypose = TinyPose(teachers)
    return [_ours(bundle), *(_peer(detector, tinypose) for detector in peers)]


def _ours(bundle: Bundle) -> Pipeline:
    perceiver, epochs = Perceiver(Engine(bundle)), count()

    def look(rgb: np.ndarray, _: Found) -> People:
        persons = perceiver.process(Frame(0, 0.0, rgb, epoch=next(epochs))).observation.persons
        joints = [select_joints(person.pose.joints, bundle.skeleton, COCO_17)[:, :2] for person in persons]
        return _stacked([person.box for person in persons], [person.score for person in persons], joints)

    return Pipeline(OURS, look)


def _peer(detector: TestedDetector, tinypose: TinyPose) -> Pipeline:
    def look(rgb: np.ndarray, found: Found) -> People:
        boxes, scores = found[detector.name]
        sure = scores >= detector.threshold
        joints = [tinypose.look(rgb, box)[:, :2] for box in boxes[sure]]
        return _stacked(list(boxes[sure]), list(scores[sure]), joints)

    return Pipeline(f"{detector.name}, {TINYPOSE}", look)


def _stacked(boxes: Sequence[np.ndarray], scores: Sequence[float], joints: Sequence[np.ndarray]) -> People:
    joint_rows = np.array(joints, np.float32).reshape(-1, len(COCO_17.joints), 2)
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), joint_rows


def judge(
    seen: People, people: np.ndarray, joints: Sequence[np.ndarray | None], *, unmeasured: np.ndarray, crowds: np.ndarray
) -> Outcome:
    """Compare what a pipeline found in a picture with what humans labelled.

    Args:
        seen: What `Pipeline.look` gave.
        people: Boxes ``(P, 4)`` of the people to be found.
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
