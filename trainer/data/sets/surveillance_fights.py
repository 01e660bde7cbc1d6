"""Surveillance Fights (Akti et al., IPTA 2019), packed: ``clips/*.mp4`` of two seconds, half of them with a fight, and
``groups.csv`` with each clip's label (``fight``, ``nofight``) and the video that it was cut from.

The set has no split of its own. Here every third source video, by name, measures: clips of one video look alike.
"""

from pathlib import Path

from edgeact.errors import SourceFormatError
from trainer.data.sample import Sample, SampleSet, Video
from trainer.data.sets.files import read_rows

ACTIONS = ("fight", "nofight")
_MEASURES = 3


def read_surveillance_fights(root: Path) -> SampleSet:
    """Every clip, with its source video and the split.

    Raises:
        SourceNotFoundError, SourceFormatError: ``groups.csv`` is missing or damaged.
    """
    index = root / "groups.csv"
    rows = read_rows(index, "the clips of Surveillance Fights", "file", "label", "group")
    for row in rows:
        if row["label"] not in ACTIONS:
            raise SourceFormatError(
                f"{index}: {row['label']!r} is none of {', '.join(ACTIONS)}; copy the data set again"
            )
    measured = sorted({row["group"] for row in rows})[::_MEASURES]
    samples = tuple(
        Sample(
            Path(row["file"]).stem,
            row["group"],
            Video(root / "clips" / row["file"]),
            "test" if row["group"] in measured else "train",
            (ACTIONS.index(row["label"]),),
        )
        for row in rows
    )
    return SampleSet("surveillance_fights", samples, ACTIONS)
