"""Photos of Stanford 40 for backbones whose last blocks learn: maps below those blocks, persons' boxes and joints.

Some of the photos that measure are seen a second time beside a photo of another action, which misleads: paper B says
that its mask loss helps most there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.geometry import letterbox, letterbox_matrix, transform_box, transform_points
from edgeact.perception.pose import PoseEstimator
from edgeact.skeleton import BODY_21, MPII_16
from trainer.data.labelled_samples import LabelledSample, stanford40
from trainer.data.read_picture import read_rgb
from trainer.inputs.batch import MISSING
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.split_lite import LowerBlocks
from trainer.precomputed.frozen_maps import MapPictures, kept_maps, view_of

SIDE = 224
OFFICIAL = 100  # training photos of each action in the official split, which has 5,532 test photos in all
_SHARE = 0.4  # of the square's side, that a misleading photo takes
_MPII = [BODY_21.index(name) for name in MPII_16.joints]


@dataclass(frozen=True, slots=True, eq=False)
class TunedPhotos:
    """Whole photos in letterboxed squares.

    Attributes:
        maps: ``(N, C, h, w)`` float16, below the blocks that learn.
        mirrored: ``(T, C, h, w)`` of those that train, mirrored.
        misled: ``(M, C, h, w)`` of some that measure, beside a photo of another action.
        actions: ``(N,)``.
        boxes: ``(T, 4)`` of the persons that train, in pixels of the squares.
        joints: ``(T, 16, 2)`` of MPII, found by a bundle, in pixels of the squares; −1 where they are not sure.
        training: ``(T,)`` rows that train.
        measured: Rows that measure.
        misled_rows: ``(M,)`` whose photos ``misled`` are.
        classes: How many actions there are.
        side: Of the squares.
        misleading: What the pictures of ``misled`` show beside the person, as tables name it.
    """

    maps: np.ndarray
    mirrored: np.ndarray
    misled: np.ndarray
    actions: np.ndarray
    boxes: np.ndarray
    joints: np.ndarray
    training: np.ndarray
    measured: np.ndarray
    misled_rows: np.ndarray
    classes: int
    side: int
    misleading: str = "a photo of another action"


def read_tuned_photos(
    network: EfficientNetLite,
    blocks: int,
    root: Path,
    bundle: Bundle,
    work: Path,
    *,
    photos: int,
    progress: Callable[[Sequence, str], Iterable],
    side: int = SIDE,
) -> TunedPhotos:
    """Read a reduced Stanford 40: ``photos`` training and as many test photos of each action, as maps below the blocks
    that learn. With 100, which is all training photos, all test photos are read: the official split. Every fourth test
    photo is also read with a photo of another action pasted into a corner.

    Args:
        network: With published weights.
        blocks: How many of its blocks do not learn.
        root: Stanford 40 in its official layout.
        bundle: Whose pose graph finds the joints.
        work: Folder of what was computed before.
        photos: Of each action and part.
        progress: Gives items one after the other and shows how far it is.
        side: Of the squares.

    Raises:
        SourceNotFoundError, SourceFormatError: Photos, lists or weights are missing or damaged.
        BackendError: The pose graph failed.
        OutputError: The folder cannot be written to.
    """
    found, labels = stanford40(root)
    samples = _some_of_each(found, photos)
    training = np.flatnonzero([sample.split == "train" for sample in samples])
    measured = np.flatnonzero([sample.split != "train" for sample in samples])
    misled_rows = measured[::4]
    lower, kept = LowerBlocks(network, blocks).eval(), work / f"lower_{blocks}"
    train = [samples[row] for row in training]
    misled = [samples[row] for row in misled_rows]
    # The photo half the list further on shows another action: samples lie action by action.
    others = [misled[(row + len(misled) // 2) % len(misled)] for row in range(len(misled))]

    def square(row: int) -> np.ndarray:
        return view_of(samples[row], "frame", side)

    def mirrored(row: int) -> np.ndarray:
        return view_of(train[row], "frame", side)[:, ::-1].copy()

    def misleading(row: int) -> np.ndarray:
        return beside_another(misled[row], others[row], side)

    maps, flipped, beside = (
        kept_maps(lower, MapPictures(name, chosen, picture), side, kept, progress=progress)
        for name, chosen, picture in (
            ("frame", samples, square),
            ("frame_mirrored", train, mirrored),
            ("frame_misled", misled, misleading),
        )
    )
    boxes, joints = _people(train, bundle, side, progress)
    actions = np.array([sample.label for sample in samples])
    return TunedPhotos(
        maps, flipped, beside, actions, boxes, joints, training, measured, misled_rows, len(labels), side
    )


def _some_of_each(samples: Sequence[LabelledSample], photos: int) -> list[LabelledSample]:
    """The first so many of each action and part, action by action; of the official parts all, where so many train."""
    counts: dict[tuple[int | None, bool], int] = {}
    chosen = []
    for sample in sorted(samples, key=lambda sample: (sample.label, sample.path.name)):
        key = (sample.label, sample.split == "train")
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= photos or photos >= OFFICIAL:
            chosen.append(sample)
    return chosen


def beside_another(sample: LabelledSample, other: LabelledSample, side: int) -> np.ndarray:
    """A photo's square ``(side, side, 3)`` uint8 RGB with another photo in the corner that hides least of the person.

    Raises:
        SourceNotFoundError, SourceFormatError: A photo is missing or damaged.
    """
    image = read_rgb(sample.path)
    small = round(_SHARE * side)
    square = letterbox(image, width=side, height=side)
    matrix = letterbox_matrix(image.shape[1], image.shape[0], width=side, height=side)
    assert sample.box is not None
    x_min, y_min, x_max, y_max = transform_box(sample.box, matrix)
    corners = [(left, top) for top in (0, side - small) for left in (0, side - small)]
    hidden = [
        max(0.0, min(x_max, left + small) - max(x_min, left)) * max(0.0, min(y_max, top + small) - max(y_min, top))
        for left, top in corners
    ]
    left, top = corners[int(np.argmin(hidden))]
    square[top : top + small, left : left + small] = view_of(other, "frame", small)
    return square


def _people(
    samples: Sequence[LabelledSample],
    bundle: Bundle,
    side: int,
    progress: Callable[[Sequence, str], Iterable],
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes ``(N, 4)`` and joints ``(N, 16, 2)`` in pixels of the squares."""
    boxes, joints = [], []
    with Engine(bundle) as engine:
        estimator = PoseEstimator(engine)
        for sample in progress(samples, "persons"):
            assert sample.box is not None
            image = read_rgb(sample.path)
            matrix = letterbox_matrix(image.shape[1], image.shape[0], width=side, height=side)
            pose = estimator.estimate(image, np.asarray(sample.box, np.float32)[None]).features[0, _MPII]
            sure = pose[:, 2:] >= bundle.plan.joint_confidence
            boxes.append(transform_box(sample.box, matrix))
            joints.append(np.where(sure, transform_points(pose[:, :2], matrix), MISSING))
    return np.stack(boxes).astype(np.float32), np.stack(joints).astype(np.float32)
