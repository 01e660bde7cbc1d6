"""One look at every picture with every network: what all tables are made of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from edgeact.geometry import box_iou
from edgeact.skeleton import LIMB_JOINTS
from trainer.data.pose_patches import torso_length
from trainer.data.read_picture import read_rgb
from trainer.data.wild_people import WildPicture
from trainer.evaluate.wild.detectors import TestedDetector
from trainer.evaluate.wild.groups import MINIMUM_HEIGHT, person_groups
from trainer.evaluate.wild.matching import Match, match_boxes
from trainer.evaluate.wild.poses import TINYPOSE_FLIP, PosePanel
from trainer.evaluate.wild.whole import Outcome, Pipeline, judge

Item = TypeVar("Item")
Progress = Callable[[Sequence[Item], str], Iterable[Item]]  # gives the items while it shows how far it is

_POSED_JOINTS = 8  # labelled joints of a person whose pose is measured
# People on whom two teachers agree: both sure, their boxes nearly the same, and a pose is seen in it.
_AGREED_IOU, _AGREED_POSE, _AGREED_JOINT = 0.6, 0.3, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class PosedPerson:
    """A person on whose true box every pose network was run.

    Attributes:
        box: ``(4,)``.
        joints: ``(17, 3)`` of the human who labelled, or of the teacher.
        torso: Length in pixels.
        groups: See `person_groups`; empty for people whom only teachers labelled.
        found: By network ``(17, 3)`` x, y (pixels), score.
    """

    box: np.ndarray
    joints: np.ndarray
    torso: float
    groups: frozenset[str]
    found: dict[str, np.ndarray]

    def errors(self, name: str) -> np.ndarray:
        """Distances ``(12,)`` of a network's limb joints in torso lengths, NaN where a joint is not labelled."""
        limbs = list(LIMB_JOINTS)
        distance = np.linalg.norm(self.found[name][limbs, :2] - self.joints[limbs, :2], axis=1) / self.torso
        return np.where(self.joints[limbs, 2] > 0, distance, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What was seen in one picture.

    Attributes:
        picture: The picture.
        size: Its width and height.
        people: ``(P, 4)`` labelled boxes of at least `MINIMUM_HEIGHT`.
        groups: Of each of them.
        matches: By detector.
        boxes: ``(N, 4)`` of our detector.
        scores: ``(N,)`` of ``boxes``.
        agreed: Match of our detector with the people on whom the teachers agree.
        posed: People whose pose a human labelled, with every network's.
        agreed_posed: People whose pose the teacher is sure of, with ours.
        outcomes: Of the whole pipelines, by name.
    """

    picture: WildPicture
    size: tuple[int, int]
    people: np.ndarray
    groups: tuple[frozenset[str], ...]
    matches: dict[str, Match]
    boxes: np.ndarray
    scores: np.ndarray
    agreed: Match
    posed: tuple[PosedPerson, ...]
    agreed_posed: tuple[PosedPerson, ...]
    outcomes: dict[str, Outcome]


def survey_pictures(
    pictures: Sequence[WildPicture],
    detectors: Sequence[TestedDetector],
    poses: PosePanel,
    pipelines: Sequence[Pipeline],
    teachers: tuple[TestedDetector, TestedDetector],
    progress: Progress,
) -> list[Survey]:
    """Look at every picture; the first of ``detectors`` is ours."""
    return [_survey(picture, detectors, poses, pipelines, teachers) for picture in progress(pictures, "wild pictures")]


def _survey(
    picture: WildPicture,
    detectors: Sequence[TestedDetector],
    poses: PosePanel,
    pipelines: Sequence[Pipeline],
    teachers: tuple[TestedDetector, TestedDetector],
) -> Survey:
    rgb = read_rgb(picture.path)
    height, width = rgb.shape[:2]
    luma = float(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).mean())
    boxes = np.array([person.box for person in picture.people], np.float32).reshape(-1, 4)
    groups = [
        person_groups(person, np.delete(boxes, row, axis=0), size=(width, height), luma=luma)
        for row, person in enumerate(picture.people)
    ]
    measured = np.array([bool(group) for group in groups], bool)
    people, unmeasured = boxes[measured], boxes[~measured]
    found = {detector.name: detector.find(rgb) for detector in detectors}
    matches = {
        name: match_boxes(*rows, people, unmeasured=unmeasured, crowds=picture.crowds) for name, rows in found.items()
    }
    ours = found[detectors[0].name]
    agreed = np.zeros((0, 4), np.float32) if picture.is_complete else _agreed_people(rgb, teachers)
    agreed_poses = [poses.estimate(rgb, box) for box in agreed]
    seen = [row for row, found in enumerate(agreed_poses) if found[TINYPOSE_FLIP][:, 2].mean() >= _AGREED_POSE]
    nobody = np.zeros((0, 4), np.float32)
    joints = [
        person.joints if person.joints is not None and _can_be_posed(person.joints) else None
        for person, is_measured in zip(picture.people, measured, strict=True)
        if is_measured
    ]
    return Survey(
        picture=picture,
        size=(width, height),
        people=people,
        groups=tuple(group for group in groups if group),
        matches=matches,
        boxes=ours[0],
        scores=ours[1],
        agreed=match_boxes(*ours, agreed[seen], unmeasured=nobody, crowds=nobody),
        posed=tuple(
            _posed(person.box, person.joints, group, poses.estimate(rgb, person.box))
            for person, group in zip(picture.people, groups, strict=True)
            if group and person.joints is not None and _can_be_posed(person.joints)
        ),
        agreed_posed=tuple(_teacher_posed(agreed[row], agreed_poses[row]) for row in seen),
        outcomes={
            pipeline.name: judge(
                pipeline.look(rgb, found), people, joints, unmeasured=unmeasured, crowds=picture.crowds
            )
            for pipeline in pipelines
        },
    )


def _can_be_posed(joints: np.ndarray) -> bool:
    return int((joints[:, 2] > 0).sum()) >= _POSED_JOINTS and torso_length(joints) > 0


def _posed(box: np.ndarray, joints: np.ndarray, groups: frozenset[str], found: dict[str, np.ndarray]) -> PosedPerson:
    return PosedPerson(box, joints, max(torso_length(joints), 1.0), groups, found)


def _teacher_posed(box: np.ndarray, found: dict[str, np.ndarray]) -> PosedPerson:
    teacher = found[TINYPOSE_FLIP].copy()
    teacher[:, 2] = teacher[:, 2] >= _AGREED_JOINT
    if torso_length(teacher) <= 0:
        teacher[:, 2] = 0  # no joint counts where nothing says how long the torso is
    return _posed(box, teacher, frozenset(), found)


def _agreed_people(rgb: np.ndarray, teachers: tuple[TestedDetector, TestedDetector]) -> np.ndarray:
    """Boxes ``(M, 4)`` of the first teacher, of at least `MINIMUM_HEIGHT`, that the second one gives too."""
    first, second = ((boxes[scores >= t.threshold]) for t in teachers for boxes, scores in [t.find(rgb)])
    tall = first[:, 3] - first[:, 1] >= MINIMUM_HEIGHT
    return first[tall & (box_iou(first, second).max(1, initial=0.0) >= _AGREED_IOU)]
