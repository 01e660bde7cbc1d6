"""Which groups a labelled person belongs to: what makes people hard to find and to pose."""

import numpy as np

from edgeact.geometry import box_iou
from edgeact.skeleton import COCO_17
from trainer.data.wild_people import WildPerson

MINIMUM_HEIGHT = 60.0  # pixels of the box; smaller people are not measured

# In the order of the tables.
GROUPS: dict[str, str] = {
    "all": "everybody ≥ 60 px",
    "fills": "fills > 70 % of the picture's height",
    "cut_off": "cut off at the edge (1–7 joints labelled)",
    "seated": "seated",
    "overlapping": "overlapping another (IoU > .2)",
    "small": "small (60–130 px)",
    "dark": "in a dark picture (mean luma < 60)",
    "lying": "lying (torso more horizontal than vertical)",
    "from_above": "seen from above (about 30° or more, by eye)",
}
_SMALL_HEIGHT = 130.0
_FILLING_SHARE = 0.7
_DARK_LUMA = 60.0
_OVERLAP = 0.2
_CUT_OFF_JOINTS = 7
_EDGE_SHARE = 0.02  # of the picture's side: annotators leave a pixel or two between box and edge

# Actions of Stanford 40 that nearly everybody does sitting down.
_SEATED_ACTIONS = frozenset(
    {"using_a_computer", "watching_TV", "writing_on_a_book", "rowing_a_boat", "looking_through_a_microscope"}
)


def person_groups(person: WildPerson, others: np.ndarray, *, size: tuple[int, int], luma: float) -> frozenset[str]:
    """The groups of a person of at least `MINIMUM_HEIGHT`; nothing for a smaller one.

    Args:
        person: The person.
        others: ``(K, 4)`` boxes of the other labelled people.
        size: The picture's width and height.
        luma: The picture's mean brightness, 0..255.
    """
    width, height = size
    tall = float(person.box[3] - person.box[1])
    if tall < MINIMUM_HEIGHT:
        return frozenset()
    groups = {"all"}
    if tall > _FILLING_SHARE * height:
        groups.add("fills")
    if tall < _SMALL_HEIGHT:
        groups.add("small")
    if luma < _DARK_LUMA:
        groups.add("dark")
    if len(others) and float(box_iou(person.box[None], others).max()) > _OVERLAP:
        groups.add("overlapping")
    if person.from_above:
        groups.add("from_above")
    if person.action in _SEATED_ACTIONS:
        groups.add("seated")
    if person.joints is not None:
        labelled = int((person.joints[:, 2] > 0).sum())
        if 1 <= labelled <= _CUT_OFF_JOINTS and _touches_edge(person.box, width, height):
            groups.add("cut_off")
        if is_lying(person.joints):
            groups.add("lying")
        elif is_seated(person.joints):
            groups.add("seated")
    return frozenset(groups)


def _touches_edge(box: np.ndarray, width: int, height: int) -> bool:
    x_room, y_room = _EDGE_SHARE * width, _EDGE_SHARE * height
    return bool(box[0] <= x_room or box[1] <= y_room or box[2] >= width - x_room or box[3] >= height - y_room)


def _point(joints: np.ndarray, name: str) -> np.ndarray | None:
    row = joints[COCO_17.index(name)]
    return row[:2] if row[2] > 0 else None


def is_lying(joints: np.ndarray) -> bool:
    """Whether the torso of COCO joints ``(17, 3)`` is more horizontal than vertical, on every side that is labelled."""
    sides = []
    for side in ("left", "right"):
        shoulder, hip = _point(joints, f"{side}_shoulder"), _point(joints, f"{side}_hip")
        if shoulder is not None and hip is not None:
            sides.append(bool(abs(hip[0] - shoulder[0]) > abs(hip[1] - shoulder[1])))
    return bool(sides) and all(sides)


def is_seated(joints: np.ndarray) -> bool:
    """Whether the thighs of COCO joints ``(17, 3)`` come forward: on every side that is labelled, the knee lies less
    than half as far below the hip as the ankle lies below the knee.
    """
    sides = []
    for side in ("left", "right"):
        hip, knee, ankle = (_point(joints, f"{side}_{joint}") for joint in ("hip", "knee", "ankle"))
        if hip is not None and knee is not None and ankle is not None:
            thigh, shank = float(knee[1] - hip[1]), float(ankle[1] - knee[1])
            sides.append(shank > 0 and thigh < 0.5 * shank)
    return bool(sides) and all(sides)
