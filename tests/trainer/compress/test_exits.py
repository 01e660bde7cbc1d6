"""The exits of a pyramid: each says something, and a budget chooses one."""

import pytest
import torch

from edgeact.errors import UsageError
from trainer.compress.exits import ExitFigures, choose_exit, exit_findings, score_exits
from trainer.inputs.batch import Batch
from trainer.models.pose_action_pyramid import PoseActionPyramid, PyramidSize

SIZE = PyramidSize(pyramids=2, levels=2, joints=5, dimensions=2, actions=2, growth=8, clip_channels=16)
EVERY = (
    ExitFigures((1, 2), 0.5, 0.5, 2.0, 10),
    ExitFigures((2, 1), 0.8, 0.7, 3.0, 20),
    ExitFigures((3, 2), 0.7, 0.8, 5.0, 30),
)


def test_every_exit_that_acts_is_scored_as_its_own_answer() -> None:
    torch.manual_seed(0)
    network = PoseActionPyramid(SIZE)
    pixels = torch.randint(0, 256, (3, 4, 16, 16, 3), dtype=torch.uint8)
    network.blocks["p1_l2"].action.action.bias.data[1] = 100.0  # the first exit calls everything the second action
    labels = torch.tensor([1, 1, 0])
    batch = Batch(pixels, labels, torch.full((3, 4), torch.nan), torch.full((3, 16, 2), -1.0))
    found = score_exits(network, [batch, batch], torch.device("cpu"))
    assert set(found) == {(1, 2), (2, 1)}
    assert found[1, 2]["top1"] == pytest.approx(2 / 3)
    assert all(0 <= value <= 1 for figures in found.values() for value in figures.values())


def test_the_best_exit_within_the_budget_is_taken() -> None:
    assert choose_exit(EVERY, milliseconds=10.0).exit_at == (2, 1)
    assert choose_exit(EVERY, milliseconds=3.0).exit_at == (2, 1)
    assert choose_exit(EVERY, milliseconds=2.5).exit_at == (1, 2)
    with pytest.raises(UsageError, match="the fastest exit takes 2 ms"):
        choose_exit(EVERY, milliseconds=1.0)


def test_the_curve_goes_from_the_fastest_exit_to_the_slowest_with_each_exits_name() -> None:
    found = exit_findings((EVERY[2], EVERY[0], EVERY[1]), "pyramid", "2026-01-31")
    (chart,) = found.charts
    precision, right = chart.curves
    assert precision.x == right.x == (2.0, 3.0, 5.0)
    assert precision.y == (0.5, 0.8, 0.7)
    assert right.y == (0.5, 0.7, 0.8)
    assert precision.names == ("1,2", "2,1", "3,2")
    rows = [(row.of, row.name, row.measured, row.unit) for row in found.figures]
    assert len(rows) == 12
    assert ("exit 2,1", "mAP", 0.8, "%") in rows
    assert ("exit 2,1", "time of a frame", 3.0, "ms") in rows
    assert ("exit 2,1", "size of its graphs", 0.02, "kB") in rows
    assert ("recipe", "pyramid") in found.facts
