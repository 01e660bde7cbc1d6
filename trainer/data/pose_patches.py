"""One array of person patches and joints from every pose data set, ready for augmentation.

Each patch is the person's crop with a third more room than a network sees, so that turning, scaling and shifting find
real pixels. Each data set gives the joints it has; the others have weight 0 and are left out of the loss.

Outputs ``patches.npy`` (N, 320, 256, 3) uint8 RGB, ``joints.npy`` (N, 21, 4) float32 x, y (patch pixels), weight and
score (how sure the label is, 0..1), ``boxes.npy`` (N, 2) width and height of the person's box and ``torso.npy`` (N,), 0
where unknown, both in patch pixels, and ``index.json`` with the split and file of each patch.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError
from edgeact.geometry import person_crop_matrix, transform_points, warp
from edgeact.skeleton import BODY_21, MPII_16
from trainer.data.labelled_frames import labelled_frames
from trainer.data.lspet import lspet_people
from trainer.data.read_picture import read_rgb
from trainer.data.sample import NOT_LABELLED, Sample
from trainer.data.sets.coco import read_coco_keypoints, read_packed_keypoints
from trainer.data.sets.lsp import LSP_JOINTS
from trainer.data.sets.surveillance_fights import read_surveillance_fights
from trainer.data.sets.ut_interaction import read_packed_ut_interaction
from trainer.data.splits import Split, difference_hash, fight_split, near_duplicates, split_by_hash
from trainer.data.wild_pictures import wild_pictures
from trainer.folders import Folders
from trainer.log import log

PATCH_HEIGHT, PATCH_WIDTH = 320, 256
PATCH_CENTRE = ((PATCH_WIDTH - 1) / 2, (PATCH_HEIGHT - 1) / 2)  # x, y; of a network's own view too
# A network sees the box times 1.12: any closer, and boxes that are a little off cut heads. The patch holds 4/3 of that,
# in at least the resolution of the largest network (256 rows), so that turning and scaling lose nothing.
NETWORK_PADDING = 1.12
PATCH_PADDING = NETWORK_PADDING * 4 / 3
# A teacher's joint is sure from this score on (README of the teachers: keeps 75 % of the joints at 97.6 % accuracy).
TEACHER_SCORE = 0.5
# How sure a human's label is taken to be: PP-TinyPose's own score of joints that it is sure of.
HUMAN_SCORE = 0.9
# A human's joint this many torso lengths from where a sure teacher sees it is taken to be wrong. Of `lspet`'s people 10
# to 15 % have such joints, most of them left and right confused.
LARGEST_DISAGREEMENT = 0.3
HUMAN_SETS = ("coco_mini", "lspet", "stock_upright")  # humans named their joints
MINIMUM_HEIGHT = 48  # pixels of a box; smaller people are too blurred to teach

_J = BODY_21.index
LSP_TO_BODY = [_J(name) for name in LSP_JOINTS]
EXTRA_JOINTS = [_J(name) for name in ("head_top", "upper_neck", "thorax", "pelvis")]
FACE_JOINTS = [_J(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
assert set(MPII_16.joints) <= set(BODY_21.joints)


@dataclass(frozen=True, slots=True, eq=False)
class PosePatch:
    """A person before it is cut: image (H, W, 3) RGB, box (4,), joints (21, 4) x, y in image pixels, weight, score."""

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
    people = lspet_people(data / "lspet")
    teacher = {row["file"]: np.array(row["joints"], np.float32) for row in _lines(labels / "lspet.jsonl")}
    splits = [split_by_hash(person.picture.name) for person in people]
    hashes = np.stack([difference_hash(person.picture) for person in people])
    held_out = np.array([split != "train" for split in splits])
    duplicate = near_duplicates(hashes, hashes[held_out])
    for person, split, repeats in zip(people, splits, duplicate, strict=True):
        if split == "train" and repeats:
            continue  # a near-duplicate of a held-out photo would make the test easier than it is
        name, joints = person.picture.name, np.zeros((21, 4), np.float32)
        for row, place in zip(LSP_TO_BODY, person.joints[0, 0], strict=True):
            if np.isfinite(place).all():
                joints[row] = (*place, 1.0, HUMAN_SCORE)
        if split == "train":
            _join_teacher(joints, teacher[f"images/{name}"])
        yield PosePatch("lspet", split, name, read_rgb(person.picture), person.boxes[0, 0], joints)


def _join_teacher(joints: np.ndarray, teacher: np.ndarray) -> None:
    """Take the face from the teacher, and drop crowd labels that a sure teacher puts `LARGEST_DISAGREEMENT` away."""
    torso = torso_length(joints)
    for index in range(17):
        if index in FACE_JOINTS:
            joints[index] = (*teacher[index, :2], 1.0, teacher[index, 2])
            continue
        distance = np.linalg.norm(joints[index, :2] - teacher[index, :2])
        if torso > 0 and teacher[index, 2] > TEACHER_SCORE and distance > LARGEST_DISAGREEMENT * torso:
            joints[index] = 0.0


def _teacher_joints(person: dict) -> np.ndarray:
    """Joints (21, 4) of a person whom the teacher labelled, unsure ones with their low score; what COCO lacks of the
    trunk lies in the middle of both shoulders and of both hips.
    """
    joints = np.zeros((21, 4), np.float32)
    joints[:17, [0, 1, 3]] = np.array(person["joints"], np.float32)
    joints[:17, 2] = 1.0
    for name, side in (("thorax", "shoulder"), ("pelvis", "hip")):
        both = joints[[_J(f"left_{side}"), _J(f"right_{side}")]]
        joints[_J(name)] = (*both[:, :2].mean(0), 1.0, both[:, 3].min())
    return joints


def _human_joints(person: Sample) -> np.ndarray:
    """Joints (21, 4) of a person with COCO's joints."""
    joints = np.zeros((21, 4), np.float32)
    joints[:17, :2] = np.nan_to_num(person.joints[0, 0])
    joints[:17, 2] = person.visibility[0, 0] > NOT_LABELLED
    joints[:17, 3] = HUMAN_SCORE
    return joints


def _stock_upright(data: Path, labels: Path) -> Iterator[PosePatch]:
    teacher = {row["file"]: np.array(row["joints"], np.float32) for row in _lines(labels / "stock_upright.jsonl")}
    for person in read_packed_keypoints(data / "stock_upright").samples:
        name, joints = person.picture.name, _human_joints(person)
        extra = teacher[f"images/{name}"]
        joints[EXTRA_JOINTS, :2], joints[EXTRA_JOINTS, 2] = extra[:, :2], extra[:, 2] > 0.3
        joints[EXTRA_JOINTS, 3] = HUMAN_SCORE
        split = split_by_hash(name, test=20)
        yield PosePatch("stock_upright", split, name, read_rgb(person.picture), person.boxes[0, 0], joints)


def _coco(data: Path) -> Iterator[PosePatch]:
    """COCO's training photos choose here and its validation photos measure: human joints of anybody are rare, so that
    the labelled training photos of `coco_more` choose too.
    """
    mini = read_coco_keypoints(data / "coco_mini")
    more = read_packed_keypoints(data / "coco_more")
    yield from _coco_people(mini.part("train"), "validation")
    yield from _coco_people(mini.part("validation"), "test")
    yield from _coco_people(more.part("train"), "validation")


def _coco_people(people: Sequence[Sample], split: Split) -> Iterator[PosePatch]:
    """People of at least five joints and 40 pixels."""
    for person in people:
        box = person.boxes[0, 0]
        if (person.visibility > NOT_LABELLED).sum() >= 5 and box[3] - box[1] >= 40:
            file = person.picture
            yield PosePatch("coco_mini", split, file.name, read_rgb(file), box, _human_joints(person))


def _wild(folder: Path, labels: Path, name: str) -> Iterator[PosePatch]:
    """Persons that the teachers labelled in a wild set's training and validation pictures."""
    pictures = {path.relative_to(folder).as_posix(): split for path, split in wild_pictures(folder, name)}
    for row in _lines(labels / f"{name}.jsonl"):
        split = pictures.get(row["file"])
        if split is None or split == "measure":
            continue
        image = read_rgb(folder / row["file"])
        for person in row["persons"]:
            box = np.array(person["box"], np.float32)
            if box[3] - box[1] >= MINIMUM_HEIGHT:
                yield PosePatch(name, split, row["file"], image, box, _teacher_joints(person))


def _clips(data: Path, labels: Path, name: str) -> Iterator[PosePatch]:
    folder = data / name
    read = read_packed_ut_interaction if name == "ut_interaction" else read_surveillance_fights
    samples = {sample.video.name: sample for sample in read(folder).samples}
    for row, image in labelled_frames(folder, _lines(labels / f"{name}.jsonl")):
        if image is None:
            continue
        sample = samples[Path(row["file"]).name]
        split = sample.split if name == "ut_interaction" else fight_split(sample.source)
        for person in row["persons"]:
            joints = _teacher_joints(person)
            if joints[:17, 3].mean() < 0.4:  # too unsure to teach with
                continue
            box = np.array(person["box"], np.float32)
            yield PosePatch(name, split, f"{row['file']}#{row['frame']}", image, box, joints)


def build(folders: Folders, sets: Sequence[str]) -> None:
    """Cut and store every patch of the named sets as ``SET/`` in the folder of patches; a set that is there already is
    left alone.

    Raises:
        SourceFormatError: A set has nobody to learn from.
    """
    data, agreed = folders.data, folders.agreed_labels
    readers: dict[str, Callable[[], Iterator[PosePatch]]] = {
        "lspet": lambda: _lspet(data, agreed),
        "stock_upright": lambda: _stock_upright(data, folders.labels),
        "coco_mini": lambda: _coco(data),
        "ut_interaction": lambda: _clips(data, agreed, "ut_interaction"),
        "surveillance_fights": lambda: _clips(data, agreed, "surveillance_fights"),
    }
    for name in sets:
        folder = folders.pose / name
        if (folder / "index.json").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        reader = readers.get(name) or partial(_wild, folders.data_set(name), agreed, name)
        _write(folder, reader())


def _write(folder: Path, people: Iterator[PosePatch]) -> None:
    joints, boxes, torsos, index = [], [], [], []
    # A set holds gigabytes of pixels, so that they go to the disk as they come; their number is known at the end.
    with (folder / "pixels.raw").open("wb") as file:
        for person in people:
            matrix = person_crop_matrix(person.box, width=PATCH_WIDTH, height=PATCH_HEIGHT, padding=PATCH_PADDING)
            file.write(warp(person.image, matrix, width=PATCH_WIDTH, height=PATCH_HEIGHT).tobytes())
            moved = np.concatenate([transform_points(person.joints[:, :2], matrix), person.joints[:, 2:]], 1)
            moved[moved[:, 2] <= 0] = 0
            joints.append(moved.astype(np.float32))
            boxes.append((person.box[2:] - person.box[:2]) * matrix[0, 0])
            torsos.append(torso_length(moved))
            index.append({"split": person.split, "name": person.name})
    if not index:
        shutil.rmtree(folder)
        raise SourceFormatError(
            f"nobody in {folder.name} has labels and is at least {MINIMUM_HEIGHT} pixels tall; label it anew: delete "
            f"{folder.name}.jsonl among the labels"
        )
    pixels = np.memmap(folder / "pixels.raw", np.uint8, "r", shape=(len(index), PATCH_HEIGHT, PATCH_WIDTH, 3))
    np.save(folder / "patches.npy", pixels)
    (folder / "pixels.raw").unlink()
    np.save(folder / "joints.npy", np.stack(joints))
    np.save(folder / "boxes.npy", np.stack(boxes).astype(np.float32))
    np.save(folder / "torso.npy", np.array(torsos, np.float32))
    (folder / "index.json").write_text(json.dumps(index))
    log(set=folder.name, patches=len(index))
