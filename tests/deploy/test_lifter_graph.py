"""A lifter is exported, compared, added to a bundle that there is, and gives 3D in the runtime."""

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from deploy.cli import app
from deploy.lifter_graph import GRAPH_NAME, add_lifter
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.errors import CheckpointError, SourceNotFoundError, UsageError
from tests.tiny_bundle import build_tiny_bundle
from tests.trainer.data.lifting.walkers import exact_bank, walker
from trainer.data.lifting.motions import join_clips
from trainer.data.lifting.views import LiftingViews
from trainer.evaluate.lifting import bundle_lifter
from trainer.fit_lifter import fit, limb_error, load_lifter
from trainer.inputs.body_tree import bones_of
from trainer.inputs.lifter_clip import CLIP_LENGTH
from trainer.lifter_recipe import LifterRecipe
from trainer.models.lifter import Lifter


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle that gives no 3D, whose card begins with its name and version."""
    folder = build_tiny_bundle(tmp_path_factory.mktemp("plain") / "bundle")
    (folder / "MODEL_CARD.md").write_text("# tiny 1\n\nA toy bundle for tests.\n", encoding="utf-8")
    return load_bundle(folder)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of two steps."""
    path = tmp_path_factory.mktemp("trained") / "checkpoint.safetensors"
    recipe = LifterRecipe(steps=2, batch=8, rate=1e-3, mild_from=1, teacher_poses=False, mix={"studio": 1.0})
    fit([walker(), walker(split="validation")], exact_bank(), path, recipe)
    return path


@pytest.fixture(scope="module")
def lifting(plain: Bundle, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The same bundle with a lifter, as the command makes it."""
    out = tmp_path_factory.mktemp("lifting") / "with_3d"
    result = CliRunner().invoke(
        app,
        ["add-lifter", str(plain.directory), "--network", str(checkpoint), "--out", str(out), "--version", "7.8.9"],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    return load_bundle(out)


def seen() -> np.ndarray:
    views = LiftingViews(join_clips([walker()], {"studio": 1.0}), exact_bank())
    return views.draw(5, 1, None, noise=False).poses.numpy()


def test_the_bundles_3d_is_that_of_the_trained_network(plain: Bundle, checkpoint: Path, lifting: Bundle) -> None:
    graph = lifting.graph(GRAPH_NAME)
    assert graph.outputs[0].shape == ("N", 21, 3)
    assert graph.clip is not None
    assert graph.clip.length == CLIP_LENGTH
    assert lifting.manifest.parity[GRAPH_NAME][0]["largest"] < 1e-3
    parameters = sum(p.numel() for p in Lifter().parameters())
    assert (lifting.directory / graph.file).stat().st_size < 2.1 * parameters  # half precision
    with torch.no_grad():
        wanted = load_lifter(checkpoint)(torch.from_numpy(seen())).numpy()
    assert np.abs(bundle_lifter(lifting)(seen()) - wanted).max() < 3e-3  # weights are stored in half precision
    for spec in plain.manifest.graphs:
        assert lifting.read_graph(lifting.graph(spec.name)) == plain.read_graph(spec)
    assert lifting.manifest.version == "7.8.9"
    card = (lifting.directory / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "7.8.9" in card.splitlines()[0]
    assert "3D joints" in card


def test_a_second_lifter_is_refused(lifting: Bundle, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gives joints_3d already"):
        add_lifter(lifting, Lifter().eval(), tmp_path / "twice", said={})
    assert not (tmp_path / "twice").exists()


@pytest.mark.parametrize("name", ["compact", "accurate"])
def test_the_bundles_that_ship_lift_a_walker(name: str) -> None:
    """Fourteen steps of somebody who walks, from random cameras, their true joints in the picture."""
    views = LiftingViews(join_clips([walker()], {"studio": 1.0}), exact_bank()).draw(64, 1, None, noise=False)
    found = torch.from_numpy(bundle_lifter(load_bundle(Path(name)))(views.poses.numpy()))
    assert limb_error(found, views.joints, views.known) < 90  # measured 72 mm; a mean pose gives 211
    lengths = bones_of(found).norm(dim=-1)
    assert lengths.min() > 0.02
    assert lengths.max() < 0.7


def test_checkpoints_that_are_not_there_or_not_of_a_lifter_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"none\.safetensors not found"):
        load_lifter(tmp_path / "none.safetensors")
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"no network")
    with pytest.raises(CheckpointError, match=r"other\.safetensors"):
        load_lifter(other)
