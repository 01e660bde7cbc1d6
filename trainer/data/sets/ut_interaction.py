"""UT-Interaction (Ryoo and Aggarwal, 2010), the cut clips: ``segmented_set1`` and ``segmented_set2`` with files
``NUMBER_SEQUENCE_ACTION.avi``; sequences 1 to 10 are set 1, 11 to 20 set 2.

A packed copy has ``clips/*.mp4`` and ``index.csv``; it also has clips in which nobody interacts.

Its protocol leaves one of the ten sequences of a set out after the other; the last two of each set, from which
nothing of ours learns, are the split ``test`` here.
"""

import re
from pathlib import Path

from trainer.data.sample import Sample, SampleSet, Video
from trainer.data.sets.files import first_existing, read_rows
from trainer.data.splits import UT_INTERACTION_TEST, Split

ACTIONS = ("handshake", "hug", "kick", "point", "punch", "push")
_SETS = ("segmented_set1", "segmented_set2")
_NO_ACTION = "none"


def read_ut_interaction(root: Path) -> SampleSet:
    """Every cut clip of the sets that are there.

    Raises:
        SourceNotFoundError: Neither set is there.
    """
    first_existing(root, _SETS, "the cut clips of UT-Interaction")
    samples = []
    for folder in _SETS:
        for path in sorted((root / folder).glob("*.avi")):
            found = re.fullmatch(r"(\d+)_(\d+)_(\d+)", path.stem)
            if found is None or int(found[3]) >= len(ACTIONS):
                continue
            source = f"seq{int(found[2]):02d}"
            samples.append(Sample(f"{folder}/{path.stem}", source, Video(path), _split(source), (int(found[3]),)))
    return SampleSet("ut_interaction", tuple(samples), ACTIONS)


def read_packed_ut_interaction(root: Path) -> SampleSet:
    """Every clip of the packed copy, in the order of its table; those without an interaction have the actions ().

    Args:
        root: With ``clips`` and ``index.csv``: ``file``, ``label`` (an action or ``none``) and ``group`` (the
            sequence).

    Raises:
        SourceNotFoundError, SourceFormatError: The table is missing or damaged.
    """
    rows = read_rows(root / "index.csv", "the clips of UT-Interaction", "file", "label", "group")
    actions = tuple(sorted({row["label"] for row in rows} - {_NO_ACTION}))
    samples = tuple(
        Sample(
            Path(row["file"]).stem,
            row["group"],
            Video(root / "clips" / row["file"]),
            _split(row["group"]),
            () if row["label"] == _NO_ACTION else (actions.index(row["label"]),),
        )
        for row in rows
    )
    return SampleSet("ut_interaction", samples, actions)


def _split(sequence: str) -> Split:
    return "test" if sequence in UT_INTERACTION_TEST else "train"
