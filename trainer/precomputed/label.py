"""Label every training frame once with the teachers and keep the answers as JSON lines.

One file per data set; a line per image or video frame::

    {"file": "clips/a.mp4", "frame": 12, "size": [W, H], "persons": [{"box": [x0, y0, x1, y1], "score": s, "joints":
    [[x, y, s] x 17]}]}

A finished file is left alone, so that an interrupted run goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np

from edgeact.atomic import prepare_partial, publish
from trainer.data.read_picture import read_bgr
from trainer.data.wild_pictures import wild_pictures
from trainer.data.wild_split import WILD_SETS
from trainer.folders import Folders
from trainer.precomputed.teachers import TeacherDetector, TeacherMpii, TeacherPose

# A detected person whose mean joint score is lower is a false box (measured by the teachers' authors on real frames).
MINIMUM_MEAN_SCORE = 0.3


def _persons(
    bgr: np.ndarray, detector: TeacherDetector, pose: TeacherPose, *, minimum_height: float = 0.0
) -> list[dict]:
    persons = []
    for row in detector(bgr):
        if row[3] - row[1] < minimum_height:
            continue
        joints = pose(bgr, row)
        if joints[:, 2].mean() >= MINIMUM_MEAN_SCORE:
            persons.append(
                {"box": row[:4].round(1).tolist(), "score": round(float(row[4]), 3), "joints": joints.round(2).tolist()}
            )
    return persons


def _video_frames(root: Path, every: int) -> Iterator[tuple[str, int, np.ndarray]]:
    for path in sorted(root.glob("clips/*.mp4")):
        with av.open(str(path)) as container:
            for index, frame in enumerate(container.decode(video=0)):
                if index % every == 0:
                    yield f"clips/{path.name}", index, frame.to_ndarray(format="bgr24")


def label_clips(folders: Folders, *, name: str, every: int) -> Iterator[dict]:
    """Persons (box and COCO-17 joints) of every n-th frame of a folder of clips."""
    detector, pose = TeacherDetector(folders.teachers), TeacherPose(folders.teachers)
    for file, index, bgr in _video_frames(folders.data / name, every):
        size = [bgr.shape[1], bgr.shape[0]]
        yield {"file": file, "frame": index, "size": size, "persons": _persons(bgr, detector, pose)}


def label_lspet(folders: Folders) -> Iterator[dict]:
    """COCO-17 joints of each Leeds Sports Pose person, for the face joints that the set does not have."""
    from trainer.data.lspet import lspet_people

    detector, pose = TeacherDetector(folders.teachers, size=256), TeacherPose(folders.teachers)
    for person in lspet_people(folders.data / "lspet"):
        bgr = read_bgr(person.picture)
        persons = [{"box": row[:4].round(1).tolist(), "score": round(float(row[4]), 3)} for row in detector(bgr)]
        joints = pose(bgr, person.boxes[0, 0].astype(np.float64)).round(2).tolist()
        yield {
            "file": f"images/{person.picture.name}",
            "size": [bgr.shape[1], bgr.shape[0]],
            "persons": persons,
            "joints": joints,
        }


def label_stock_upright(folders: Folders) -> Iterator[dict]:
    """Head top, upper neck, thorax and pelvis of each photo, from EfficientPose; and all persons for the detector."""
    mpii, detector = TeacherMpii(folders.teachers), TeacherDetector(folders.teachers)
    root = folders.data / "stock_upright"
    file = json.loads((root / "person_keypoints.json").read_text())
    annotations = {row["image_id"]: row for row in file["annotations"]}
    for image in file["images"]:
        bgr = read_bgr(root / "images" / image["file_name"])
        x, y, width, height = annotations[image["id"]]["bbox"]
        joints = mpii(bgr, np.array([x, y, x + width, y + height]))
        persons = [{"box": row[:4].round(1).tolist(), "score": round(float(row[4]), 3)} for row in detector(bgr)]
        yield {
            "file": f"images/{image['file_name']}",
            "size": [bgr.shape[1], bgr.shape[0]],
            "persons": persons,
            "joints": joints.round(2).tolist(),
        }


# Two crops of each person: a close one, and one with room around it, in which the other people and the floor are seen.
WILD_PADDINGS = (1.12, 1.4)
MINIMUM_HEIGHT = 40  # pixels; smaller people are too blurred to teach a pose


def label_wild(folders: Folders, *, name: str) -> Iterator[dict]:
    """Persons (box and COCO-17 joints) of every picture of a wild set that may train or choose."""
    detector, pose = TeacherDetector(folders.teachers), TeacherPose(folders.teachers, WILD_PADDINGS)
    root = folders.data_set(name)
    for path, split in wild_pictures(root, name):
        if split == "measure":
            continue
        bgr = read_bgr(path)
        row = {"file": path.relative_to(root).as_posix(), "frame": 0, "size": [bgr.shape[1], bgr.shape[0]]}
        yield {**row, "persons": _persons(bgr, detector, pose, minimum_height=MINIMUM_HEIGHT)}


PARTS: dict[str, Callable[[Folders], Iterator[dict]]] = {
    "ut_interaction": partial(label_clips, name="ut_interaction", every=5),
    "surveillance_fights": partial(label_clips, name="surveillance_fights", every=10),
    "stock_upright": label_stock_upright,
    "lspet": label_lspet,
    **{name: partial(label_wild, name=name) for name in WILD_SETS if name != "coco_mini"},
}


def label(folders: Folders, parts: Sequence[str]) -> None:
    """Write ``NAME.jsonl`` into the folder of labels for each part that has none yet (renamed when complete)."""
    folders.labels.mkdir(parents=True, exist_ok=True)
    for name in parts:
        target = folders.labels / f"{name}.jsonl"
        if target.exists():
            continue
        with prepare_partial(target).open("w") as file:
            for row in PARTS[name](folders):
                file.write(json.dumps(row) + "\n")
        publish(target)
