"""One array of person patches and joints from every pose data set, ready for augmentation.

Each patch is the person's crop with a third more room than the network sees, so that turning, scaling and shifting find
real pixels. Each data set gives the joints it has; the others have weight 0 and are left out of the loss.

Outputs ``patches.npy`` (N, 240, 192, 3) uint8 RGB, ``joints.npy`` (N, 21, 3) float32 x, y (patch pixels), weight,
``torso.npy`` (N,) patch pixels (0 where unknown) and ``index.json`` with the set, split and file of each patch.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from edgeact.geometry import person_crop_matrix, transform_points, warp
from edgeact.skeleton import BODY_21, MPII_16
from trainer.data.lspet import LSP_JOINTS, read_lspet
from trainer.data.read_picture import read_rgb
from trainer.data.splits import UT_INTERACTION_TEST, Split, difference_hash, near_duplicates, split_by_hash
from trainer.log import log

PATCH_HEIGHT, PATCH_WIDTH = 240, 192
PATCH_CENTRE = ((PATCH_WIDTH - 1) / 2, (PATCH_HEIGHT - 1) / 2)  # x, y; of the network's own view too
# The network sees the box times 1.12: any closer, and boxes that are a little off cut heads. The patch holds 4/3 of
# that, in 9/8 of the network's resolution (`trainer.data.pose_augment.VIEW`), so that turning and scaling lose nothing.
NETWORK_PADDING = 1.12
PATCH_PADDING = NETWORK_PADDING * 4 / 3
# A teacher's joint counts from this score on (README of the teachers: keeps 75 % of the joints at 97.6 % accuracy).
TEACHER_SCORE = 0.5

_J = BODY_21.index
LSP_TO_BODY = [_J(name) for name in LSP_JOINTS]
EXTRA_JOINTS = [_J(name) for name in ("head_top", "upper_neck", "thorax", "pelvis")]
FACE_JOINTS = [_J(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
assert set(MPII_16.joints) <= set(BODY_21.joints)


@dataclass(frozen=True, slots=True, eq=False)
class PosePatch:
    """A person before it is cut: image (H, W, 3) RGB, box (4,), joints (21, 3) x, y, weight in image pixels."""

    source: str
    split: Split
    name: str
    image: np.ndarray
    box: np.ndarray
    joints: np.ndarray


def torso_length(joints: np.ndarray) -> float:
    """Mean distance from shoulder to hip of the same side over the labelled sides, in pixels; 0 when neither side is
    labelled.
    """
    lengths = [
        float(np.linalg.norm(joints[_J(f"{side}_shoulder"), :2] - joints[_J(f"{side}_hip"), :2]))
        for side in ("left", "right")
        if joints[_J(f"{side}_shoulder"), 2] > 0 and joints[_J(f"{side}_hip"), 2] > 0
    ]
    return float(np.mean(lengths)) if lengths else 0.0


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _lspet(data: Path, labels: Path) -> Iterator[PosePatch]:
    samples = read_lspet(data / "lspet")
    teacher = {row["file"]: np.array(row["joints"], np.float32) for row in _lines(labels / "lspet.jsonl")}
    splits = [split_by_hash(sample.path.name) for sample in samples]
    hashes = np.stack([difference_hash(sample.path) for sample in samples])
    held_out = np.array([split != "train" for split in splits])
    duplicate = near_duplicates(hashes, hashes[held_out])
    for sample, split, repeats in zip(samples, splits, duplicate, strict=True):
        if split == "train" and repeats:
            continue  # a near-duplicate of a held-out photo would make the test easier than it is
        joints = np.zeros((21, 3), np.float32)
        joints[LSP_TO_BODY] = sample.joints
        joints[joints[:, 2] <= 0] = 0
        if split == "train":
            _join_teacher(joints, teacher[f"images/{sample.path.name}"])
        yield PosePatch(
            "lspet", split, sample.path.name, read_rgb(sample.path), np.array(sample.box, np.float32), joints
        )


def _join_teacher(joints: np.ndarray, teacher: np.ndarray) -> None:
    """Take the face from the teacher where it is sure, and drop crowd labels that a sure teacher puts half a torso
    away.
    """
    torso = torso_length(joints)
    for index in range(17):
        sure = teacher[index, 2] > TEACHER_SCORE
        if index in FACE_JOINTS:
            if sure:
                joints[index] = (*teacher[index, :2], 1.0)
        elif sure and torso > 0 and np.linalg.norm(joints[index, :2] - teacher[index, :2]) > 0.5 * torso:
            joints[index, 2] = 0.0


def _stock_upright(data: Path, labels: Path) -> Iterator[PosePatch]:
    file = json.loads((data / "stock_upright/person_keypoints.json").read_text())
    names = {image["id"]: image["file_name"] for image in file["images"]}
    teacher = {row["file"]: np.array(row["joints"], np.float32) for row in _lines(labels / "stock_upright.jsonl")}
    for annotation in file["annotations"]:
        name = names[annotation["image_id"]]
        joints = np.zeros((21, 3), np.float32)
        joints[:17] = np.array(annotation["keypoints"], np.float32).reshape(17, 3)
        joints[:17, 2] = joints[:17, 2] > 0
        extra = teacher[f"images/{name}"]
        joints[EXTRA_JOINTS] = np.concatenate([extra[:, :2], extra[:, 2:] > 0.3], 1)
        x, y, width, height = annotation["bbox"]
        box = np.array([x, y, x + width, y + height], np.float32)
        image = read_rgb(data / "stock_upright/images" / name)
        yield PosePatch("stock_upright", split_by_hash(name, test=20), name, image, box, joints)


def _coco(data: Path) -> Iterator[PosePatch]:
    splits: tuple[tuple[str, Split], ...] = (("train2017", "train"), ("val2017", "test"))
    for part, split in splits:
        file = json.loads((data / f"coco_mini/annotations/person_keypoints_{part}.json").read_text())
        names = {image["id"]: image["file_name"] for image in file["images"]}
        for annotation in file["annotations"]:
            if annotation["iscrowd"] or annotation["num_keypoints"] < 5 or annotation["bbox"][3] < 40:
                continue
            joints = np.zeros((21, 3), np.float32)
            joints[:17] = np.array(annotation["keypoints"], np.float32).reshape(17, 3)
            joints[:17, 2] = joints[:17, 2] > 0
            x, y, width, height = annotation["bbox"]
            name = names[annotation["image_id"]]
            image = read_rgb(data / "coco_mini" / part / name)
            yield PosePatch(
                "coco_mini", split, name, image, np.array([x, y, x + width, y + height], np.float32), joints
            )


def _clips(data: Path, labels: Path, name: str) -> Iterator[PosePatch]:
    import csv

    folder = data / name
    index_file = "index.csv" if name == "ut_interaction" else "groups.csv"
    with (folder / index_file).open() as file:
        groups = {row["file"]: row["group"] for row in csv.DictReader(file)}
    frames: dict[str, dict[int, dict]] = {}
    for row in _lines(labels / f"{name}.jsonl"):
        frames.setdefault(row["file"], {})[row["frame"]] = row
    for clip, rows in frames.items():
        group = groups[Path(clip).name]
        if name == "ut_interaction":
            split: Split = "test" if group in UT_INTERACTION_TEST else "train"
        else:
            split = split_by_hash(group, validation=0, test=20)
        with av.open(str(folder / clip)) as container:
            for position, frame in enumerate(container.decode(video=0)):
                if position not in rows or not rows[position]["persons"]:
                    continue
                image = frame.to_ndarray(format="rgb24")
                for person in rows[position]["persons"]:
                    joints = np.zeros((21, 3), np.float32)
                    joints[:17] = person["joints"]
                    if joints[:17, 2].mean() < 0.4:  # too unsure to teach with
                        continue
                    joints[:, 2] = joints[:, 2] > TEACHER_SCORE
                    yield PosePatch(
                        name, split, f"{clip}#{position}", image, np.array(person["box"], np.float32), joints
                    )


def _studio(studio: Path) -> Iterator[PosePatch]:
    for row in _lines(studio / "labels.jsonl") if (studio / "labels.jsonl").exists() else []:
        image = read_rgb(studio / row["file"])
        for person in row["persons"]:
            joints = np.array(person["joints"], np.float32)
            if (joints[:, 2] > 0).sum() >= 8:
                joints[:, 2] = joints[:, 2] > 0
                yield PosePatch(
                    "studio",
                    split_by_hash(row["file"]),
                    row["file"],
                    image,
                    np.array(person["box"], np.float32),
                    joints,
                )


def build(data: Path, labels: Path, studio: Path, out: Path, sets: list[str]) -> None:
    """Cut and store every patch of the named sets as ``out/SET/``; a set that is there already is left alone."""
    readers = {
        "lspet": lambda: _lspet(data, labels),
        "stock_upright": lambda: _stock_upright(data, labels),
        "coco_mini": lambda: _coco(data),
        "ut_interaction": lambda: _clips(data, labels, "ut_interaction"),
        "surveillance_fights": lambda: _clips(data, labels, "surveillance_fights"),
        "studio": lambda: _studio(studio),
    }
    for name in sets:
        folder = out / name
        if (folder / "index.json").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        patches, joints, torsos, index = [], [], [], []
        for patch in readers[name]():
            matrix = person_crop_matrix(patch.box, width=PATCH_WIDTH, height=PATCH_HEIGHT, padding=PATCH_PADDING)
            patches.append(warp(patch.image, matrix, width=PATCH_WIDTH, height=PATCH_HEIGHT))
            moved = np.concatenate([transform_points(patch.joints[:, :2], matrix), patch.joints[:, 2:]], 1).astype(
                np.float32
            )
            moved[moved[:, 2] <= 0] = 0
            joints.append(moved)
            torsos.append(torso_length(moved))
            index.append({"split": patch.split, "name": patch.name})
        np.save(folder / "patches.npy", np.stack(patches))
        np.save(folder / "joints.npy", np.stack(joints))
        np.save(folder / "torso.npy", np.array(torsos, np.float32))
        (folder / "index.json").write_text(json.dumps(index))
        log(set=name, patches=len(patches))
