"""Read the data sets that a paper's recipe can name: pictures with actions, clips with actions, and pictures of people
with joints. Each lies in its official layout in a folder of its name.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import COCO_17
from trainer.data.labelled_samples import LabelledSample, lspet_poses, people_of, stanford40, ut_interaction
from trainer.data.sample import FrameFiles, Sample, SampleSet, Video
from trainer.data.sets.coco import read_coco_keypoints
from trainer.data.sets.hmdb51 import read_hmdb51
from trainer.data.sets.jhmdb import read_jhmdb
from trainer.data.sets.lsp import read_lsp
from trainer.data.sets.mpii import read_mpii
from trainer.data.sets.ntu import read_ntu
from trainer.data.sets.penn_action import read_penn_action
from trainer.data.sets.studio_poses import read_studio_poses
from trainer.data.sets.surveillance_fights import read_surveillance_fights
from trainer.data.sets.ucf101 import read_ucf101
from trainer.data.sets.vcoco import read_vcoco
from trainer.data.splits import Split

PICTURE_SETS = ("stanford40",)
SEVERAL_ACTIONS_SETS = ("vcoco",)  # pictures of people who may do several things at once
CLIP_SETS = ("ut_interaction", "ucf101", "hmdb51", "jhmdb", "penn_action", "ntu", "surveillance_fights")
POSE_SETS = ("lspet", "lsp", "mpii", "coco", "studio_poses")

_CLIP_READERS: dict[str, Callable[[Path], SampleSet]] = {
    "ucf101": read_ucf101,
    "hmdb51": read_hmdb51,
    "jhmdb": read_jhmdb,
    "penn_action": read_penn_action,
    "ntu": read_ntu,  # by persons, its first protocol
    "surveillance_fights": read_surveillance_fights,
}


def read_actions(name: str, data: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """`read_action_set` of the set that lies in the folder of its name.

    Args:
        name: Of `PICTURE_SETS`, `SEVERAL_ACTIONS_SETS` or `CLIP_SETS`.
        data: Folder of the data sets.

    Raises:
        SourceNotFoundError, SourceFormatError: The set, or what it is made of, is missing or damaged.
    """
    return read_action_set(name, data / name)


def read_action_set(name: str, root: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """The pictures or clips of a set of actions, and the names of its actions; of several official splits the first.

    Args:
        name: Of `PICTURE_SETS`, `SEVERAL_ACTIONS_SETS` or `CLIP_SETS`.
        root: Folder of the set; COCO's pictures lie in ``coco`` beside V-COCO.

    Raises:
        SourceNotFoundError, SourceFormatError: The set, or what it is made of, is missing or damaged.
    """
    if name == "stanford40":
        return stanford40(root)
    if name == "vcoco":
        return _people_of_vcoco(root)
    if name == "ut_interaction":
        return ut_interaction(root)
    found = _CLIP_READERS[name](root)
    samples = [_clip(sample, name) for sample in found.samples if sample.split is not None]
    return samples, found.actions


def read_poses(name: str, data: Path) -> list[LabelledSample]:
    """The people of a set of `POSE_SETS` whose joints are for training, in the order of MPII's joints.

    Raises:
        SourceNotFoundError, SourceFormatError: The set is missing or damaged.
    """
    if name == "lspet":
        return [sample for sample in lspet_poses(data / name) if sample.split == "train"]
    if name in ("lsp", "mpii"):
        found = (read_lsp if name == "lsp" else read_mpii)(data / name)
        return people_of(found.part("train"), found.joints)
    if name == "studio_poses":
        found = read_studio_poses(data / name)
        return people_of(found.part("train"), found.joints)
    return people_of(read_coco_keypoints(data / name, parts=("train",)).samples, COCO_17.joints)


def _people_of_vcoco(root: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """Load each person with a multi-label target. As is usual for V-COCO, train and val train, and test measures."""
    found = read_vcoco(root, root.parent / "coco")
    people = []
    for sample in found.samples:
        assert sample.actions is not None
        assert sample.boxes is not None
        done = np.zeros(len(found.actions), np.int64)
        done[list(sample.actions)] = 1
        split: Split = "test" if sample.split == "test" else "train"
        people.append(LabelledSample(sample.picture, split, box=sample.boxes[0, 0], actions=done))
    return people, found.actions


def _clip(sample: Sample, name: str) -> LabelledSample:
    assert sample.split is not None
    assert sample.actions
    match sample.media:
        case Video(path):
            return LabelledSample(path, sample.split, sample.actions[0])
        case FrameFiles(paths):  # a folder of pictures is read as one video
            return LabelledSample(paths[0].parent, sample.split, sample.actions[0])
        case _:
            raise SourceNotFoundError(
                f"{name} has no frames of clip {sample.name}; copy the frames or videos of the set, too: its labels "
                "alone teach no network that looks at pictures"
            )
