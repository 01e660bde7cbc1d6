"""Recipes of the papers: those that ship hold the papers' numbers, and every fault of a file is told at once."""

from pathlib import Path
from typing import get_args

import pytest

from deploy.paper_bundle import SET_TERMS
from edgeact.errors import ConfigError
from trainer.data.recipe_sets import CLIP_SETS, PICTURE_SETS, POSE_SETS, SEVERAL_ACTIONS_SETS
from trainer.optimizers import Adam, RmsProp, Sgd
from trainer.paper_recipe import SetName, load_paper_recipe, paper_recipes
from trainer.schedule import StepSchedule, learning_rate

SYSTEMS = ("attentional_pooling", "body_part_aware", "gated3d", "loss_guided", "pose_action_pyramid")


def test_each_paper_has_its_recipe_a_small_one_and_one_of_interactions() -> None:
    endings = ("", "_small", "_interactions")
    assert set(paper_recipes()) == {f"{system}{ending}" for system in SYSTEMS for ending in endings}
    for name in paper_recipes():
        recipe = load_paper_recipe(Path(name))
        assert recipe.name == name
        assert recipe.network.system == name.removesuffix("_small").removesuffix("_interactions")
        assert not (recipe.published_start and name.endswith("_small"))


def test_the_recipes_of_interactions_know_the_same_actions() -> None:
    recipes = [load_paper_recipe(Path(name)) for name in paper_recipes() if name.endswith("_interactions")]
    assert {recipe.data.actions for recipe in recipes} == {"ut_interaction"}
    by_person = {recipe.network.system for recipe in recipes if recipe.data.clip_view == "person"}
    assert by_person == {"pose_action_pyramid"}  # which is given crops of persons at run time


def test_clips_are_cut_into_persons_for_the_pyramids_alone(tmp_path: Path) -> None:
    text = paper_recipes()["gated3d_small"].read_text()
    (tmp_path / "mine.toml").write_text(text.replace("batch = 8", 'batch = 8\nclip_view = "person"'))
    with pytest.raises(ConfigError, match="clip_view = person is of pose_action_pyramid; leave it out"):
        load_paper_recipe(tmp_path / "mine.toml")


def test_the_papers_numbers() -> None:
    """SYSTEMS of the design: what each paper says of its training."""
    a, b, c, d, e = (
        load_paper_recipe(Path(name))
        for name in ("body_part_aware", "loss_guided", "gated3d", "attentional_pooling", "pose_action_pyramid")
    )
    assert (a.data.batch, a.training.rate, a.training.epochs, a.network.balance) == (16, 1e-5, 210, 0.00075)
    assert (a.data.rotation, a.data.pose_rotation, a.data.zoom) == (10, 90, 0.25)
    assert isinstance(a.training.optimizer, Adam)
    rates = [learning_rate(epoch, 210, 1e-5, a.training.schedule) for epoch in (169, 170, 199, 200)]
    assert rates == pytest.approx([1e-5, 1e-6, 1e-6, 1e-7])
    assert (b.data.batch, b.training.rate, b.network.size, b.data.rotation, b.data.zoom) == (12, 1e-5, 448, 10, 0.1)
    assert (c.training.rate, c.network.frames, c.network.size, c.network.time_factor) == (1e-3, 16, 112, 2)
    assert isinstance(c.training.optimizer, Sgd)
    assert isinstance(c.training.schedule, StepSchedule)
    steps = [learning_rate(epoch, 150, 1.0, c.training.schedule) for epoch in (49, 51, 99, 101)]
    assert steps == pytest.approx([1, 0.1, 0.1, 0.01])
    assert (d.network.matrices, d.network.first_rank, d.network.pose_weight) == (3, 4096, 1e-6)
    assert isinstance(e.training.optimizer, RmsProp)
    assert (e.training.rate, e.network.levels, e.network.growth, e.data.rotation) == (1e-3, 4, 96, 40)
    assert (e.data.clip_steps, e.data.colour_shift) == ((3, 10), 0.1)
    assert {(one.data.clip_steps, one.data.colour_shift) for one in (a, b, c, d)} == {(None, 0.0)}


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = paper_recipes()["loss_guided_small"].read_text()
    text = text.replace("size = 96", "size = 97\ncolour = 3").replace("epochs = 8", "epochs = 0")
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_paper_recipe(path)
    for words in ("network.loss_guided.size", "network.loss_guided.colour", "training.epochs"):
        assert words in str(refused.value)


def test_all_that_does_not_fit_together_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = paper_recipes()["loss_guided_small"].read_text().replace('["stanford40"]', '["stanford40", "lspet"]')
    path.write_text(f'{text}\n[[phases]]\nlearns = "both"\nepochs = 3\n')
    with pytest.raises(ConfigError) as refused:
        load_paper_recipe(path)
    faults = (
        f"{path}: loss_guided does not learn from lspet; it takes hmdb51, jhmdb, ",
        "; phases are of pose_action_pyramid with a set of actions and one of poses; leave them out; ",
        "; phases have 3 epochs together, the training has 8; compare it with loss_guided_small.toml",
    )
    for words in faults:
        assert words in str(refused.value)


def test_a_range_that_falls_is_refused(tmp_path: Path) -> None:
    text = paper_recipes()["pose_action_pyramid"].read_text()
    (tmp_path / "mine.toml").write_text(text.replace("clip_steps = [3, 10]", "clip_steps = [10, 3]"))
    with pytest.raises(ConfigError, match="from 10 to 3 frames is no range"):
        load_paper_recipe(tmp_path / "mine.toml")


def test_a_set_that_a_system_cannot_learn_from_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = paper_recipes()["gated3d_small"].read_text()
    path.write_text(text.replace('"ut_interaction"', '"stanford40"'))
    with pytest.raises(ConfigError, match=r"gated3d does not learn from stanford40; it takes .*ucf101, ut_interaction"):
        load_paper_recipe(path)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ('"lspet", "mpii"', "lspet, mpii has poses only; add a set with actions: .*stanford40"),
        ('"stanford40", "movies"', "data.sets.1"),
    ],
)
def test_sets_that_do_not_go_together_are_refused(sets: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(paper_recipes()["body_part_aware_small"].read_text().replace('"stanford40", "lspet"', sets))
    with pytest.raises(ConfigError, match=said):
        load_paper_recipe(path)


def test_actions_are_of_one_set_and_poses_of_any(tmp_path: Path) -> None:
    text = paper_recipes()["pose_action_pyramid_small"].read_text()
    (tmp_path / "two.toml").write_text(text.replace('"ut_interaction"', '"ucf101", "hmdb51"'))
    with pytest.raises(ConfigError, match="hmdb51 and ucf101 have other actions each; take one of them"):
        load_paper_recipe(tmp_path / "two.toml")
    (tmp_path / "mine.toml").write_text(text.replace('"ut_interaction"', '"mpii", "coco", "penn_action"'))
    data = load_paper_recipe(tmp_path / "mine.toml").data
    assert (data.actions, data.poses) == ("penn_action", ("mpii", "coco", "lspet"))


def test_the_names_of_sets_are_those_that_can_be_read() -> None:
    assert set(get_args(SetName)) == {*PICTURE_SETS, *SEVERAL_ACTIONS_SETS, *CLIP_SETS, *POSE_SETS} == set(SET_TERMS)


def test_an_unknown_name_lists_those_that_ship() -> None:
    with pytest.raises(ConfigError, match=r"no recipe that ships; those are attentional_pooling, .*loss_guided_small"):
        load_paper_recipe(Path("resnet"))


def test_numbers_that_are_not_finite_are_refused_in_every_table(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    text = paper_recipes()["body_part_aware"].read_text(encoding="utf-8")
    path.write_text(text.replace("gamma = 2.0", "gamma = inf").replace("rate = 1e-5", "rate = nan"))
    with pytest.raises(ConfigError, match=r"network.*gamma: [Ii]nput should be a finite number"):
        load_paper_recipe(path)
