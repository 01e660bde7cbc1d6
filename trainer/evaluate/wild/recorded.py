"""Calls of one graph alone, for timing: on every input that the runtime gave to the graph, without the runtime's work
around it.
"""

from collections.abc import Callable

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
    """A call of the detector's graph alone, on what the detector makes of a picture ``(H, W, 3)`` uint8 RGB.

    What size a picture is brought to is the detector's own affair; so its input is watched, not made again here.
    """
    return _recorded(detector, lambda: detector.detect(image))


def pose_graph(estimator: PoseEstimator, image: np.ndarray, box: np.ndarray) -> Callable[[], object]:
    """A call of the pose graph alone, for one person ``(4,)`` of a picture ``(H, W, 3)`` uint8 RGB."""
    return _recorded(estimator, lambda: estimator.estimate(image, np.asarray(box, np.float32)[None]))


def _recorded(owner: Detector | PoseEstimator, use: Callable[[], object]) -> Callable[[], object]:
    graph = owner._graph
    recorder = _Recorder(graph)
    owner._graph = recorder
    try:
        use()
    finally:
        owner._graph = graph
    if not recorder.arrays:
        raise RuntimeError(f"{type(owner).__name__} did not run its graph")
    return lambda: [graph.run(array) for array in recorder.arrays]
