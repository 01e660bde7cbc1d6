"""Merge the joints of two teachers, PP-TinyPose and MoveNet Thunder, for every person that is labelled.

The lines are those of `trainer.precomputed.label` with merged joints. Where both teachers agree on a joint, the merged
joint is their mean. Where they disagree, it is the joint with the higher score, and the score is halved. A joint of the
second teacher outside the person's box belongs to a neighbour: unless both agree, the first teacher's joint is kept
with half of its score.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from trainer.data.labelled_frames import labelled_frames
from trainer.data.lspet import lspet_people
from trainer.data.read_picture import read_bgr
from trainer.folders import Folders
from trainer.precomputed.label import PARTS
from trainer.precomputed.movenet import MoveNetThunder
from trainer.precomputed.teachers import agree_on_joints, merge_poses
from trainer.training_log import with_bar

# Humans named the joints of `stock_upright`.
JOINED_PARTS = tuple(name for name in PARTS if name != "stock_upright")
_OUTSIDE = 0.05  # of the box's longer side: so far outside the box a joint is a neighbour's
_CLIPS = ("ut_interaction", "surveillance_fights")


def join_opinions(folders: Folders, parts: Sequence[str] = JOINED_PARTS) -> None:
    """Write ``NAME.jsonl`` into the folder of agreed labels for each part that has none yet (renamed when complete).

    Args:
        folders: With the first teacher's labels of these parts.
        parts: Of `JOINED_PARTS`.
    """
    waiting = [name for name in parts if not (folders.agreed_labels / f"{name}.jsonl").exists()]
    if not waiting:
        return
    folders.agreed_labels.mkdir(parents=True, exist_ok=True)
    teacher = MoveNetThunder(folders.teachers)
    for name in waiting:
        target = folders.agreed_labels / f"{name}.jsonl"
        rows = [json.loads(line) for line in (folders.labels / f"{name}.jsonl").read_text().splitlines()]
        with prepare_partial(target).open("w") as file:
            for row, bgr in with_bar(_pictures(folders, name, rows), f"second opinion on {name}", total=len(rows)):
                file.write(json.dumps(row if bgr is None else _join(row, bgr, teacher)) + "\n")
        publish(target)


def _pictures(folders: Folders, name: str, rows: Sequence[dict]) -> Iterator[tuple[dict, np.ndarray | None]]:
    """Yield each line with its picture ``(H, W, 3)`` uint8 BGR, or None where the line has no person."""
    if name in _CLIPS:
        for row, image in labelled_frames(folders.data / name, rows):
            yield row, None if image is None else np.ascontiguousarray(image[..., ::-1])
        return
    if name == "lspet":
        people = {person.picture.name: person for person in lspet_people(folders.data / name)}
        for row in rows:
            person = people[Path(row["file"]).name]
            yield {**row, "box": person.boxes[0, 0].tolist()}, read_bgr(person.picture)
        return
    for row in rows:
        yield row, read_bgr(folders.data_set(name) / row["file"]) if row["persons"] else None


def join_poses(first: np.ndarray, second: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Merge the poses that two teachers found for one person, ``(J, 3)`` x, y, score each.

    Args:
        first: Of the first teacher.
        second: Of the second one.
        box: ``(4,)`` x_min, y_min, x_max, y_max of the person in the same pixels.
    """
    poses = np.stack([first, second])
    joints = merge_poses(poses)
    spare = _OUTSIDE * max(box[2] - box[0], box[3] - box[1])
    outside = ((second[:, :2] < box[:2] - spare) | (second[:, :2] > box[2:] + spare)).any(1)
    # Where the teachers disagree, `merge_poses` took the place of the surer one.
    of_neighbour = outside & (second[:, 2] > first[:, 2]) & ~agree_on_joints(poses).all(0)
    joints[of_neighbour] = first[of_neighbour] * (1, 1, 0.5)
    return joints


def _join(row: dict, bgr: np.ndarray, teacher: MoveNetThunder) -> dict:
    """Merge both teachers' joints in one label line: of every person, or of the one person of a line of `lspet`."""

    def joined(said: Sequence, box: Sequence[float]) -> list:
        first, second = np.array(said, np.float32), teacher(bgr, np.array(box))
        return join_poses(first, second, np.array(box)).round(2).tolist()

    if "joints" in row:
        kept = {key: value for key, value in row.items() if key != "box"}
        return {**kept, "joints": joined(row["joints"], row["box"])}
    persons = [{**person, "joints": joined(person["joints"], person["box"])} for person in row["persons"]]
    return {**row, "persons": persons}
