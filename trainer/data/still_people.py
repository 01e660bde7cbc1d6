"""Photographed people as sequences without motion: a person who only holds a posture performs no action.

Photos show postures that action sets lack: people who sit, read, phone, cook, are cut off at the waist. A posture that
an action passes through, or is held in, may be that action all the same.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trainer.data.action_sequences import OTHER, JointSequence
from trainer.data.splits import split_by_hash
from trainer.inputs.action_clip import common_joints

STILL_SETS = ("stanford40", "vn_everyday", "street_people", "gym_stills")
_FRAMES, _FRAME_RATE = 8, 4.0
_VISIBLE = 0.3  # of the teacher's score
# By the beginning of a file's name: what else the person may be doing, in movements too small for a photo to show.
_HELD: dict[str, tuple[str, ...]] = {
    "playing_guitar": ("strum_guitar",),
    "waving_hands": ("wave",),
    "applauding": ("clap",),
    "running": ("run",),
    "jumping": ("jump",),
    "walking": ("walk",),
}


def still_people(labels: Path) -> Iterator[JointSequence]:
    """Persons that the teachers labelled in the wild sets' training and validation photos.

    Args:
        labels: Folder of the teachers' labels, a file for each set (`trainer.precomputed.label`).
    """
    for name in STILL_SETS:
        path = labels / f"{name}.jsonl"
        for line in path.read_text().splitlines() if path.exists() else ():
            row = json.loads(line)
            file = Path(row["file"]).name
            also = next((actions for start, actions in _HELD.items() if file.startswith(start)), ())
            for person in row["persons"]:
                joints = np.zeros((21, 3), np.float32)
                joints[:17] = person["joints"]
                still = np.repeat(common_joints(joints[None]), _FRAMES, 0)
                still[..., 2] = still[..., 2] > _VISIBLE
                split = split_by_hash(file, validation=10, test=0)
                yield JointSequence("still_people", split, file, still, _FRAME_RATE, (OTHER, *also))
