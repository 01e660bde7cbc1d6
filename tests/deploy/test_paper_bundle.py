"""`edgeact train paper` ends in a bundle that `annotate` runs, for each of the five papers."""

import json
from pathlib import Path

import pytest
import torch

import edgeact
from deploy.paper_bundle import export_paper
from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.toy_video import write_toy_video
from tests.trainer.paper_sets import ACTIONS, tiny_recipe, write_paper_sets, write_ut_interaction
from tests.trainer.studio_people import write_studio_poses
from trainer.fit_paper import train_paper
from trainer.paper_recipe import PaperRecipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return write_paper_sets(tmp_path_factory.mktemp("sets"))


@pytest.mark.parametrize(
    ("system", "side", "clip"),
    [
        pytest.param("body_part_aware", 64, None, marks=pytest.mark.slow),
        # test_compressed.py trains this one and makes its bundle, too.
        pytest.param("loss_guided", 32, None, marks=pytest.mark.slow),
        pytest.param("gated3d", 32, 4, marks=pytest.mark.slow),
        ("attentional_pooling", 32, None),
        pytest.param("pose_action_pyramid", 32, 4, marks=pytest.mark.slow),
    ],
)
def test_a_training_becomes_a_bundle_that_annotate_runs(
    system: str, side: int, clip: int | None, data: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe(system)
    result = train_paper(recipe, data, tmp_path)
    export_paper(recipe, tmp_path / recipe.name, tmp_path / "bundle")
    bundle = load_bundle(tmp_path / "bundle")
    assert all(head.labels == ACTIONS for head in bundle.plan.heads or bundle.plan.scene_heads)
    made = [graph for graph in bundle.manifest.graphs if graph.name in ("scene", "person", "clip")]
    assert made[0].inputs[0].shape[-2] == side
    if clip is not None:
        (spec,) = (graph.clip for graph in bundle.manifest.graphs if graph.name == "clip")
        assert spec is not None
        assert spec.length == clip
        assert spec.stride_seconds == pytest.approx(result["clip_stride"])
        # Clips of half a second, of which five sixths are drawn in the middle.
        assert 0.05 < spec.stride_seconds * (clip - 1) < 0.5
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text()
    assert f"{result['mAP']:.1%}" in card
    assert "research" in card
    clip_file = write_toy_video(tmp_path / "toy.mp4", seconds=1.0)
    edgeact.annotate(clip_file, out=tmp_path / "results", bundle=tmp_path / "bundle", video=False)
    lines = [json.loads(line) for line in (tmp_path / "results" / "toy.frames.jsonl").read_text().splitlines()]
    assert len(lines) > 20
    if system in ("loss_guided", "attentional_pooling", "gated3d"):
        assert "scene" in lines[-1]


@pytest.mark.slow
def test_a_recipe_that_learns_depth_becomes_a_bundle_that_gives_joints_in_3d(tmp_path: Path) -> None:
    write_ut_interaction(tmp_path)
    write_studio_poses(tmp_path / "studio_poses", trained=4, measured=1)
    tiny = tiny_recipe("pose_action_pyramid").model_dump()
    tiny["network"]["dimensions"], tiny["data"]["sets"] = 3, ("ut_interaction", "studio_poses")
    recipe = PaperRecipe.model_validate(tiny)
    train_paper(recipe, tmp_path, tmp_path / "work")
    export_paper(recipe, tmp_path / "work" / recipe.name, tmp_path / "bundle")
    (person,) = (graph for graph in load_bundle(tmp_path / "bundle").manifest.graphs if graph.name == "person")
    assert person.output("joints_3d") is not None
    assert "rendered by the studio" in (tmp_path / "bundle" / "MODEL_CARD.md").read_text()


def test_what_is_missing_or_of_another_version_is_named(tmp_path: Path) -> None:
    recipe = tiny_recipe("loss_guided")
    with pytest.raises(SourceNotFoundError, match="train the network first"):
        export_paper(recipe, tmp_path, tmp_path / "bundle")
    (tmp_path / "result.json").write_text('{"top1": 1}')
    with pytest.raises(SourceFormatError, match="train again"):
        export_paper(recipe, tmp_path, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
