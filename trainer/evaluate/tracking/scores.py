"""HOTA, IDF1 and identity switches of what a tracker reported, over several clips together.

The measures are those of the literature, as motrics computes them (bit for bit those of TrackEval): HOTA (Luiten et
al., IJCV 2021), IDF1 (Ristani et al., ECCVW 2016) and switches (CLEAR MOT, Bernardin and Stiefelhagen 2008), the last
two at an IoU of .5. Persons who are mostly hidden count neither way, as MOTChallenge does it: they need not be found,
and a box that is on one of them is no mistake.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import motrics
import numpy as np
from scipy.optimize import linear_sum_assignment

from edgeact.geometry import box_iou
from trainer.data.known_people import KnownClip, KnownPerson, identities

MATCH_IOU = 0.5
# Frames that a number must be on a person to count as given to that person: one frame is a stumble, not a theft.
GIVEN_FRAMES = 5

# What a tracker says of a frame: numbers and boxes (4,) in pixels.
Reported = Sequence[tuple[int, np.ndarray]]


@dataclass(frozen=True, slots=True)
class TrackingScore:
    """Tracking scores over several clips together; ratios are 0..1.

    Attributes:
        frames: That were scored.
        people: That have to be found.
        numbers: That were given.
        shared: Numbers that were given to more than one person.
        switches: How often a person's number changed.
        hota: Finding and telling apart together.
        deta: Finding.
        assa: Telling apart.
        loca: Mean IoU of what was found.
        idf1: Share of person-frames that bear the person's one best number.
        recall: Share of person-frames that were found.
        precision: Share of reported boxes that are on a person.
    """

    frames: int
    people: int
    numbers: int
    shared: int
    switches: int
    hota: float
    deta: float
    assa: float
    loca: float
    idf1: float
    recall: float
    precision: float

    def as_dict(self) -> dict[str, float | int]:
        """The scores for JSON, ratios rounded to four places."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def score_tracking(pairs: Sequence[tuple[KnownClip, Sequence[Reported]]]) -> TrackingScore:
    """Score what was reported of clips, a list of frames each; identities of different clips are different.

    Raises:
        ValueError: A clip has more or fewer frames than its report.
    """
    known_ids: list[list[int]] = []
    reported_ids: list[list[int]] = []
    overlaps: list[list[list[float]]] = []
    given: dict[int, dict[int, int]] = {}
    numbers: set[int] = set()
    for index, (clip, reports) in enumerate(pairs):
        if len(clip.frames) != len(reports):
            raise ValueError(f"{clip.name} has {len(clip.frames)} frames, of which {len(reports)} were reported")
        for persons, reported in zip(clip.frames, reports, strict=True):
            if persons is None:
                continue
            counted, kept, overlap = compare_frame(persons, reported)
            # Identities and numbers of different clips are kept apart by the clip's index.
            known_ids.append([index * 100_000 + person.identity for person in counted])
            reported_ids.append([index * 100_000 + number for number in kept])
            overlaps.append(overlap.tolist())
            numbers.update(reported_ids[-1])
            for row, column in matches(overlap):
                owners = given.setdefault(reported_ids[-1][column], {})
                owners[known_ids[-1][row]] = owners.get(known_ids[-1][row], 0) + 1
    clear = motrics.compute_clear_from_similarity(known_ids, reported_ids, overlaps, MATCH_IOU)
    identity = motrics.compute_identity_from_similarity(known_ids, reported_ids, overlaps, MATCH_IOU)
    hota = motrics.compute_hota_from_similarity(known_ids, reported_ids, overlaps)
    shared = sum(sum(count >= GIVEN_FRAMES for count in owners.values()) > 1 for owners in given.values())
    return TrackingScore(
        frames=len(known_ids),
        people=identities([clip for clip, _ in pairs]),
        numbers=len(numbers),
        shared=shared,
        switches=clear.num_switches,
        hota=hota.hota,
        deta=hota.deta,
        assa=hota.assa,
        loca=hota.loca,
        idf1=identity.idf1,
        recall=clear.clr_re,
        precision=clear.clr_pr,
    )


def compare_frame(
    persons: Sequence[KnownPerson], reported: Reported
) -> tuple[list[KnownPerson], list[int], np.ndarray]:
    """The persons who count, the numbers that count, and the IoU ``(N, M)`` of their boxes.

    A box that is on nobody who counts, but on somebody who is mostly hidden, does not count.
    """
    counted = [person for person in persons if person.counts]
    hidden = [person for person in persons if not person.counts]
    boxes = _stack([box for _, box in reported])
    overlap = box_iou(_stack([person.box for person in counted]), boxes)
    taken = {column for _, column in matches(overlap)}
    ignored = np.maximum(
        box_iou(boxes, _stack([person.box for person in hidden])).max(1, initial=0.0),
        box_iou(boxes, _stack([person.whole for person in hidden])).max(1, initial=0.0),
    )
    kept = [column for column in range(len(reported)) if column in taken or ignored[column] < MATCH_IOU]
    return counted, [reported[column][0] for column in kept], overlap[:, kept]


def matches(overlap: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns of the best assignment of an IoU ``(N, M)``, none under `MATCH_IOU`."""
    if overlap.size == 0:
        return []
    rows, columns = linear_sum_assignment(np.where(overlap >= MATCH_IOU, overlap, 0.0), maximize=True)
    return [
        (int(row), int(column)) for row, column in zip(rows, columns, strict=True) if overlap[row, column] >= MATCH_IOU
    ]


def _stack(boxes: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(boxes).astype(np.float32) if boxes else np.zeros((0, 4), np.float32)
