"""Training scenes of the detector: single pictures and mosaics of several, at many scales, with boxes."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from trainer.data.appearance import erase, lower_resolution, recolour
from trainer.data.read_picture import read_rgb

# Fully convolutional: training on a part of the deployed 256×416 at the same scale of people is cheaper and as good.
SCENE_HEIGHT, SCENE_WIDTH = 192, 320


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One row of ``labels.jsonl``."""

    path: Path
    source: str
    split: str
    boxes: tuple[tuple[float, ...], ...]
    ignore: tuple[tuple[float, ...], ...]


def read_pictures(root: Path, split: str) -> list[LabelledPicture]:
    """Every picture of a split."""
    rows = [json.loads(line) for line in (root / "labels.jsonl").read_text().splitlines()]
    return [
        LabelledPicture(
            root / "images" / row["file"],
            row["set"],
            row["split"],
            tuple(map(tuple, row["boxes"])),
            tuple(map(tuple, row["ignore"])),
        )
        for row in rows
        if row["split"] == split
    ]


def _place(
    canvas: np.ndarray, picture: LabelledPicture, window: tuple[int, int, int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a picture at a random scale into a window (x0, y0, x1, y1) of the canvas; returns boxes and ignored boxes
    (M, 4).
    """
    image = read_rgb(picture.path)
    x0, y0, x1, y1 = window
    width, height = x1 - x0, y1 - y0
    boxes = np.array(picture.boxes, np.float32).reshape(-1, 4)
    ignore = np.array(picture.ignore, np.float32).reshape(-1, 4)
    fit = min(width / image.shape[1], height / image.shape[0])
    scale = fit * float(np.exp(rng.uniform(np.log(0.55), np.log(1.9))))
    aspect = float(np.exp(rng.uniform(-0.15, 0.15)))
    matrix = np.array([[scale * aspect, 0, 0], [0, scale / aspect, 0]], np.float32)
    if rng.random() < 0.5:
        matrix[0] = (-scale * aspect, 0, scale * aspect * (image.shape[1] - 1))
    drawn = np.array([image.shape[1] * scale * aspect, image.shape[0] * scale / aspect])
    if (
        len(boxes) and (drawn > (width, height)).any()
    ):  # a picture larger than its window is placed so that one person stays in view
        chosen = boxes[rng.integers(len(boxes))].reshape(2, 2).mean(0)
        centre = matrix[:, :2] @ chosen + matrix[:, 2]
        offset = np.array([rng.uniform(0.25, 0.75) * width, rng.uniform(0.3, 0.7) * height]) - centre
    else:
        offset = rng.uniform(np.minimum(0, (width, height) - drawn), np.maximum(0, (width, height) - drawn))
    matrix[:, 2] += offset
    border = cv2.BORDER_CONSTANT if rng.random() < 0.7 else cv2.BORDER_REFLECT_101
    if border == cv2.BORDER_REFLECT_101 and (len(boxes) or len(ignore)):
        border = cv2.BORDER_CONSTANT  # a mirrored person would be a person without a box
    interpolation = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    canvas[y0:y1, x0:x1] = cv2.warpAffine(
        image, matrix, (width, height), flags=interpolation, borderMode=border, borderValue=(114, 114, 114)
    )

    def move(rows: np.ndarray) -> np.ndarray:
        corners = np.stack(
            [rows[:, :2] * np.diag(matrix[:, :2]) + matrix[:, 2], rows[:, 2:] * np.diag(matrix[:, :2]) + matrix[:, 2]],
            1,
        )
        whole = np.concatenate([corners.min(1), corners.max(1)], 1)
        clipped = np.clip(whole, 0, (width - 1, height - 1, width - 1, height - 1))
        area = (whole[:, 2:] - whole[:, :2]).prod(1)
        kept = (clipped[:, 2:] - clipped[:, :2]).prod(1) / np.maximum(area, 1)
        return np.concatenate([clipped + np.array([x0, y0, x0, y0]), kept[:, None]], 1).astype(np.float32)

    boxes, ignore = move(boxes), move(ignore)
    seen, cut = boxes[:, 4] >= 0.4, (boxes[:, 4] > 0.05) & (boxes[:, 4] < 0.4)
    small = boxes[:, 3] - boxes[:, 1] < 12  # under 12 pixels a person is a smudge: neither example nor counter-example
    return boxes[seen & ~small, :4], np.concatenate(
        [boxes[(cut | (seen & small)), :4], ignore[ignore[:, 4] > 0.05, :4]]
    )


def draw_scene(
    groups: dict[str, list[LabelledPicture]], shares: dict[str, float], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A random scene: image (192, 320, 3) uint8 RGB, boxes (M, 4), ignored boxes (K, 4) in its pixels."""
    names = [name for name in shares if groups.get(name)]
    weights = np.array([shares[name] for name in names])

    def pick() -> LabelledPicture:
        group = groups[names[rng.choice(len(names), p=weights / weights.sum())]]
        return group[rng.integers(len(group))]

    canvas = np.full((SCENE_HEIGHT, SCENE_WIDTH, 3), 114, np.uint8)
    layout = rng.random()
    x, y = int(rng.uniform(0.35, 0.65) * SCENE_WIDTH), int(rng.uniform(0.35, 0.65) * SCENE_HEIGHT)
    if layout < 0.5:
        windows = [(0, 0, SCENE_WIDTH, SCENE_HEIGHT)]
    elif layout < 0.8:
        windows = [(0, 0, x, SCENE_HEIGHT), (x, 0, SCENE_WIDTH, SCENE_HEIGHT)]
    else:
        windows = [(0, 0, x, y), (x, 0, SCENE_WIDTH, y), (0, y, x, SCENE_HEIGHT), (x, y, SCENE_WIDTH, SCENE_HEIGHT)]
    placed = [_place(canvas, pick(), window, rng) for window in windows]
    if rng.random() < 0.2:
        canvas = lower_resolution(canvas, rng, factor=(0.4, 0.8))
    canvas = recolour(canvas, rng, grey=0.1)
    if rng.random() < 0.1:
        canvas = erase(canvas, rng)
    return canvas, np.concatenate([boxes for boxes, _ in placed]), np.concatenate([ignore for _, ignore in placed])
