"""By how much a graph differs from its network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from deploy.export import export_onnx
from deploy.parity import TIE, Parity, check_parity
from tests.deploy.test_export import Small


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parity") / "small.onnx"
    export_onnx(Small(), torch.zeros(2, 40), path, input_name="x", output_names=["y", "logs"], free="N")
    return path


class Shifted(Small):
    """The same, half a unit off in the first column of the first output."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y, logs = super().forward(x)
        shift = torch.zeros(20)
        shift[0] = 0.5
        return y + shift, logs


def test_parity_tells_by_how_much_outputs_differ(graph: Path) -> None:
    samples = [torch.full((2, 40), 0.1), torch.full((1, 40), 0.3)]
    found = check_parity(Shifted(), graph, samples, output_names=["y", "logs"])
    assert [row.output for row in found] == ["y", "logs"]
    assert found[0].largest == pytest.approx(0.5, abs=1e-2)  # rounding the weights to half adds a little
    assert found[0].mean == pytest.approx(0.5 / 20, abs=2e-3)


def test_parity_does_not_swallow_a_value_that_is_no_number(graph: Path) -> None:
    """The logarithm of a negative number: no number cannot be called equal to anything."""
    x = -4 * Small().linear.weight[:1].detach()
    (whole, logs) = check_parity(Small(), graph, [x, torch.zeros(1, 40)], output_names=["y", "logs"])
    assert np.isfinite(whole.largest)
    assert np.isnan(logs.largest)


class Ranked(nn.Module):
    """Boxes (1, 4, 4) and scores (1, 4) in a given order; the input, a 0, only makes a graph of it."""

    def __init__(self, scores: list[float], places: list[float]) -> None:
        super().__init__()
        self.register_buffer("given_scores", torch.tensor([scores]))
        self.register_buffer("given_boxes", torch.tensor(places)[None, :, None].repeat(1, 1, 4))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.given_boxes + x, self.given_scores + x


def ranked_parity(folder: Path, ours: Ranked, theirs: Ranked) -> list[Parity]:
    path, zero = folder / "ranked.onnx", torch.zeros(1)
    export_onnx(ours, zero, path, input_name="x", output_names=["boxes", "scores"], free="")
    return check_parity(theirs, path, [zero], output_names=["boxes", "scores"], ranked=True)


def test_boxes_whose_scores_tie_may_change_places(tmp_path: Path) -> None:
    theirs = Ranked([0.9, 0.5, 0.5 - TIE / 2, 0.0], [10.0, 200.0, 30.0, 0.0])
    assert ranked_parity(tmp_path, Ranked([0.9, 0.5, 0.5, 0.0], [10.0, 30.0, 200.0, 0.0]), theirs)[0].largest == 0


def test_boxes_of_clearly_different_scores_may_not(tmp_path: Path) -> None:
    theirs = Ranked([0.9, 0.5, 0.4, 0.0], [10.0, 200.0, 30.0, 0.0])
    assert ranked_parity(tmp_path, Ranked([0.9, 0.5, 0.4, 0.0], [10.0, 30.0, 200.0, 0.0]), theirs)[
        0
    ].largest == pytest.approx(170)


def test_a_tie_does_not_hide_a_wrong_box(tmp_path: Path) -> None:
    theirs = Ranked([0.9, 0.5, 0.5, 0.0], [10.0, 200.0, 30.0, 0.0])
    assert ranked_parity(tmp_path, Ranked([0.9, 0.5, 0.5, 0.0], [10.0, 31.0, 200.0, 0.0]), theirs)[
        0
    ].largest == pytest.approx(1)


def test_a_score_that_is_no_number_is_not_swallowed(tmp_path: Path) -> None:
    ours = Ranked([0.9, 0.5, float("nan"), 0.0], [10.0, 200.0, 30.0, 0.0])
    theirs = Ranked([0.9, 0.5, 0.4, 0.0], [10.0, 200.0, 30.0, 0.0])
    assert np.isnan(ranked_parity(tmp_path, ours, theirs)[1].largest)
