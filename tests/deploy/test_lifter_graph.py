"""A lifter is exported, compared, added to a bundle that there is, and gives 3D in the runtime."""

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from deploy.cli import app
from deploy.lifter_graph import GRAPH_NAME, add_lifter
from deploy.package import write_bundle
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.errors import CheckpointError, SourceNotFoundError, UsageError
from tests.deploy.networks import CALIBRATION, random_networks, random_samples
from tests.trainer.data.lifting.walkers import exact_bank, walker
from trainer.data.lifting.motions import join_clips
from trainer.data.lifting.views import LiftingViews
from trainer.evaluate.lifting import bundle_lifter
from trainer.fit_lifter import fit, limb_error, load_lifter
from trainer.inputs.body_tree import bones_of
from trainer.inputs.lifter_clip import CLIP_LENGTH
from trainer.models.lifter import Lifter
from trainer.recipe import LifterRecipe


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle that gives no 3D."""
    folder = tmp_path_factory.mktemp("plain") / "bundle"
    networks, samples = random_networks(action=False), random_samples()
    return write_bundle(
        folder, networks, CALIBRATION, samples, name="plain", version="1", created="2026-01-31", training={}
    )


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of two steps."""
    path = tmp_path_factory.mktemp("trained") / "checkpoint.safetensors"
    recipe = LifterRecipe(steps=2, batch=8, rate=1e-3, mild_from=1, teacher_poses=False)
    fit([walker(), walker(split="validation")], exact_bank(), path, recipe)
    return path


def seen() -> np.ndarray:
    return LiftingViews(join_clips([walker()]), exact_bank()).draw(5, 1, None, noise=False).poses.numpy()


def test_the_bundles_3d_is_that_of_the_trained_network(plain: Bundle, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "with_3d"
    result = CliRunner().invoke(
        app,
        ["add-lifter", str(plain.directory), "--network", str(checkpoint), "--out", str(out)],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    made = load_bundle(out)
    graph = made.graph(GRAPH_NAME)
    assert graph.outputs[0].shape == ("N", 21, 3)
    assert graph.clip is not None
    assert graph.clip.length == CLIP_LENGTH
    assert made.manifest.parity[GRAPH_NAME][0]["largest"] < 1e-3
    parameters = sum(p.numel() for p in Lifter().parameters())
    assert (out / graph.file).stat().st_size < 2.1 * parameters  # half precision
    with torch.no_grad():
        wanted = load_lifter(checkpoint)(torch.from_numpy(seen())).numpy()
    assert np.abs(bundle_lifter(made)(seen()) - wanted).max() < 3e-3  # weights are stored in half precision
    for spec in plain.manifest.graphs:
        assert made.read_graph(made.graph(spec.name)) == plain.read_graph(spec)
    assert "3D joints" in (out / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_a_second_lifter_is_refused(plain: Bundle, tmp_path: Path) -> None:
    made = add_lifter(plain, Lifter().eval(), tmp_path / "once", said={}, version="7.8.9")
    assert made.manifest.version == "7.8.9"
    assert "7.8.9" in (tmp_path / "once/MODEL_CARD.md").read_text(encoding="utf-8").splitlines()[0]
    with pytest.raises(UsageError, match="gives joints_3d already"):
        add_lifter(made, Lifter().eval(), tmp_path / "twice", said={})
    assert not (tmp_path / "twice").exists()


def test_a_bundle_is_made_with_its_lifter(tmp_path: Path) -> None:
    networks = random_networks(action=False)
    networks = type(networks)(networks.detector, networks.pose, None, Lifter().eval())
    made = write_bundle(
        tmp_path / "bundle",
        networks,
        CALIBRATION,
        random_samples(),
        name="a",
        version="1",
        created="2026-01-31",
        training={},
    )
    assert [graph.name for graph in made.manifest.graphs] == ["detector", "pose", GRAPH_NAME]


@pytest.mark.parametrize("name", ["compact", "accurate"])
def test_the_bundles_that_ship_lift_a_walker(name: str) -> None:
    """Fourteen steps of somebody who walks, from random cameras, their true joints in the picture."""
    views = LiftingViews(join_clips([walker()]), exact_bank()).draw(64, 1, None, noise=False)
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
