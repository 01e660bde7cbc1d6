"""UCF101 (Soomro et al., 2012): ``UCF-101/CLASS/*.avi`` and ``ucfTrainTestlist``; and UCF24, the 24 classes of it whose
people are boxed (``finalAnnots.mat``, the corrected annotations of Singh et al., ICCV 2017).

The number behind ``g`` in a name is the video that a clip was cut from.
"""

import re
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError
from trainer.data.sample import Sample, SampleSet, Video
from trainer.data.sets.files import read_lines
from trainer.data.sets.matlab import FIRST_PIXEL, listed, number, read_matlab
from trainer.data.splits import Split

_PARTS: tuple[tuple[Split, str], ...] = (("train", "trainlist"), ("test", "testlist"))


def read_ucf101(root: Path, *, split: int = 1) -> SampleSet:
    """Every clip of an official split (1, 2 or 3).

    Raises:
        SourceNotFoundError, SourceFormatError: The lists are missing or no text.
    """
    lists, what = root / "ucfTrainTestlist", "the lists of UCF101"
    actions = tuple(line.split()[1] for line in read_lines(lists / "classInd.txt", what))
    samples = []
    for part, name in _PARTS:
        for line in read_lines(lists / f"{name}{split:02d}.txt", what):
            file = line.split()[0]
            action, stem = file.split("/")[0], Path(file).stem
            media = Video(root / "UCF-101" / file)
            samples.append(Sample(stem, _source(stem), media, part, (actions.index(action),)))
    return SampleSet("ucf101", tuple(samples), actions)


def read_ucf24(root: Path, *, split: int = 1) -> SampleSet:
    """The clips of 24 classes, with a box of every actor in the frames in which the actor acts.

    Raises:
        SourceNotFoundError, SourceFormatError: Lists or boxes are missing or damaged.
    """
    boxed = {
        str(row["name"]): row for row in listed(read_matlab(root / "finalAnnots.mat", "the boxes of UCF24")["annot"])
    }
    lines = read_lines(root / "ucfTrainTestlist" / f"trainlist{split:02d}.txt", "the lists of UCF101")
    training = {line.split()[0].removesuffix(".avi") for line in lines}
    actions = tuple(sorted({name.split("/")[0] for name in boxed}))
    samples = []
    for name in sorted(boxed):
        tubes = listed(boxed[name]["tubes"])
        last = max((int(number(tube["ef"])) for tube in tubes), default=0)
        count = int(number(boxed[name]["num_imgs"])) if "num_imgs" in boxed[name] else last
        boxes = np.full((count, max(len(tubes), 1), 4), np.nan, np.float32)
        for person, tube in enumerate(tubes):
            first, last = int(number(tube["sf"])) - 1, int(number(tube["ef"]))
            corner, size = np.split(np.asarray(tube["boxes"], np.float32).reshape(-1, 4), 2, axis=1)
            if len(corner) != last - first or last > count:
                raise SourceFormatError(
                    f"{root / 'finalAnnots.mat'}: {name} has {len(corner)} boxes for frames {first + 1} to {last} of "
                    f"{count}; take the corrected annotations"
                )
            boxes[first:last, person] = np.concatenate([corner, corner + size], 1) - FIRST_PIXEL
        stem = Path(name).name
        samples.append(
            Sample(
                stem,
                _source(stem),
                Video(root / "UCF-101" / f"{name}.avi"),
                "train" if name in training else "test",
                (actions.index(name.split("/")[0]),),
                boxes=boxes,
            )
        )
    return SampleSet("ucf24", tuple(samples), actions)


def _source(stem: str) -> str:
    found = re.fullmatch(r"(v_.+_g\d+)_c\d+", stem)
    return found[1] if found else stem
