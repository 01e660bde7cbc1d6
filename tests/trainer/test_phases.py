"""Paper E in phases: poses, actions on poses that stay, then both with decoupled poses; up to the bundle."""

from pathlib import Path

import pytest
import torch

from deploy.paper_bundle import export_paper
from edgeact.bundle.load import load_bundle
from edgeact.errors import ConfigError
from tests.trainer.paper_sets import tiny_recipe, write_paper_sets
from trainer.checkpoint import read_tensors
from trainer.compress.paper import load_trained
from trainer.fit_paper import train_paper
from trainer.paper_recipe import PaperRecipe, load_paper_recipe, make_task, paper_recipes
from trainer.phases import PhaseSettings

PHASES = (
    PhaseSettings(learns="poses", epochs=1),
    PhaseSettings(learns="actions", epochs=1),
    PhaseSettings(learns="both", epochs=1, rate=1e-4, decouple=True),
)


def in_phases(*phases: PhaseSettings) -> PaperRecipe:
    recipe = tiny_recipe("pose_action_pyramid", epochs=len(phases))
    training = recipe.training.model_copy(update={"average_decay": None})
    return recipe.model_copy(update={"phases": phases, "training": training})


def after(folder: Path, phase: int) -> dict[str, torch.Tensor]:
    tensors, _ = read_tensors(folder / f"phase_{phase}" / "checkpoint.safetensors")
    return {name.removeprefix("model."): value for name, value in tensors.items() if name.startswith("model.")}


def acts(name: str) -> bool:
    return any(part in name for part in (".action.", ".action_heads.", "clip_residuals."))


def test_each_phase_changes_what_it_learns_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    data, recipe = write_paper_sets(tmp_path / "data"), in_phases(*PHASES)
    before = train_paper(recipe, data, tmp_path / "work")
    folder = tmp_path / "work" / recipe.name
    first, second, third = (after(folder, phase) for phase in (1, 2, 3))
    changed = {name for name in first if not torch.equal(first[name], second[name])}
    assert changed
    assert all(acts(name) for name in changed)  # of what says poses not even batch statistics changed
    assert any(not torch.equal(second[name], third[name]) for name in second if not acts(name))
    assert {name for name in third if name not in second} == {name for name in third if ".action_heads." in name}
    assert train_paper(recipe, data, tmp_path / "work") == before  # goes on where it was, which is the end
    read = load_trained(make_task(recipe.network, 2, None).network, folder)
    assert all(torch.equal(value, third[name]) for name, value in read.state_dict().items())
    with pytest.raises(ConfigError, match="trained by another recipe: phases was"):
        train_paper(in_phases(*PHASES[:2], PhaseSettings(learns="both", epochs=1)), data, tmp_path / "work")


@pytest.mark.slow
def test_a_decoupled_network_becomes_a_bundle(tmp_path: Path) -> None:
    data, recipe = write_paper_sets(tmp_path / "data"), in_phases(PhaseSettings(learns="both", epochs=1, decouple=True))
    train_paper(recipe, data, tmp_path / "work")
    export_paper(recipe, tmp_path / "work" / recipe.name, tmp_path / "bundle")
    assert [graph.name for graph in load_bundle(tmp_path / "bundle").manifest.graphs if graph.heads] == ["clip"]


def test_the_papers_recipe_ends_decoupled_and_phases_must_fill_the_training(tmp_path: Path) -> None:
    recipe = load_paper_recipe(Path("pose_action_pyramid"))
    assert [phase.learns for phase in recipe.phases] == ["poses", "actions", "both", "both"]
    assert [phase.decouple for phase in recipe.phases] == [False, False, False, True]
    text = paper_recipes()["pose_action_pyramid"].read_text()
    (tmp_path / "longer.toml").write_text(text.replace("epochs = 60", "epochs = 61"))
    with pytest.raises(ConfigError, match="phases have 121 epochs together, the training has 120"):
        load_paper_recipe(tmp_path / "longer.toml")
    other = paper_recipes()["gated3d_small"].read_text() + '\n[[phases]]\nlearns = "actions"\nepochs = 20\n'
    (tmp_path / "other.toml").write_text(other)
    with pytest.raises(ConfigError, match="phases are of pose_action_pyramid"):
        load_paper_recipe(tmp_path / "other.toml")
