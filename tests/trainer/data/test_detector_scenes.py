"""Boxes stay around their persons in every scene."""

import json
from pathlib import Path

import cv2
import numpy as np

from trainer.data.detector_scenes import SCENE_HEIGHT, SCENE_WIDTH, LabelledPicture, draw_scene, read_pictures

GROUND, PERSON = 114, 250  # the ground is what scenes are filled with, so that only persons stand out


def write_pictures(root: Path) -> Path:
    """Pictures with a bright person each, one without a box, one whose person nobody is sure of, and one held out."""
    (root / "images").mkdir(parents=True)
    rows = []
    for number, (x, kind) in enumerate([(40, "boxes"), (150, "boxes"), (90, "ignore"), (None, "boxes"), (70, "boxes")]):
        image = np.full((200, 300, 3), GROUND, np.uint8)
        row: dict = {
            "file": f"{number}.png",
            "set": "coco_mini",
            "split": "test" if number == 4 else "train",
            "boxes": [],
            "ignore": [],
        }
        if x is not None:
            image[50:150, x : x + 50] = PERSON
            row[kind] = [[x - 0.5, 49.5, x + 49.5, 149.5]]  # pixel centres are at whole numbers
        cv2.imwrite(str(root / "images" / row["file"]), image)
        rows.append(row)
    (root / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


def components(image: np.ndarray) -> np.ndarray:
    """Boxes (M, 4) of the parts of a scene that are brighter than its ground, edges between pixels."""
    grey = image.mean(-1)
    ground = np.median(grey)
    _, _, stats, _ = cv2.connectedComponentsWithStats((grey > (ground + grey.max()) / 2).astype(np.uint8))
    return np.array([(x - 0.5, y - 0.5, x + w - 0.5, y + h - 0.5) for x, y, w, h, _ in stats[1:]], np.float32).reshape(
        -1, 4
    )


def distance(box: np.ndarray, others: np.ndarray) -> float:
    """Largest difference of a side to the closest of the other boxes, in pixels."""
    return float(np.abs(others - box).max(1).min()) if len(others) else np.inf


def test_splits_are_kept_apart(tmp_path: Path) -> None:
    root = write_pictures(tmp_path)
    assert [picture.path.name for picture in read_pictures(root, "train")] == ["0.png", "1.png", "2.png", "3.png"]
    (held_out,) = read_pictures(root, "test")
    assert held_out.boxes == ((69.5, 49.5, 119.5, 149.5),)
    assert held_out.ignore == ()


def plain_scenes(groups: dict[str, list[LabelledPicture]]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Many scenes, without those whose light leaves too little contrast to find persons by."""
    scenes = [draw_scene(groups, {"coco_mini": 1.0}, np.random.default_rng(seed)) for seed in range(250)]
    return [scene for scene in scenes if scene[0].mean(-1).max() - np.median(scene[0].mean(-1)) > 40]


def test_boxes_are_where_the_persons_are(tmp_path: Path) -> None:
    groups = {"coco_mini": [picture for picture in read_pictures(write_pictures(tmp_path), "train") if picture.boxes]}
    distances, missed, persons = [], 0, 0
    for image, boxes, ignore in plain_scenes(groups):
        assert image.shape == (SCENE_HEIGHT, SCENE_WIDTH, 3)
        found = components(image)
        distances += [distance(box, found) for box in boxes]
        large = found[(found[:, 3] - found[:, 1]) > 16]
        persons += len(large)
        missed += sum(distance(box, np.concatenate([boxes, ignore])) > 4 for box in large)
        assert (boxes[:, 3] - boxes[:, 1] >= 12).all()
        assert (boxes >= 0).all()
        assert (boxes <= (SCENE_WIDTH - 1, SCENE_HEIGHT - 1) * 2).all()
    assert len(distances) > 200
    # The rest are scenes with an erased part, or two persons who touch.
    assert np.mean(np.array(distances) < 2.5) > 0.9
    assert missed / persons < 0.1


def test_persons_of_whom_nobody_is_sure_are_ignored(tmp_path: Path) -> None:
    unsure = [picture for picture in read_pictures(write_pictures(tmp_path), "train") if picture.ignore]
    scenes = plain_scenes({"coco_mini": unsure})
    assert not any(len(boxes) for _, boxes, _ in scenes)
    assert np.mean([len(ignore) > 0 for _, _, ignore in scenes]) > 0.8
    large = [(box, ignore) for image, _, ignore in scenes for box in components(image) if box[3] - box[1] > 16]
    # A mirrored border would show them a second time, as if nobody were there.
    assert np.mean([distance(box, ignore) > 4 for box, ignore in large]) < 0.1


def test_sets_without_a_share_or_pictures_are_not_drawn(tmp_path: Path) -> None:
    pictures = read_pictures(write_pictures(tmp_path), "train")
    groups = {"coco_mini": [pictures[3]], "lspet": [pictures[0]]}
    for seed in range(20):
        assert not len(draw_scene(groups, {"coco_mini": 1.0, "studio": 5.0}, np.random.default_rng(seed))[1])
