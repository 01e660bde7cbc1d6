"""How often ``privacy = "heads"`` and ``"persons"`` of the daemon leave somebody to be seen: other people's pictures.

The pictures are those of COCO with annotated joints, the part that neither trained nor chose anything. Each is
perceived by itself, and the detector runs on it; so who comes into a video between two of its runs is not in these
figures.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.config import NO_MAP, PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.privacy.areas import PrivacyMode
from edgeact.privacy.conceal import hidden_pixels
from edgeact.privacy.concealer import areas_of
from edgeact.skeleton import COCO_17
from edgeact.types import Float32, Frame
from trainer.data.read_picture import read_rgb
from trainer.data.wild_people import WildPicture, read_wild
from trainer.data.wild_split import WildSplit
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.statistics import Estimate, share

HEIGHTS = {"60 px high or more": (60.0, np.inf), "130 px or more": (130.0, np.inf), "under 60 px": (0.0, 60.0)}
_FACE = tuple(COCO_17.index(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear"))
_JOINTS: dict[PrivacyMode, Sequence[int]] = {"heads": _FACE, "persons": range(17)}
_SEEN = 2.0  # COCO's mark of a joint that is labelled and visible


@dataclass(frozen=True, slots=True)
class Exposed:
    """A labelled person: height of the box in pixels, number of visible joints, and how many of them stay uncovered."""

    height: float
    joints: int
    left: int


@dataclass(frozen=True, slots=True)
class Concealed:
    """One picture in one privacy mode: its labelled people, and the share of its pixels that is hidden, 0..1."""

    people: tuple[Exposed, ...]
    hidden: float


def measure_privacy(
    bundle: Bundle,
    data: Path,
    *,
    split: WildSplit = "measure",
    progress: Callable[[Sequence[Any], str], Iterable[Any]],
) -> dict[PrivacyMode, list[Concealed]]:
    """Count the labelled joints that each privacy mode leaves uncovered in each picture.

    Args:
        bundle: Whose graphs find people.
        data: Folder of the packed sets.
        split: Which part of the pictures.
        progress: Shows how far it is.

    Returns:
        By mode, ``heads`` and ``persons``: a record of each picture.

    Raises:
        SourceFormatError: There are no pictures.
    """
    pictures = [one for one in read_wild(data, split) if any(person.joints is not None for person in one.people)]
    found: dict[PrivacyMode, list[Concealed]] = {"heads": [], "persons": []}
    engine = Engine(bundle)
    try:
        for picture in progress(pictures, "pictures"):
            for mode, outcome in _conceal(engine, picture).items():
                found[mode].append(outcome)
    finally:
        engine.close()
    return found


def privacy_table(found: dict[PrivacyMode, list[Concealed]]) -> Table:
    """Tabulate the shares of people who stay visible in part or wholly, by mode and height."""
    rows = []
    for mode, pictures in found.items():
        for name, (low, high) in HEIGHTS.items():
            people = [[one for one in picture.people if low <= one.height < high] for picture in pictures]
            counts = [len(group) for group in people]
            some = share([sum(one.left > 0 for one in group) for group in people], counts)
            whole = share([sum(one.left == one.joints for one in group) for group in people], counts)
            hidden = np.mean([picture.hidden for picture in pictures])
            rows.append((f"{mode}, {name}", str(some.count), _percent(some), _percent(whole), f"{100 * hidden:.0f} %"))
    columns = ("people", "labelled", "partly to be seen", "wholly to be seen", "of all pictures hidden")
    return Table("Missed by privacy", columns, tuple(rows))


def _conceal(engine: Engine, picture: WildPicture) -> dict[PrivacyMode, Concealed]:
    plan, image = engine.bundle.plan, read_rgb(picture.path)
    config = PipelineConfig(confirm_hits=1, attention=NO_MAP)  # of one picture nothing can be confirmed
    seen = Perceiver(engine, config).process(Frame(0, 0.0, image)).observation
    size, found = (image.shape[0], image.shape[1]), {}
    for mode, joints in _JOINTS.items():
        followed, unsure = areas_of(
            mode, seen.persons, seen.detections, skeleton=plan.skeleton, confidence=plan.joint_confidence
        )
        areas = [*followed.values(), *unsure]
        found[mode] = Concealed(_exposed(picture, areas, joints), float(hidden_pixels(size, areas).mean()))
    return found


def _exposed(picture: WildPicture, areas: Sequence[Float32], joints: Sequence[int]) -> tuple[Exposed, ...]:
    people = []
    for person in picture.people:
        if person.joints is None:
            continue
        points = person.joints[list(joints)]
        points = points[points[:, 2] == _SEEN][:, :2]
        if not len(points):
            continue
        covered = np.zeros(len(points), bool)
        for area in areas:
            covered |= ((points >= area[:2]) & (points <= area[2:])).all(1)
        people.append(Exposed(float(person.box[3] - person.box[1]), len(points), int((~covered).sum())))
    return tuple(people)


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} % ({100 * estimate.low:.1f}–{100 * estimate.high:.1f})"
