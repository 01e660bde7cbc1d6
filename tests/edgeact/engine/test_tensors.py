"""What a graph gave is looked at every time: cheap, and never taken for an empty scene."""

import time

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.engine.base import Array, TensorInfo
from edgeact.engine.tensors import check_tensors, check_values
from edgeact.errors import BackendError, BundleError

GRAPHS = {graph.name: graph for graph in load_bundle().manifest.graphs}


def check(graph: GraphSpec, outputs: dict[str, Array], *, count: int = 1) -> None:
    shape = [count if size == "N" else 64 if isinstance(size, str) else size for size in graph.inputs[0].shape]
    check_values(graph, {graph.inputs[0].name: np.zeros(shape)}, outputs)


def detected(box: tuple[float, float, float, float], score: float) -> dict[str, Array]:
    boxes, scores = np.zeros((1, 100, 4), np.float32), np.zeros((1, 100), np.float32)
    boxes[0, 7], scores[0, 7] = box, score
    return {"boxes": boxes, "scores": scores}


def test_boxes_of_persons_have_their_corners_in_order() -> None:
    check(GRAPHS["detector"], detected((10, 20, 30, 40), 0.9))
    check(GRAPHS["detector"], detected((30, 20, 10, 40), 0.1))  # nobody's
    for box in ((30, 20, 10, 40), (10, 40, 30, 20)):
        with pytest.raises(BackendError, match="'detector' gave boxes of persons whose right or lower"):
            check(GRAPHS["detector"], detected(box, 0.9))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_not_finite_is_enough(value: float) -> None:
    outputs = detected((10, 20, 30, 40), 0.9)
    outputs["boxes"][0, 99, 3] = value  # whatever the score
    with pytest.raises(BackendError, match="boxes that are not finite"):
        check(GRAPHS["detector"], outputs)


@pytest.mark.parametrize(("value", "sound"), [(-0.1, False), (-1e-4, True), (1 + 1e-4, True), (1.1, False)])
def test_probabilities_are_in_0_to_1_but_for_rounding(value: float, sound: bool) -> None:
    outputs = detected((10, 20, 30, 40), value)
    if sound:
        check(GRAPHS["detector"], outputs)
    else:
        with pytest.raises(BackendError, match=r"scores from .* no probabilities"):
            check(GRAPHS["detector"], outputs)


def test_as_many_persons_come_out_as_went_in() -> None:
    labels = GRAPHS["action"].outputs[0].shape[1]
    assert isinstance(labels, int)
    check(GRAPHS["action"], {"actions": np.zeros((3, labels))}, count=3)
    with pytest.raises(BackendError, match=rf"actions of shape \[1, {labels}\] instead of \[3, {labels}\]"):
        check(GRAPHS["action"], {"actions": np.zeros((1, labels))}, count=3)


def infos(graph: GraphSpec, **shapes: tuple[int | None, ...]) -> list[list[TensorInfo]]:
    return [
        [
            TensorInfo(
                spec.name,
                shapes.get(spec.name, tuple(size if isinstance(size, int) else None for size in spec.shape)),
                spec.dtype,
            )
            for spec in specs
        ]
        for specs in (graph.inputs, graph.outputs)
    ]


def test_a_graph_may_leave_open_what_the_manifest_states_but_not_the_reverse() -> None:
    pose = GRAPHS["pose"]
    height, width = pose.inputs[0].shape[1:3]
    assert isinstance(height, int)
    assert isinstance(width, int)
    for shape in ((None, height, width, 3), (None, None, None, 3)):
        check_tensors(pose, *infos(pose, image=shape))
    for shape in ((1, height, width, 3), (None, height + 1, width, 3), (height, width, 3), ()):
        with pytest.raises(BundleError, match=r"pose\.onnx takes image as \["):
            check_tensors(pose, *infos(pose, image=shape))


def test_looking_costs_next_to_nothing() -> None:
    """A pose takes milliseconds; the limit is wide, so that a busy machine does not break it."""
    rng = np.random.default_rng(0)
    pose = GRAPHS["pose"]
    outputs: dict[str, Array] = {
        spec.name: rng.random([2 if isinstance(size, str) else size for size in spec.shape], np.float32)
        for spec in pose.outputs
    }
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        check(pose, outputs, count=2)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 1e-3
