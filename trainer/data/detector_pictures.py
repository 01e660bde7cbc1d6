"""Pictures that the person detector trains on, with the people that a human boxed or two published detectors agree on.

The training zooms in on some of these people, and chooses its checkpoint by average precision on validation pictures.
Its loss needs no boxes. One JSON line a picture::

    {"set": "gym_stills", "file": "/data/gym_stills/images/a.jpg", "split": "train", "sure": [[x0, y0, x1, y1]],
    "nobody": false}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.wild_split import WildSplit

# Whole sets among the snapshots that no human labelled for persons; they are left out where they are absent.
OBJECT_SETS = ("animals", "ade20k")


@dataclass(frozen=True, slots=True, eq=False)
class DetectorPicture:
    """One picture with the boxes of its people.

    Attributes:
        source: Name of the data set.
        path: The picture file.
        people: ``(N, 4)`` float32 boxes of people who are surely there, x_min, y_min, x_max, y_max in pixels.
        nobody: Surely no person is there: whoever the published detector sees in it is a mistake.
    """

    source: str
    path: Path
    people: np.ndarray
    nobody: bool = False


def as_rows(boxes: Sequence | np.ndarray) -> np.ndarray:
    """Any number of boxes as ``(N, 4)`` float32."""
    return np.asarray(boxes, np.float32).reshape(-1, 4)


def read_pictures(path: Path, split: WildSplit) -> list[DetectorPicture]:
    """The pictures of one split that `trainer.precomputed.agreed_people` wrote."""
    pictures = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == split:
            pictures.append(
                DetectorPicture(row["set"], Path(row["file"]), as_rows(row["sure"]), row.get("nobody", False))
            )
    return pictures
