"""MPII Human Pose (Andriluka et al., CVPR 2014): ``mpii_human_pose_v1_u12_1.mat`` and ``images/``.

A sample is one person. MATLAB counts pixels from 1; test persons have no joints.
"""

from pathlib import Path
from typing import Any

import numpy as np

from edgeact.skeleton import MPII_16
from trainer.data.sample import NOT_LABELLED, Picture, Sample, SampleSet, one_person, seen_where
from trainer.data.sets.files import first_existing
from trainer.data.sets.matlab import FIRST_PIXEL, listed, number, read_matlab

# Joints 0 to 15 as the file numbers them; MPII_16 has the same names in an order of its own.
JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
    "upper_neck", "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
    "left_wrist",
)  # fmt: skip
_FILES = ("mpii_human_pose_v1_u12_1.mat", "mpii_human_pose_v1_u12_2/mpii_human_pose_v1_u12_1.mat")
_WHAT = "the annotations of MPII Human Pose"
assert set(JOINTS) == set(MPII_16.joints)


def read_mpii(root: Path) -> SampleSet:
    """Every annotated person, with joints, head box and activity as far as the file has them.

    Raises:
        SourceNotFoundError, SourceFormatError: The annotations are missing or damaged.
    """
    file = first_existing(root, _FILES, _WHAT)
    release = read_matlab(file, _WHAT)["RELEASE"]
    pictures = listed(release["annolist"])
    training = np.asarray(release["img_train"]).ravel().astype(bool)
    acts = listed(release["act"]) if "act" in release else []
    named = [str(act.get("act_name") or "") for act in acts]
    actions = tuple(sorted({name for name in named if name}))
    samples = []
    for row, picture in enumerate(pictures):
        path = root / "images" / str(picture["image"]["name"])
        act = named[row] if row < len(named) else ""
        for index, person in enumerate(listed(picture.get("annorect", []))):
            samples.append(
                _person(
                    person,
                    name=f"{path.stem}#{index}",
                    path=path,
                    source=f"video{int(number(picture['vididx']))}"
                    if np.size(picture.get("vididx", ()))
                    else path.stem,
                    split="train" if training[row] else "test",
                    actions=(actions.index(act),) if act else None,
                )
            )
    return SampleSet("mpii", tuple(samples), actions, JOINTS)


def _person(person: dict[str, Any], *, name: str, path: Path, source: str, split: Any, actions: Any) -> Sample:
    joints = np.full((len(JOINTS), 2), np.nan, np.float32)
    visibility = np.full(len(JOINTS), NOT_LABELLED, np.int8)
    points = person.get("annopoints")
    for point in listed(points["point"]) if isinstance(points, dict) else []:
        index = int(number(point["id"]))
        joints[index] = (number(point["x"]) - FIRST_PIXEL, number(point["y"]) - FIRST_PIXEL)
        # Head top and neck have no flag: they are marked where they are, seen or not.
        flag = point.get("is_visible")
        visible = flag is None or np.size(flag) == 0 or float(str(np.asarray(flag).ravel()[0])) != 0
        visibility[index] = seen_where(visible)
    has_head = all(np.size(person.get(key, ())) == 1 for key in ("x1", "y1", "x2", "y2"))
    head = [number(person[key]) - FIRST_PIXEL for key in ("x1", "y1", "x2", "y2")] if has_head else None
    labelled = bool((visibility != NOT_LABELLED).any())
    return Sample(
        name,
        source,
        Picture(path),
        split,
        actions,
        head_boxes=None if head is None else one_person(head),
        joints=one_person(joints) if labelled else None,
        visibility=visibility[None, None] if labelled else None,
    )
