"""What the networks of the papers learn from and are measured on, made of the samples of a data set.

A second record beside `trainer.data.sample.Sample`, because people of several sets go into one batch: it has one
person, one label, and joints in one order. It is read from no file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeact.skeleton import MPII_16
from trainer.data.lspet import lspet_people
from trainer.data.sample import FEWEST_JOINTS, Sample, box_around
from trainer.data.sets.lsp import LSP_JOINTS
from trainer.data.sets.stanford40 import read_packed_stanford40, read_stanford40
from trainer.data.sets.ut_interaction import read_packed_ut_interaction, read_ut_interaction
from trainer.data.splits import Split, split_by_hash
from trainer.inputs.batch import MISSING


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSample:
    """One picture or clip of any set.

    Attributes:
        path: Of the file.
        split: ``train``, or what is measured on.
        label: Number of the action; None where nobody said, or where there may be several.
        box: ``(4,)`` of the person in pixels; None where nobody said.
        joints: ``(16, 2)`` x, y in pixels in the order of MPII, −1 where nobody said; None where nobody said any.
        actions: ``(A,)`` int64, 1 for each action that is done and 0 for the others, in sets where somebody may do
            several at once; None in others.
        depth: ``(16,)`` metres that joints lie farther from the camera than the pelvis, NaN where nobody said; None
            where nobody said any.
    """

    path: Path
    split: Split
    label: int | None = None
    box: np.ndarray | None = None
    joints: np.ndarray | None = None
    actions: np.ndarray | None = None
    depth: np.ndarray | None = None


def stanford40(root: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """Stanford 40's pictures with action and box, and the names of the actions.

    The official layout (``ImageSplits`` …) has the official parts. Of the packed one (``labels.csv``), which has
    training photos alone, a hashed fifth is held out (``validation``).

    Raises:
        SourceNotFoundError, SourceFormatError: Neither is there, or it is damaged.
    """
    if (root / "ImageSplits").is_dir():
        whole = read_stanford40(root)
        return [_of_picture(sample) for sample in whole.samples], whole.actions
    packed = read_packed_stanford40(root)
    samples = []
    for sample in map(_of_picture, packed.samples):
        hashed = split_by_hash(sample.path.name, validation=20, test=0)
        samples.append(replace(sample, split=hashed if sample.split == "train" else "test"))
    return samples, packed.actions


def measured_split(samples: Sequence[LabelledSample]) -> Split:
    """The split that a set is measured on: ``test``, or ``validation`` where no sample is of ``test``."""
    return "test" if any(sample.split == "test" for sample in samples) else "validation"


def _of_picture(sample: Sample) -> LabelledSample:
    """Convert a picture's sample: its first action and its first person's box are kept."""
    assert sample.split is not None
    box = None if sample.boxes is None else sample.boxes[0, 0]
    return LabelledSample(sample.picture, sample.split, sample.actions[0] if sample.actions else None, box)


def lspet_poses(root: Path) -> list[LabelledSample]:
    """The people of LSP extended in the order of MPII's joints; a hashed twentieth is held out.

    Raises:
        SourceNotFoundError, SourceFormatError: ``joints.mat`` is missing or damaged.
    """
    return [
        replace(person, split=split_by_hash(person.path.name, validation=5, test=0))
        for person in people_of(lspet_people(root), LSP_JOINTS)
    ]


def people_of(samples: Sequence[Sample], joints: tuple[str, ...]) -> list[LabelledSample]:
    """People with joints enough; joints that MPII does not have are left out, those that the set lacks are missing.

    Args:
        samples: Pictures of one person each.
        joints: Names of their joints, in order; of sets with joints in 3D one is the pelvis.
    """
    rows = [(joints.index(name), place) for place, name in enumerate(MPII_16.joints) if name in joints]
    people = []
    for sample in samples:
        if sample.joints is None:
            continue
        placed = np.full((len(MPII_16.joints), 2), np.nan, np.float32)
        for row, place in rows:
            placed[place] = sample.joints[0, 0, row]
        known = np.isfinite(placed).all(1)
        if known.sum() < FEWEST_JOINTS:
            continue
        box = box_around(placed[known]) if sample.boxes is None else sample.boxes[0, 0]
        placed = np.where(known[:, None], placed, np.float32(MISSING))
        depth = None
        if sample.joints_3d is not None:
            away = sample.joints_3d[0, 0, :, 2] - sample.joints_3d[0, 0, joints.index("pelvis"), 2]
            depth = np.full(len(MPII_16.joints), np.nan, np.float32)
            depth[[place for _, place in rows]] = away[[row for row, _ in rows]]
        people.append(LabelledSample(sample.picture, sample.split or "train", None, box, placed, depth=depth))
    return people


def ut_interaction(root: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """UT-Interaction's clips of six actions; the sequences that nothing of ours is trained on are ``test``.

    The official layout (``segmented_set1`` …) and the packed one (``index.csv``) are read.

    Raises:
        SourceNotFoundError, SourceFormatError: Neither is there, or it is damaged.
    """
    is_official = any(root.glob("segmented_set*"))
    found = (read_ut_interaction if is_official else read_packed_ut_interaction)(root)
    return [_of_clip(sample) for sample in found.samples if sample.actions], found.actions


def _of_clip(sample: Sample) -> LabelledSample:
    """Convert the sample of a video that shows one action."""
    assert sample.split is not None
    assert sample.actions
    return LabelledSample(sample.video, sample.split, sample.actions[0])
