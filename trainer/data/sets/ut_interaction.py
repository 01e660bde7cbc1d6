"""UT-Interaction (Ryoo and Aggarwal, 2010), the cut clips: ``segmented_set1`` and ``segmented_set2`` with files
``NUMBER_SEQUENCE_ACTION.avi``; sequences 1 to 10 are set 1, 11 to 20 set 2.

Its protocol leaves one of the ten sequences of a set out after the other; the last two of each set, from which
nothing of ours learns, are the split ``test`` here.
"""

import re
from pathlib import Path

from trainer.data.sample import Sample, SampleSet, Video
from trainer.data.sets.files import first_existing
from trainer.data.splits import UT_INTERACTION_TEST

ACTIONS = ("handshake", "hug", "kick", "point", "punch", "push")
_SETS = ("segmented_set1", "segmented_set2")


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
            part = "test" if source in UT_INTERACTION_TEST else "train"
            samples.append(Sample(f"{folder}/{path.stem}", source, Video(path), part, (int(found[3]),)))
    return SampleSet("ut_interaction", tuple(samples), ACTIONS)
