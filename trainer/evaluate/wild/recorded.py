"""Calls of one graph alone, for timing: on every input that the runtime gave to the graph, without the runtime's work
around it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from edgeact.engine.graph import Graph, Outputs
from edgeact.perception.detect import Detector
from edgeact.perception.pose import PoseEstimator


class _Recorder:
    """Stands for a graph, and keeps its inputs; all but `run` is the graph's own."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.arrays: list[np.ndarray] = []

    def run(self, array: np.ndarray) -> Outputs:
        self.arrays.append(array.copy())
        return self.graph.run(array)

    def __getattr__(self, name: str) -> object:
        return getattr(self.graph, name)


def detector_graph(detector: Detector, image: np.ndarray) -> Callable[[], object]:
    """A call of the detector's graphs alone, on what the detector makes of a picture ``(H, W, 3)`` uint8 RGB.

    What size a picture is brought to is the detector's own affair; so its inputs are watched, not made again here.
    """
    own = detector._graphs
    recorders = [_Recorder(graph) for graph, _ in own]
    detector._graphs = [(recorder, budgets) for recorder, (_, budgets) in zip(recorders, own, strict=True)]
    try:
        detector.detect(image)
    finally:
        detector._graphs = own
    return _again(recorders)


def pose_graph(estimator: PoseEstimator, image: np.ndarray, box: np.ndarray) -> Callable[[], object]:
    """A call of the pose graph alone, for one person ``(4,)`` of a picture ``(H, W, 3)`` uint8 RGB."""
    own = estimator._graph
    estimator._graph = recorder = _Recorder(own)
    try:
        estimator.estimate(image, np.asarray(box, np.float32)[None])
    finally:
        estimator._graph = own
    return _again([recorder])


def _again(recorders: Sequence[_Recorder]) -> Callable[[], object]:
    """All recorded runs once more, without a recorder between."""
    runs = [(recorder.graph, array) for recorder in recorders for array in recorder.arrays]
    if not runs:
        raise RuntimeError("no graph was run")
    return lambda: [graph.run(array) for graph, array in runs]
