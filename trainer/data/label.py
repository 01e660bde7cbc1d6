"""Label every training frame once with the teachers and keep the answers as JSON lines.

One file per data set; a line per image or video frame::

    {"file": "clips/a.mp4", "frame": 12, "size": [W, H], "persons": [{"box": [x0, y0, x1, y1], "score": s, "joints":
    [[x, y, s] x 17]}]}

A finished file is left alone, so that an interrupted run goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from trainer.data.read_picture import read_bgr
from trainer.data.teachers import TeacherDetector, TeacherMpii, TeacherPose

# A detected person whose mean joint score is lower is a false box (measured by the teachers' authors on real frames).
MINIMUM_MEAN_SCORE = 0.3


def _persons(bgr: np.ndarray, detector: TeacherDetector, pose: TeacherPose) -> list[dict]:
    persons = []
    for row in detector(bgr):
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


def _images(root: Path) -> Iterator[tuple[str, int, np.ndarray]]:
    for path in sorted(root.glob("images/*.jpg")):
        yield f"images/{path.name}", 0, read_bgr(path)


def label_clips(data: Path, teachers: Path, *, name: str, every: int) -> Iterator[dict]:
    """Persons (box and COCO-17 joints) of every n-th frame of a folder of clips."""
    detector, pose = TeacherDetector(teachers), TeacherPose(teachers)
    for file, index, bgr in _video_frames(data / name, every):
        size = [bgr.shape[1], bgr.shape[0]]
        yield {"file": file, "frame": index, "size": size, "persons": _persons(bgr, detector, pose)}


def label_lspet(data: Path, teachers: Path) -> Iterator[dict]:
    """COCO-17 joints of each Leeds Sports Pose person, for the face joints that the set does not have."""
    from trainer.data.lspet import read_lspet

    detector, pose = TeacherDetector(teachers, size=256), TeacherPose(teachers)
    for sample in read_lspet(data / "lspet"):
        bgr = read_bgr(sample.path)
        persons = [{"box": row[:4].round(1).tolist(), "score": round(float(row[4]), 3)} for row in detector(bgr)]
        joints = pose(bgr, np.array(sample.box)).round(2).tolist()
        yield {
            "file": f"images/{sample.path.name}",
            "size": [bgr.shape[1], bgr.shape[0]],
            "persons": persons,
            "joints": joints,
        }


def label_stock_upright(data: Path, teachers: Path) -> Iterator[dict]:
    """Head top, upper neck, thorax and pelvis of each photo, from EfficientPose; and all persons for the detector."""
    mpii, detector = TeacherMpii(teachers), TeacherDetector(teachers)
    file = json.loads((data / "stock_upright/person_keypoints.json").read_text())
    annotations = {row["image_id"]: row for row in file["annotations"]}
    for image in file["images"]:
        bgr = read_bgr(data / "stock_upright/images" / image["file_name"])
        x, y, width, height = annotations[image["id"]]["bbox"]
        joints = mpii(bgr, np.array([x, y, x + width, y + height]))
        persons = [{"box": row[:4].round(1).tolist(), "score": round(float(row[4]), 3)} for row in detector(bgr)]
        yield {
            "file": f"images/{image['file_name']}",
            "size": [bgr.shape[1], bgr.shape[0]],
            "persons": persons,
            "joints": joints.round(2).tolist(),
        }


PARTS: dict[str, Callable[[Path, Path], Iterator[dict]]] = {
    "ut_interaction": lambda data, teachers: label_clips(data, teachers, name="ut_interaction", every=5),
    "surveillance_fights": lambda data, teachers: label_clips(data, teachers, name="surveillance_fights", every=10),
    "stock_upright": label_stock_upright,
    "lspet": label_lspet,
}


def label(data: Path, teachers: Path, out: Path, parts: list[str]) -> None:
    """Write ``out/NAME.jsonl`` for each part that has none yet (under a temporary name until complete)."""
    out.mkdir(parents=True, exist_ok=True)
    for name in parts:
        target = out / f"{name}.jsonl"
        if target.exists():
            continue
        partial = target.with_suffix(".partial")
        with partial.open("w") as file:
            for row in PARTS[name](data, teachers):
                file.write(json.dumps(row) + "\n")
        partial.rename(target)
