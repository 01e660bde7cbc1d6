"""Persons in a frame, by the bundle's scene/frame graph."""

import threading

import numpy as np

from edgeact.bundle import Bundle
from edgeact.geometry import (
    box_area,
    clip_box,
    invert_matrix,
    letterbox,
    letterbox_matrix,
    suppress_boxes,
    transform_box,
)
from edgeact.perception.roles import require_graph
from edgeact.perception.wiring import WiredGraph
from edgeact.types import Detection, UInt8

# Boxes down to this share of the bundle's detection score are given too: they cannot start a track, but can carry on
# one that is partly hidden (the second association of ByteTrack, Zhang et al., ECCV 2022, arXiv 2110.06864).
LOW_SCORE_SHARE = 0.4


class Detector:
    """Finds persons; may be used from several threads.

    Args:
        bundle: A bundle with a graph scene/frame that gives boxes and scores.
        device: See `open_graph`.
        threads: Threads of one operator.

    Raises:
        BundleError: The bundle has no such graph.
        BackendError: The graph cannot be loaded.
    """

    def __init__(self, bundle: Bundle, *, device: str = "cpu", threads: int = 1) -> None:
        spec = require_graph(bundle, scope="scene", horizon="frame", produces="boxes")
        self._graph = WiredGraph(bundle, spec, takes="image", device=device, threads=threads)
        self._width, self._height = self._graph.picture_size
        self._picture = np.empty((1, self._height, self._width, 3), np.uint8)
        self._calibration = bundle.manifest.calibration
        self._lock = threading.Lock()  # of the picture that the graph reads

    def detect(self, image: UInt8) -> tuple[Detection, ...]:
        """Persons of one frame, highest score first.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.

        Returns:
            Boxes within the frame, no two overlapping by more than the bundle's ``detection_iou``, with scores down to
            `LOW_SCORE_SHARE` of its ``detection_score``.
        """
        height, width = image.shape[:2]
        with self._lock:
            letterbox(image, width=self._width, height=self._height, out=self._picture[0])
            outputs = self._graph.run(self._picture)
        boxes, scores = outputs["boxes"][0], outputs["scores"][0]
        likely = scores >= LOW_SCORE_SHARE * self._calibration.detection_score
        to_frame = invert_matrix(letterbox_matrix(width, height, width=self._width, height=self._height))
        boxes, scores = clip_box(transform_box(boxes[likely], to_frame), width=width, height=height), scores[likely]
        real = box_area(boxes) >= 1.0  # nothing is left of a box that lies in the letterbox's grey
        boxes, scores = boxes[real], scores[real]
        kept = suppress_boxes(boxes, scores, iou=self._calibration.detection_iou)
        return tuple(Detection(box=boxes[index], score=float(scores[index])) for index in kept)

    def close(self) -> None:
        """Release the graph."""
        self._graph.close()
