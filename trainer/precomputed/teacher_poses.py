"""3D poses of people in other people's pictures, as BlazePose heavy sees them: everyday and gym postures that no mocap
of ours holds.

The picture itself is not used again: the poses are looked at by random cameras like all others, so that only the
posture is the teacher's, not where it thought the joints were in the picture.
"""

import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from trainer.data.read_picture import read_rgb
from trainer.folders import Folders
from trainer.precomputed.blazepose import HEAVY_FILE, BlazePose

# Pictures of each set: sets that may train what ships, sports less often than everyday life.
PICTURES = {"stanford40": 600, "gym_stills": 400, "lspet": 300}
_SURE = 0.5  # of a person being there, and of a joint being visible
_FEWEST = 10  # visible limb joints, of twelve


def make_teacher_poses(folders: Folders) -> None:
    """Write `Folders.teacher_poses`; leaves alone what is there.

    Raises:
        SourceNotFoundError: The teacher's file or a data set is missing.
    """
    if folders.teacher_poses.exists():
        return
    teacher = BlazePose(folders.teachers / HEAVY_FILE)
    names, joints, seen = [], [], []
    for name, path, box, up in _people(folders):
        world, visible, presence = teacher(read_rgb(path), box, up)
        if presence > _SURE and (visible[5:] > _SURE).sum() >= _FEWEST and (visible[[5, 6, 11, 12]] > _SURE).all():
            names.append(name)
            joints.append(world * np.array([1.0, -1.0, -1.0], np.float32))  # y down, z away → y up
            seen.append(visible > _SURE)
    folders.teacher_poses.parent.mkdir(parents=True, exist_ok=True)
    with prepare_partial(folders.teacher_poses).open("wb") as file:
        np.savez(file, name=np.array(names), joints=np.stack(joints), seen=np.stack(seen))
    publish(folders.teacher_poses)


def _people(folders: Folders) -> Iterator[tuple[str, Path, np.ndarray, np.ndarray]]:
    """Name, picture, box ``(4,)`` and direction from hips to shoulders ``(2,)`` of people, the sets in turn."""
    for group in zip_longest(*(list(_of_set(folders, name, count)) for name, count in PICTURES.items())):
        yield from (person for person in group if person is not None)


def _of_set(folders: Folders, data_set: str, count: int) -> Iterator[tuple[str, Path, np.ndarray, np.ndarray]]:
    rows = (folders.labels / f"{data_set}.jsonl").read_text(encoding="utf-8").splitlines()
    for line in rows[:: max(1, len(rows) // count)]:
        row = json.loads(line)
        if not row["persons"]:
            continue
        person = max(row["persons"], key=lambda one: one["score"])
        # Sports photos name one person's joints beside all boxes.
        pose = np.array(row.get("joints", person.get("joints")), np.float32)
        box = _box_of(pose) if "joints" in row else np.array(person["box"], np.float32)
        torso = pose[[5, 6, 11, 12]]
        up = (torso[:2, :2].mean(0) - torso[2:, :2].mean(0)) if (torso[:, 2] > 0.3).all() else np.array([0.0, -1.0])
        yield f"{data_set}/{row['file']}", folders.data_set(data_set) / row["file"], box, up


def _box_of(pose: np.ndarray) -> np.ndarray:
    """Box ``(4,)`` of joints ``(17, 3)``, a little larger: head top and feet lie outside of them."""
    low, high = pose[:, :2].min(0), pose[:, :2].max(0)
    return np.concatenate([low - 0.08 * (high - low), high + 0.08 * (high - low)]).astype(np.float32)
