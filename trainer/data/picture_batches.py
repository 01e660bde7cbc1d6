"""Batches of pictures, cropped as at run time or augmented; boxes and joints are transformed like their picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch

from edgeact.geometry import letterbox, letterbox_matrix, person_crop_matrix, warp
from edgeact.skeleton import MPII_16
from trainer.data.appearance import shift_colours
from trainer.data.labelled_samples import LabelledSample
from trainer.data.read_picture import read_rgb
from trainer.inputs.batch import MISSING, Batch

View = Literal["frame", "person"]
# A person's crop is the box grown by a quarter, as the graphs of one person are given it at run time.
PERSON_PADDING = 1.25

_GREY = 114  # of what lies outside a picture, as `letterbox` fills it
_JOINTS = len(MPII_16.joints)
# Left and right of MPII's joints change places in a mirrored picture.
MIRROR = [
    MPII_16.joints.index(name.replace("left", "#").replace("right", "left").replace("#", "right"))
    for name in MPII_16.joints
]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Random augmentation of a training picture.

    Attributes:
        flip: Whether every other one is mirrored.
        rotation: Degrees to either side.
        zoom: The size changes by up to this ratio to either side.
        pose_rotation: Degrees to either side of pictures with joints; None turns them as all others.
        colour_shift: Each colour of a picture, 0..1, is raised to a power that differs from 1 by up to this.
    """

    flip: bool = True
    rotation: float = 0.0
    zoom: float = 0.0
    pose_rotation: float | None = None
    colour_shift: float = 0.0


def picture_batch(
    samples: Sequence[LabelledSample],
    size: int,
    rng: np.random.Generator | None,
    change: Augmentation,
    *,
    view: View = "frame",
) -> Batch:
    """Make a batch of square pictures, cropped as at run time, with their boxes, joints and labels.

    Args:
        samples: The pictures, in order.
        size: Side in pixels.
        rng: Draws the changes; None leaves the pictures as they are, for measuring.
        change: What may be drawn.
        view: Of the whole picture, or of the person whose box there is; without a box it is the whole picture.
    """
    pixels, boxes, joints, depth = [], [], [], []
    for sample in samples:
        image = read_rgb(sample.path)
        mirrored = rng is not None and change.flip and rng.random() < 0.5
        box = sample.box if view == "person" else None
        turned = change.rotation
        if sample.joints is not None and change.pose_rotation is not None:
            turned = change.pose_rotation
        matrix = _matrix(
            image.shape[1], image.shape[0], box, size, rng, zoom=change.zoom, rotation=turned, mirrored=mirrored
        )
        square = _pixels(image, matrix, size, grey=box is None, changed=rng is not None)
        pixels.append(shift_colours(square, rng, change.colour_shift) if rng and change.colour_shift else square)
        boxes.append(np.full(4, np.nan, np.float32) if sample.box is None else _moved_box(sample.box, matrix))
        joints.append(_moved_joints(sample.joints, matrix, mirrored=mirrored))
        known = np.full(_JOINTS, np.nan, np.float32) if sample.depth is None else sample.depth
        depth.append(known[MIRROR] if mirrored else known)
    return Batch(
        torch.from_numpy(np.stack(pixels)),
        torch.from_numpy(_labels(samples)),
        torch.from_numpy(np.stack(boxes).astype(np.float32)),
        torch.from_numpy(np.stack(joints).astype(np.float32)),
        torch.from_numpy(np.stack(depth)) if any(sample.depth is not None for sample in samples) else None,
    )


def _labels(samples: Sequence[LabelledSample]) -> np.ndarray:
    """Return class labels ``(N,)`` int64, or multi-label targets ``(N, A)`` of 0 and 1; `MISSING` where unlabelled."""
    several = next((sample.actions for sample in samples if sample.actions is not None), None)
    if several is None:
        return np.array([MISSING if sample.label is None else sample.label for sample in samples], np.int64)
    unknown = np.full_like(several, MISSING)
    return np.stack([unknown if sample.actions is None else sample.actions for sample in samples])


def _pixels(image: np.ndarray, matrix: np.ndarray, size: int, *, grey: bool, changed: bool) -> np.ndarray:
    """Warp a picture into a square; the border is grey for whole pictures and black for crops, as at run time."""
    if not grey:
        return warp(image, matrix.astype(np.float32), width=size, height=size)
    if not changed:
        return letterbox(image, width=size, height=size)
    return cv2.warpAffine(image, matrix, (size, size), borderValue=(_GREY, _GREY, _GREY))


def _matrix(
    width: int,
    height: int,
    box: np.ndarray | None,
    size: int,
    rng: np.random.Generator | None,
    *,
    zoom: float,
    rotation: float,
    mirrored: bool,
) -> np.ndarray:
    """Return the affine matrix ``(2, 3)`` from picture to square pixels, with a random zoom and rotation."""
    if box is None:
        matrix = letterbox_matrix(width, height, width=size, height=size)
    else:
        matrix = person_crop_matrix(box, width=size, height=size, padding=PERSON_PADDING)
    scale, angle = 1.0, 0.0
    if rng is not None:
        scale = 1 + float(rng.uniform(-zoom, zoom))
        angle = float(np.deg2rad(rng.uniform(-rotation, rotation)))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = np.diag([-1.0, 1.0]) @ turn
    middle = np.full(2, (size - 1) / 2)
    return np.concatenate([turn @ matrix[:, :2], (turn @ (matrix[:, 2] - middle) + middle)[:, None]], 1)


def _moved_box(box: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    corners = np.array([[box[x], box[y], 1.0] for x in (0, 2) for y in (1, 3)]) @ matrix.T
    return np.concatenate([corners.min(0), corners.max(0)])


def _moved_joints(joints: np.ndarray | None, matrix: np.ndarray, *, mirrored: bool) -> np.ndarray:
    if joints is None:
        return np.full((_JOINTS, 2), MISSING, np.float32)
    known = (joints != MISSING).any(1)
    moved = np.where(known[:, None], np.concatenate([joints, np.ones((_JOINTS, 1))], 1) @ matrix.T, MISSING)
    return moved[MIRROR] if mirrored else moved
