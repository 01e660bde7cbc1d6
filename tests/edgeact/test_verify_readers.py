"""``edgeact verify`` tries graphs of scenes, clips of pictures and features, and lifters, on what they are given."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Frame
from edgeact.verify import verify_bundle
from tests.tiny_bundle import change_graph, change_output
from tests.tiny_readers import add_lifter, build_heads_bundle, build_side_bundle, build_trend_bundle


def build_lifted_heads(folder: Path) -> Path:
    return add_lifter(build_heads_bundle(folder))


@pytest.mark.parametrize(
    ("build", "graphs"),
    [
        (build_side_bundle, ["side"]),
        (build_trend_bundle, ["trend", "why_trend"]),
        (build_lifted_heads, ["detector", "pose", "moves", "lift"]),
    ],
)
def test_every_kind_of_graph_is_tried(tmp_path: Path, build: Callable[[Path], Path], graphs: list[str]) -> None:
    _, checks, unknown = verify_bundle(build(tmp_path / "bundle"))
    assert [check.graph.name for check in checks] == graphs
    assert [check.fault for check in checks] == [None] * len(graphs)
    assert all(check.seconds > 0 for check in checks)
    assert unknown == []


def test_a_map_of_no_numbers_is_found_by_verify_and_the_runtime(tmp_path: Path) -> None:
    folder = build_side_bundle(tmp_path / "bundle")
    change_graph(folder, "side", change_output("sam", "Add", np.float32(np.nan)))
    words = "graph 'side' gave sam that are not finite"
    with Engine(load_bundle(folder)) as engine, pytest.raises(BackendError, match=words):
        Perceiver(engine).process(Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8)))
    _, (check,), _ = verify_bundle(folder)
    with pytest.raises(BackendError, match=words):
        raise check.fault or AssertionError("verify finds nothing")
