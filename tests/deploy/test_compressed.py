"""Networks that lost channels become bundles of smaller graphs."""

import json
from pathlib import Path

import pytest
import torch

from deploy.compressed import compress_paper, exit_rows, export_exits, size_rows, write_action_bundle
from edgeact.bundle.load import load_bundle
from edgeact.errors import ConfigError, SourceNotFoundError, UsageError
from tests.tiny_bundle import build_tiny_bundle
from tests.trainer.paper_sets import tiny_recipe, write_paper_sets
from tests.trainer.test_fit_action import moving
from trainer.compress.channels import find_channels
from trainer.compress.exits import ExitFigures
from trainer.compress.paper import paper_exits, shrink_paper
from trainer.compress.remove import remove_channels
from trainer.compress.shrink import CompressSettings
from trainer.data.action_sequences import LABELS
from trainer.fit_paper import train_paper
from trainer.models.edge_action import EdgeAction

SETTINGS = CompressSettings(share=0.6, sparse_epochs=1, penalty=1e-3, fine_tune_epochs=1, rate=1e-3, multiple=4)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return write_paper_sets(tmp_path_factory.mktemp("sets"))


@pytest.mark.parametrize("system", ["loss_guided", pytest.param("pose_action_pyramid", marks=pytest.mark.slow)])
def test_a_trained_recipe_becomes_a_bundle_of_smaller_graphs(system: str, data: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(system).model_copy(update={"compress": SETTINGS})
    train_paper(recipe, data, tmp_path)
    made = compress_paper(recipe, data, tmp_path, None, share=0.6)
    assert made.shrunk.difference < 1e-5
    assert made.shrunk.multiplications[1] <= 0.6 * made.shrunk.multiplications[0]
    for found in made.sizes:
        assert found.size[1] < found.size[0]
    assert load_bundle(made.bundle).manifest.graphs
    kept = json.loads((tmp_path / recipe.name / "narrow" / "result.json").read_text())
    assert kept["mAP"] == made.shrunk.scores["fine-tuned"]["mAP"]
    assert kept["graphs"]
    columns, rows = made.score_rows
    assert columns == ("network", "multiplications", "parameters", "top1", "mAP")
    assert [row[0] for row in rows] == ["whole", "sparse", "narrow", "fine-tuned"]
    assert all(len(row) == 7 for row in size_rows(made.sizes)[1])


def test_what_is_not_there_is_said(data: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("loss_guided")
    with pytest.raises(ConfigError, match=r"has no \[compress\]"):
        shrink_paper(recipe.model_copy(update={"compress": None}), data, tmp_path)
    with pytest.raises(SourceNotFoundError, match="train the network first"):
        shrink_paper(recipe.model_copy(update={"compress": SETTINGS}), data, tmp_path)
    with pytest.raises(UsageError, match="has one exit"):
        paper_exits(recipe, data, tmp_path)


@pytest.mark.slow
def test_the_exits_of_a_pyramid_become_a_curve_and_a_bundle(data: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("pose_action_pyramid")
    train_paper(recipe, data, tmp_path)
    figures, taken = export_exits(recipe, data, tmp_path, tmp_path / "cut", milliseconds=None)
    assert [found.exit_at for found in figures] == [(1, 2), (2, 1)]
    assert figures[0].milliseconds < figures[1].milliseconds
    assert figures[0].size < figures[1].size
    assert taken in figures
    assert load_bundle(tmp_path / "cut").plan.heads


def test_the_curve_has_a_row_for_each_exit() -> None:
    columns, rows = exit_rows([ExitFigures((1, 2), 0.5, 0.25, 2.0, 10_000)])
    assert len(columns) == len(rows[0])
    assert rows[0] == ("1,2", "2.00", "10", "50.0%", "25.0%")


def test_a_narrower_action_network_gets_a_bundle_with_all_the_rest(tmp_path: Path) -> None:
    base = load_bundle(build_tiny_bundle(tmp_path / "base"))
    torch.manual_seed(0)
    network = EdgeAction(len(LABELS), width=16).eval()
    groups = find_channels(network, (torch.rand(2, 32, 13, 3),)).groups
    remove_channels(network, groups, {group.name: torch.arange(group.count) % 2 == 0 for group in groups})
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(2)]
    validation = [type(s)(s.source, "validation", s.name, s.joints, s.frame_rate, s.allowed) for s in sequences]
    training = {"measured": {"whole": "annotated 90.0%"}}
    out = tmp_path / "narrow"
    write_action_bundle(base, network, validation, out, known=0.1, created="2026-01-31", training=training)
    made = load_bundle(out)
    before = {graph.name: graph.sha256 for graph in base.manifest.graphs}
    same = {graph.name for graph in made.manifest.graphs if before.get(graph.name) == graph.sha256}
    assert {"action", "explain"} <= {graph.name for graph in made.manifest.graphs}
    assert {"detector", "pose"} <= same
    card = (out / "MODEL_CARD.md").read_text()
    assert "annotated 90.0%" in card
    assert f"| penn_action | those on the model card of the bundle {base.manifest.name} |" in card
