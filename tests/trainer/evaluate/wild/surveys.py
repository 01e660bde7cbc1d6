"""Surveys made by hand."""

from pathlib import Path

import numpy as np

from trainer.data.wild_people import WildPicture
from trainer.evaluate.wild.detectors import COMPACT_PEER, OURS
from trainer.evaluate.wild.matching import Match
from trainer.evaluate.wild.survey import PosedPerson, Survey

NOBODY = np.zeros((0, 4), np.float32)
NONE = Match(np.zeros(0), np.zeros(0), np.zeros(0, int), np.zeros(0))


def survey(
    source: str,
    scores: list[float],
    peer: list[float],
    *,
    groups: tuple[set[str], ...] = (),
    false_boxes: tuple[float, ...] = (),
    complete: bool = False,
    posed: tuple[PosedPerson, ...] = (),
    name: str = "a.jpg",
) -> Survey:
    people = np.array([[0, 0, 50, 100 + 10 * n] for n in range(len(scores))], np.float32).reshape(-1, 4)
    rows = np.arange(len(scores))
    ours = Match(np.array(scores), np.where(np.array(scores) >= 0, 0.8, 0.0), rows, np.array(false_boxes))
    return Survey(
        picture=WildPicture(source, Path(name), (), NOBODY, complete),
        size=(400, 300),
        people=people,
        groups=tuple(frozenset({"all", *group}) for group in groups or [set()] * len(scores)),
        matches={OURS: ours, COMPACT_PEER: Match(np.array(peer), np.array(peer), rows, np.zeros(0))},
        boxes=NOBODY,
        scores=np.zeros(0),
        agreed=ours if not complete else NONE,
        posed=posed,
        agreed_posed=(),
        outcomes={},
    )


def posed_person(
    offsets: dict[str, float], scores: dict[str, np.ndarray] | None = None, *, group: str = "seated"
) -> PosedPerson:
    joints = np.zeros((17, 3), np.float32)
    joints[5:17, 2] = 2
    joints[16, 2] = 0  # one ankle is not labelled
    found = {}
    for name, offset in offsets.items():
        found[name] = joints.copy()
        found[name][:, 0] += offset
        found[name][:, 2] = 0.5 if scores is None else scores[name]
    return PosedPerson(np.array([0, 0, 50, 100], np.float32), joints, 100.0, frozenset({"all", group}), found)
