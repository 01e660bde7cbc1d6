"""Persons in a frame, by the bundle's scene/frame graph."""

import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from edgeact.engine.engine import Engine
from edgeact.geometry import (
    box_area,
    box_iou,
    clip_box,
    invert_matrix,
    letterbox,
    letterbox_matrix,
    suppress_boxes,
    transform_box,
)
from edgeact.types import Detection, Float32, UInt8

# Boxes down to this share of the bundle's detection score are given too: they cannot start a track, but can carry on
# one that is partly hidden (the second association of ByteTrack, Zhang et al., ECCV 2022, arXiv 2110.06864).
LOW_SCORE_SHARE = 0.4
# Boxes of one look under this share of the detection score decide nothing, whatever the other looks say.
LOWEST_SHARE = 0.1
# Looks at several sizes of a frame (`join_looks`): boxes that overlap so much are the same person, and the other looks
# have this share in a score. Chosen on the wild validation pictures, where shares from .15 to .4 do equally well.
AGREEING_IOU, OTHERS_SHARE = 0.5, 0.3
# A detector of free size takes sides that its coarsest stride divides.
SIDE_MULTIPLE = 32
_MOST_PICTURES = 8  # sizes for which room is kept


@lru_cache(maxsize=256)
def detection_size(width: int, height: int, *, pixels: int) -> tuple[int, int]:
    """Width and height in which a detector of free size sees a frame: the frame as large as the budget allows.

    Args:
        width: Of the frame.
        height: Of the frame.
        pixels: The most that the result may have, 1024 or more; what the detector costs goes with them.

    Returns:
        Multiples of `SIDE_MULTIPLE`. Of all that keep to the budget, those that the frame fills in the highest
        resolution, and of these the fewest pixels.
    """
    cells = pixels // SIDE_MULTIPLE**2
    sizes = [(columns, rows) for rows in range(1, cells + 1) for columns in range(1, cells // rows + 1)]
    columns, rows = max(sizes, key=lambda size: (min(size[0] / width, size[1] / height), -size[0] * size[1]))
    return columns * SIDE_MULTIPLE, rows * SIDE_MULTIPLE


def join_looks(looks: Sequence[tuple[Float32, Float32]]) -> tuple[Float32, Float32]:
    """The boxes of several looks at one frame, each with a score that the other looks have a say in.

    A person is found at several sizes of the picture, a chance likeness at one of them. So a box's score is mixed with
    that of the best box of each other look that agrees with it (IoU from `AGREEING_IOU`), or with 0 where none does.
    What two looks found twice is left to non-maximum suppression.

    Args:
        looks: Of each its boxes ``(N, 4)`` and scores ``(N,)``.

    Returns:
        All boxes ``(M, 4)`` and their scores ``(M,)``, look after look.
    """
    if len(looks) == 1:
        return looks[0]
    mixed = []
    for own, (boxes, scores) in enumerate(looks):
        said = []
        for other, (other_boxes, other_scores) in enumerate(looks):
            if other == own:
                continue
            agrees = box_iou(boxes, other_boxes) >= AGREEING_IOU
            said.append(np.where(agrees, other_scores[None], 0.0).max(1, initial=0.0))
        mixed.append((1 - OTHERS_SHARE) * scores + OTHERS_SHARE * np.mean(said, axis=0))
    return np.concatenate([boxes for boxes, _ in looks]), np.concatenate(mixed).astype(np.float32)


class Detector:
    """Finds persons by an engine's scene/frame graph; may be used from several threads.

    Args:
        engine: With a plan that has a detector.
    """

    def __init__(self, engine: Engine) -> None:
        plan = engine.bundle.plan
        self._graph = engine.graph(plan.detector)
        self._numbers = plan.detection
        self._fixed = None if self._graph.takes_any_size else self._graph.picture_size
        self._pictures: dict[tuple[int, int], UInt8] = {}  # what the graph reads, by width and height
        self._lock = threading.Lock()  # of these pictures

    def detect(self, image: UInt8) -> tuple[Detection, ...]:
        """Persons of one frame, highest score first.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.

        Returns:
            Boxes within the frame, no two overlapping by more than the bundle's ``iou``, with scores down to
            `LOW_SCORE_SHARE` of its ``score``.
        """
        height, width = image.shape[:2]
        with self._lock:
            looks = [self._look(image, *size) for size in self.picture_sizes(width, height)]
        boxes, scores = join_looks(looks)
        likely = scores >= LOW_SCORE_SHARE * self._numbers.score
        boxes, scores = boxes[likely], scores[likely]
        kept = suppress_boxes(boxes, scores, iou=self._numbers.iou)
        return tuple(Detection(box=boxes[index], score=float(scores[index])) for index in kept)

    def _look(self, image: UInt8, seen_width: int, seen_height: int) -> tuple[Float32, Float32]:
        """Boxes ``(N, 4)`` in the frame's pixels and scores ``(N,)`` that the graph finds in a picture of this size."""
        height, width = image.shape[:2]
        picture = self._picture(seen_width, seen_height)
        letterbox(image, width=seen_width, height=seen_height, out=picture[0])
        outputs = self._graph.run(picture)
        boxes, scores = outputs.of("boxes")[0], outputs.of("scores")[0]
        likely = scores >= LOWEST_SHARE * self._numbers.score
        to_frame = invert_matrix(letterbox_matrix(width, height, width=seen_width, height=seen_height))
        boxes, scores = clip_box(transform_box(boxes[likely], to_frame), width=width, height=height), scores[likely]
        real = box_area(boxes) >= 1.0  # nothing is left of a box that lies in the letterbox's grey
        return boxes[real], scores[real]

    def _picture(self, width: int, height: int) -> UInt8:
        """Room for one picture ``(1, height, width, 3)`` that the graph reads; sources of one size share it."""
        if (width, height) not in self._pictures:
            if len(self._pictures) >= _MOST_PICTURES:
                self._pictures.clear()
            self._pictures[width, height] = np.empty((1, height, width, 3), np.uint8)
        return self._pictures[width, height]

    def picture_sizes(self, width: int, height: int) -> tuple[tuple[int, int], ...]:
        """Width and height of the pictures that the graph sees of a frame of this size, one a look."""
        if self._fixed is not None:
            return (self._fixed,)
        return tuple(detection_size(width, height, pixels=pixels) for pixels in self._numbers.pixels or ())
