"""HMDB51 (Kuehne et al., ICCV 2011): ``ACTION/*.avi`` and ``testTrainMulti_7030_splits``.

A line of a split says 1 (train), 2 (test) or 0 (neither) of a clip. The name before the action is the film's.
"""

from pathlib import Path

from edgeact.errors import SourceFormatError
from trainer.data.sample import Sample, SampleSet, Video
from trainer.data.sets.files import existing, first_existing, read_lines
from trainer.data.splits import Split

_PARTS: dict[str, Split | None] = {"0": None, "1": "train", "2": "test"}


def read_hmdb51(root: Path, *, split: int = 1) -> SampleSet:
    """Every clip of an official split (1, 2 or 3); clips that are in neither part have the split None.

    Raises:
        SourceNotFoundError, SourceFormatError: The splits are missing or damaged.
    """
    what = "the splits of HMDB51"
    lists = existing(root / "testTrainMulti_7030_splits", what)
    videos = first_existing(root, ("videos", "hmdb51_org", "."), "the clips of HMDB51")
    ending = f"_test_split{split}.txt"
    actions = tuple(sorted(path.name.removesuffix(ending) for path in lists.glob(f"*{ending}")))
    samples = []
    for number, action in enumerate(actions):
        for line in read_lines(lists / f"{action}{ending}", what):
            file, _, part = line.rpartition(" ")
            if part not in _PARTS:
                raise SourceFormatError(
                    f"{lists / (action + ending)}: {line!r} does not end in 0, 1 or 2; copy it again"
                )
            name = Path(file.strip()).stem
            media = Video(videos / action / f"{name}.avi")
            samples.append(Sample(name, name.partition(f"_{action}_")[0], media, _PARTS[part], (number,)))
    return SampleSet("hmdb51", tuple(samples), actions)
