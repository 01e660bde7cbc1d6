"""Whether PP-TinyPose labels people better when it sees them larger, or together with a second network, on people who
choose (validation) and whose joints humans labelled.

The network was trained with crops of 192×256 pixels. All of its layers are convolutions, so that it takes larger crops;
in those a person is larger than any that it was trained with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgeact.errors import SourceFormatError
from edgeact.skeleton import COCO_17, LIMB_JOINTS
from trainer.data.lspet import lspet_people
from trainer.data.pose_patches import torso_length
from trainer.data.read_picture import read_bgr
from trainer.data.sets.coco import read_packed_keypoints
from trainer.data.sets.lsp import LSP_JOINTS
from trainer.data.wild_people import WildPerson, WildPicture, read_wild
from trainer.data.wild_split import wild_split
from trainer.evaluate.wild.groups import GROUPS, person_groups
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.statistics import Estimate, difference, share
from trainer.evaluate.wild.survey import Progress
from trainer.precomputed.label import WILD_PADDINGS
from trainer.precomputed.movenet import MoveNetThunder
from trainer.precomputed.second_opinion import join_poses
from trainer.precomputed.teachers import TINYPOSE_SIZE, TeacherPose, merge_poses

_FEWEST_JOINTS = 8  # labelled joints of a person who is measured
_FEWEST_PEOPLE = 20  # of a group that has a row
_PADDING = 1.25  # as published
LIMITS = (0.2, 0.1)  # torso lengths

# Every look is mirrored as well. Labels are made from a close and a wide crop.
LOOKS: dict[str, tuple[tuple[int, int], tuple[float, ...]]] = {
    "192×256": (TINYPOSE_SIZE, (_PADDING,)),
    "224×288": ((224, 288), (_PADDING,)),
    "288×384": ((288, 384), (_PADDING,)),
    "192×256, close and wide": (TINYPOSE_SIZE, WILD_PADDINGS),
    "288×384, close and wide": ((288, 384), WILD_PADDINGS),
}
BOTH = "both sizes, close and wide"
_MADE = "192×256, close and wide"  # what the first teacher says
SECOND = "MoveNet Thunder"
JOINED = "192×256, close and wide, and MoveNet Thunder"  # what labels are made of
# What stands against what: the larger crop against the published one, and so with two crops; and the second network.
COMPARED = (
    ("224×288", "192×256"),
    ("288×384", "192×256"),
    ("288×384, close and wide", _MADE),
    (BOTH, _MADE),
    (JOINED, _MADE),
)

MERGED = (SECOND, BOTH, JOINED)  # beside the looks of the first teacher

Network = TeacherPose | MoveNetThunder


@dataclass(frozen=True, slots=True, eq=False)
class LookedAt:
    """A person, and how far each look's joints are from a human's.

    Attributes:
        source: The set.
        picture: The file.
        groups: See `trainer.evaluate.wild.groups`.
        errors: By look ``(12,)``: distances of the limb joints in torso lengths, NaN where a joint is not labelled.
    """

    source: str
    picture: Path
    groups: frozenset[str]
    errors: dict[str, np.ndarray]


def validation_pictures(data: Path) -> Iterator[WildPicture]:
    """Pictures that choose, of the sets whose joints humans labelled: COCO's, ``lspet`` and ``stock_upright``."""
    for picture in read_wild(data, "validation"):
        if picture.source.startswith("coco"):
            yield picture
    nobody = np.zeros((0, 4), np.float32)
    rows = [COCO_17.index(name) for name in LSP_JOINTS if name in COCO_17.joints]
    kept = [index for index, name in enumerate(LSP_JOINTS) if name in COCO_17.joints]
    for sample in lspet_people(data / "lspet") if (data / "lspet").is_dir() else ():
        if wild_split("lspet", sample.picture.name) == "validation":
            places, joints = sample.joints[0, 0, kept], np.zeros((17, 3), np.float32)
            joints[rows, :2], joints[rows, 2] = np.nan_to_num(places), np.isfinite(places).all(1)
            person = WildPerson(sample.boxes[0, 0], joints)
            yield WildPicture("lspet", sample.picture, (person,), nobody, False)
    yield from _stock_upright(data / "stock_upright")


def _stock_upright(root: Path) -> Iterator[WildPicture]:
    for sample in read_packed_keypoints(root).samples if root.is_dir() else ():
        file = sample.picture
        if wild_split("stock_upright", file.name) == "validation":
            places, flags = np.nan_to_num(sample.joints[0, 0]), sample.visibility[0, 0].astype(np.float32)
            person = WildPerson(sample.boxes[0, 0], np.concatenate([places, flags[:, None]], 1))
            yield WildPicture("stock_upright", file, (person,), np.zeros((0, 4), np.float32), False)


def measure_teacher_sizes(data: Path, teachers: Path, *, limit: int, progress: Progress) -> dict[str, Any]:
    """Compute the PCK of PP-TinyPose at several crop sizes, of MoveNet Thunder and of both merged, all with flip test.

    Args:
        data: Folder of the packed sets.
        teachers: Folder of the published networks.
        limit: At most so many pictures of a set: every n-th one.
        progress: Gives the items of a sequence while it shows how far it is.

    Returns:
        ``people`` by row, ``pck`` by row, look and limit, ``differences`` by row and pair of `COMPARED`. Rows are all
        people, the sets, and groups of at least `_FEWEST_PEOPLE`.

    Raises:
        SourceFormatError: No such person is there.
        SourceNotFoundError: A network is missing.
    """
    pictures = _thinned(list(validation_pictures(data)), limit)
    networks: dict[str, Network] = {
        name: TeacherPose(teachers, paddings, size) for name, (size, paddings) in LOOKS.items()
    }
    networks[SECOND] = MoveNetThunder(teachers)
    people = [person for picture in progress(pictures, "people who choose") for person in _look(picture, networks)]
    if not people:
        raise SourceFormatError(f"{data} holds nobody who chooses and has joints; name the folder of the data sets")
    rows = {name: members for name, members in _rows(people).items() if len(members) >= _FEWEST_PEOPLE or name == "all"}
    return {
        "people": {name: len(members) for name, members in rows.items()},
        "pck": {
            name: {look: [asdict(_pck(members, look, limit)) for limit in LIMITS] for look in (*LOOKS, *MERGED)}
            for name, members in rows.items()
        },
        "differences": {
            name: {
                f"{look} − {other}": [asdict(_pck(members, look, limit, minus=other)) for limit in LIMITS]
                for look, other in COMPARED
            }
            for name, members in rows.items()
        },
    }


def _thinned(pictures: Sequence[WildPicture], limit: int) -> list[WildPicture]:
    kept: list[WildPicture] = []
    for source in sorted({picture.source for picture in pictures}):
        own = [picture for picture in pictures if picture.source == source]
        kept += own[:: -(-len(own) // limit)]
    return kept


def _look(picture: WildPicture, networks: Mapping[str, Network]) -> Iterator[LookedAt]:
    bgr = read_bgr(picture.path)
    height, width = bgr.shape[:2]
    luma = float(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).mean())
    boxes = np.array([person.box for person in picture.people], np.float32).reshape(-1, 4)
    for row, person in enumerate(picture.people):
        groups = person_groups(person, np.delete(boxes, row, axis=0), size=(width, height), luma=luma)
        joints = person.joints
        if not groups or joints is None or (joints[:, 2] > 0).sum() < _FEWEST_JOINTS or torso_length(joints) <= 0:
            continue
        found = {name: network(bgr, person.box) for name, network in networks.items()}
        found[BOTH] = merge_poses(np.stack([found[_MADE], found["288×384, close and wide"]]))
        found[JOINED] = join_poses(found[_MADE], found[SECOND], person.box)
        errors = {name: _errors(pose, joints) for name, pose in found.items()}
        yield LookedAt(picture.source, picture.path, groups, errors)


def _errors(pose: np.ndarray, joints: np.ndarray) -> np.ndarray:
    limbs = list(LIMB_JOINTS)
    distance = np.linalg.norm(pose[limbs, :2] - joints[limbs, :2], axis=1) / max(torso_length(joints), 1.0)
    return np.where(joints[limbs, 2] > 0, distance, np.nan)


def _rows(people: Sequence[LookedAt]) -> dict[str, list[LookedAt]]:
    sources = sorted({person.source for person in people})
    rows = {"all": list(people)}
    rows |= {source: [person for person in people if person.source == source] for source in sources}
    return rows | {group: [person for person in people if group in person.groups] for group in GROUPS if group != "all"}


def _pck(people: Sequence[LookedAt], look: str, limit: float, *, minus: str | None = None) -> Estimate:
    """Share of labelled joints within a limit, or how much larger it is than another look's."""
    pictures = sorted({person.picture for person in people})
    place = {picture: index for index, picture in enumerate(pictures)}
    right, other, total = (np.zeros(len(pictures)) for _ in range(3))
    for person in people:
        index = place[person.picture]
        right[index] += (person.errors[look] <= limit).sum()  # NaN is not
        other[index] += 0 if minus is None else (person.errors[minus] <= limit).sum()
        total[index] += (~np.isnan(person.errors[look])).sum()
    return share(right, total) if minus is None else difference(right, other, total)


def teacher_size_tables(figures: dict[str, Any]) -> list[Table]:
    """Table of PCK by look: one row for each set or group, and the gain of a larger crop with its interval."""
    rows = tuple(
        (f"{_name(name)} ({figures['people'][name]})", *(_percents(limits) for limits in looks.values()))
        for name, looks in figures["pck"].items()
    )
    columns = ("people", *figures["pck"]["all"])
    gains = tuple(
        (f"{_name(name)} ({figures['people'][name]})", *(_gains(limits) for limits in pairs.values()))
        for name, pairs in figures["differences"].items()
    )
    return [
        Table(
            "PP-TinyPose and MoveNet Thunder, mirrored too: PCK@.2 / @.1 of the limb joints on people who choose",
            columns,
            rows,
        ),
        Table(
            "What larger crops, and the second network, gain, points of PCK@.2; @.1 (95 %)",
            ("people", *figures["differences"]["all"]),
            gains,
        ),
    ]


def _name(row: str) -> str:
    return "everybody" if row == "all" else GROUPS.get(row, row)


def _percents(limits: Sequence[Mapping[str, float]]) -> str:
    return " / ".join(f"{100 * limit['value']:.1f}" for limit in limits)


def _gains(limits: Sequence[Mapping[str, float]]) -> str:
    return "; ".join(
        f"{100 * limit['value']:+.1f} ({100 * limit['low']:+.1f} to {100 * limit['high']:+.1f})" for limit in limits
    )
