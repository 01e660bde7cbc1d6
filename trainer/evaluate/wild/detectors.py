"""The detectors that stand side by side: ours as the runtime runs it, and the published peers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.engine.onnx import OnnxBackend
from edgeact.geometry import suppress_boxes
from edgeact.perception.detect import Detector
from trainer.evaluate.wild.recorded import detector_graph
from trainer.precomputed.teachers import TeacherDetector, letterbox_square

OURS = "edgeact"
COMPACT_PEER, ACCURATE_PEER = "RTMDet-nano 320", "YOLOX-nano 416"  # what the two bundles are held against
LOWEST_SCORE = 0.05  # of a peer's box; the threshold for a budget of false boxes lies far above
RTMDET_THRESHOLD = 0.35  # at which the labelling tool takes its boxes
YOLOX_THRESHOLD = 0.3  # of its authors' demonstration


@dataclass(frozen=True, slots=True, eq=False)
class TestedDetector:
    """One detector.

    Attributes:
        name: In the tables.
        threshold: Its own.
        find: Picture ``(H, W, 3)`` uint8 RGB → boxes ``(N, 4)`` float32 in its pixels and scores ``(N,)``.
        graph: Picture → a call of the network alone.
    """

    __test__ = False  # not a test for pytest

    name: str
    threshold: float
    find: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    graph: Callable[[np.ndarray], Callable[[], object]]


def our_detector(bundle: Bundle) -> TestedDetector:
    """The bundle's, through the runtime."""
    return runtime_detector(OURS, Detector(Engine(bundle)), bundle.plan.detection.score)


def runtime_detector(name: str, detector: Detector, threshold: float) -> TestedDetector:
    """A detector as the runtime has it, which is used at a threshold."""

    def find(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = detector.detect(rgb)
        boxes = np.array([row.box for row in found], np.float32).reshape(-1, 4)
        return boxes, np.array([row.score for row in found], np.float32)

    return TestedDetector(name, threshold, find, lambda rgb: detector_graph(detector, rgb))


def rtmdet(teachers: Path, size: int) -> TestedDetector:
    """RTMDet-nano on letterboxed squares."""
    network = TeacherDetector(teachers, size)

    def find(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = network(np.ascontiguousarray(rgb[..., ::-1]), threshold=LOWEST_SCORE)
        return rows[:, :4], rows[:, 4]

    def graph(rgb: np.ndarray) -> Callable[[], object]:
        values, _ = network.prepare(rgb[..., ::-1])
        return lambda: network.session.run(None, {"input": values})

    return TestedDetector(f"RTMDet-nano {size}", RTMDET_THRESHOLD, find, graph)


def yolox(teachers: Path) -> TestedDetector:
    """YOLOX-nano at 416, its raw output decoded as its authors do."""
    network, size = OnnxBackend((teachers / "yolox_nano.onnx").read_bytes(), name="YOLOX-nano"), 416

    def values(rgb: np.ndarray) -> tuple[np.ndarray, float]:
        square, ratio = letterbox_square(rgb[..., ::-1], size)
        return square.transpose(2, 0, 1)[None], ratio

    def find(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        array, ratio = values(rgb)
        boxes, scores = decode_yolox(network.run({"images": array})["output"][0], size)
        sure = scores >= LOWEST_SCORE
        boxes, scores = boxes[sure] / ratio, scores[sure]
        kept = suppress_boxes(boxes, scores, iou=0.6)
        return boxes[kept], scores[kept]

    def graph(rgb: np.ndarray) -> Callable[[], object]:
        array, _ = values(rgb)
        return lambda: network.run({"images": array})

    return TestedDetector(ACCURATE_PEER, YOLOX_THRESHOLD, find, graph)


def decode_yolox(rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Raw rows ``(M, 85)`` of strides 8, 16, 32 → boxes ``(M, 4)`` in pixels of the square and the scores ``(M,)`` of
    the class person.
    """
    cells = []
    for stride in (8, 16, 32):
        y, x = np.mgrid[: size // stride, : size // stride]
        cells.append(np.stack([x, y, np.full_like(x, stride)], -1).reshape(-1, 3))
    grid = np.concatenate(cells).astype(np.float32)
    stride = grid[:, 2:]
    centre, half = (rows[:, :2] + grid[:, :2]) * stride, np.exp(rows[:, 2:4]) * stride / 2
    return np.concatenate([centre - half, centre + half], 1), rows[:, 4] * rows[:, 5]
