"""Persons in a frame, by the bundle's scene/frame graphs."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgeact.engine.engine import Engine
from edgeact.engine.graph import Graph
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
_MOST_SIZES = 8  # of pictures for which room is kept
_MOST_PICTURES = 8  # in one call of the graph: more make it little faster, and each needs memory


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

    A person is found at several sizes of the picture, or by several networks; a chance likeness by one look alone. So a
    box's score is mixed with that of the best box of each other look that agrees with it (IoU from `AGREEING_IOU`), or
    with 0 where none does. What two looks found twice is left to non-maximum suppression.

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


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One look at a frame.

    Attributes:
        graph: That looks.
        width: Of the picture that it is given.
        height: Likewise.
    """

    graph: Graph
    width: int
    height: int


class Detector:
    """Finds persons by an engine's scene/frame graphs; may be used from several threads.

    Args:
        engine: With a plan that has a detector, or several whose looks are joined.
    """

    def __init__(self, engine: Engine) -> None:
        plan = engine.bundle.plan
        # Each graph with the budgets of its looks; none where its size is fixed.
        self._graphs = [
            (engine.graph(spec), () if spec.detection is None else spec.detection.pixels or ())
            for spec in plan.detectors
        ]
        self._numbers = plan.detection
        self._at_once = _MOST_PICTURES if all(graph.takes_batches for graph, _ in self._graphs) else 1
        # What the graphs read (N, height, width, 3), by width and height.
        self._pictures: dict[tuple[int, int], UInt8] = {}
        self._lock = threading.Lock()  # of these pictures

    def detect(self, image: UInt8) -> tuple[Detection, ...]:
        """Persons of one frame, highest score first.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.

        Returns:
            Boxes within the frame, no two overlapping by more than the bundle's ``iou``, with scores down to
            `LOW_SCORE_SHARE` of its ``score``.
        """
        return self.detect_all([image])[0]

    def detect_all(self, images: Sequence[UInt8]) -> list[tuple[Detection, ...]]:
        """Persons of several frames, which may be of several sources.

        Frames of one size are given to the graphs together, where these take several pictures at once.

        Args:
            images: Each ``(H, W, 3)`` uint8 RGB.

        Returns:
            For each frame, in order, what `detect` says of it.
        """
        rows_by_size: dict[tuple[int, int], list[int]] = {}
        for row, image in enumerate(images):
            rows_by_size.setdefault((image.shape[1], image.shape[0]), []).append(row)
        found: dict[int, tuple[Detection, ...]] = {}
        for (width, height), rows in rows_by_size.items():
            for first in range(0, len(rows), self._at_once):
                chosen = rows[first : first + self._at_once]
                with self._lock:
                    looks = [self._look([images[row] for row in chosen], look) for look in self._looks(width, height)]
                for index, row in enumerate(chosen):
                    found[row] = self._conclude([look[index] for look in looks])
        return [found[row] for row in range(len(images))]

    def _conclude(self, looks: Sequence[tuple[Float32, Float32]]) -> tuple[Detection, ...]:
        """The persons of one frame, from the boxes and scores of each look at it."""
        boxes, scores = join_looks(looks)
        likely = scores >= LOW_SCORE_SHARE * self._numbers.score
        boxes, scores = boxes[likely], scores[likely]
        kept = suppress_boxes(boxes, scores, iou=self._numbers.iou)
        return tuple(Detection(box=boxes[index], score=float(scores[index])) for index in kept)

    def _look(self, images: Sequence[UInt8], look: _Look) -> list[tuple[Float32, Float32]]:
        """For each of several frames of one size, boxes ``(N, 4)`` in its pixels and scores ``(N,)`` of one look."""
        height, width = images[0].shape[:2]
        seen_width, seen_height = look.width, look.height
        pictures = self._room(seen_width, seen_height, count=len(images))
        for image, picture in zip(images, pictures, strict=True):
            letterbox(image, width=seen_width, height=seen_height, out=picture)
        outputs = look.graph.run(pictures)
        to_frame = invert_matrix(letterbox_matrix(width, height, width=seen_width, height=seen_height))
        looks = []
        for boxes, scores in zip(outputs.of("boxes"), outputs.of("scores"), strict=True):
            likely = scores >= LOWEST_SHARE * self._numbers.score
            placed = clip_box(transform_box(boxes[likely], to_frame), width=width, height=height)
            real = box_area(placed) >= 1.0  # nothing is left of a box that lies in the letterbox's grey
            looks.append((placed[real], scores[likely][real]))
        return looks

    def _room(self, width: int, height: int, *, count: int) -> UInt8:
        """Room for pictures ``(count, height, width, 3)`` that a graph reads; sources of one size share it."""
        kept = self._pictures.get((width, height))
        if kept is None or len(kept) < count:
            if kept is None and len(self._pictures) >= _MOST_SIZES:
                self._pictures.clear()
            kept = self._pictures[width, height] = np.empty((count, height, width, 3), np.uint8)
        return kept[:count]

    def picture_sizes(self, width: int, height: int) -> tuple[tuple[int, int], ...]:
        """Width and height of the pictures that the graphs see of a frame of this size, one a look."""
        return tuple((look.width, look.height) for look in self._looks(width, height))

    def _looks(self, width: int, height: int) -> Iterator[_Look]:
        """All looks at a frame of this size, graph after graph."""
        for graph, budgets in self._graphs:
            if graph.takes_any_size:
                for pixels in budgets:
                    yield _Look(graph, *detection_size(width, height, pixels=pixels))
            else:
                yield _Look(graph, *graph.picture_size)
