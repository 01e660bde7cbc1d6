"""A paper's recipe from end to end on a tiny data set, and the samples of each step."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from edgeact.errors import ConfigError, SourceNotFoundError
from tests.demo_pieces import write_demo_pieces
from tests.trainer.paper_sets import (
    ACTIONS,
    tiny_recipe,
    write_lspet,
    write_paper_sets,
    write_stanford40,
    write_ut_interaction,
)
from trainer.fit_paper import course_of, epoch_rows, read_training_data, train_paper
from trainer.paper_recipe import PaperRecipe, load_paper_recipe, paper_recipes


def small_recipe(folder: Path, *, published: bool = False) -> Path:
    text = paper_recipes()["loss_guided_small"].read_text()
    text = (
        text.replace("size = 96", "size = 32")
        .replace("epochs = 8", "epochs = 3")
        .replace("warm_up = 20", "warm_up = 2")
    )
    if published:
        text = text.replace("published_start = false", "published_start = true")
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_a_recipe_becomes_a_measured_network_and_a_second_run_says_the_same(tmp_path: Path) -> None:
    data, recipe = write_stanford40(tmp_path / "data"), load_paper_recipe(small_recipe(tmp_path))
    torch.set_num_threads(1)
    result = train_paper(recipe, data, tmp_path / "work")
    folder = tmp_path / "work" / "loss_guided_small"
    assert json.loads((folder / "result.json").read_text()) == result
    assert result["split"] == "validation"
    assert result["actions"] == 2
    assert 0 < result["samples"] < 40
    assert result["samples"] + result["trained_on"] == 40
    weights = load_file(folder / "network.safetensors")
    assert "classifier.weight" in weights
    again = train_paper(recipe, data, tmp_path / "work")
    assert again == result
    assert all(torch.equal(value, weights[name]) for name, value in load_file(folder / "network.safetensors").items())


def test_a_recipe_that_was_changed_is_told_and_trains_nothing(tmp_path: Path) -> None:
    recipe, other = tiny_recipe("loss_guided"), tiny_recipe("loss_guided", epochs=2)
    with pytest.raises(SourceNotFoundError):
        train_paper(other, tmp_path / "nowhere", tmp_path / "work")
    data = write_stanford40(tmp_path / "data")
    before = train_paper(recipe, data, tmp_path / "work")  # nothing was trained by the other one: that may change
    with pytest.raises(ConfigError, match=r"training.epochs was 1 and is 2; give the recipe another name .* or remove"):
        train_paper(other, data, tmp_path / "work")
    compressed = recipe.model_copy(update={"compress": load_paper_recipe(Path("pose_action_pyramid_small")).compress})
    assert train_paper(compressed, data, tmp_path / "work") == before
    (tmp_path / "work" / recipe.name / "recipe.json").write_text("{}")
    with pytest.raises(ConfigError, match="no recipe of this version"):
        train_paper(recipe, data, tmp_path / "work")


def test_what_a_recipe_says_of_the_mix_and_of_the_loop_is_done(tmp_path: Path) -> None:
    write_paper_sets(tmp_path)
    recipe = tiny_recipe("pose_action_pyramid")
    mixed = recipe.model_copy(
        update={
            "data": recipe.data.model_copy(update={"pose_share": 0.25, "batch": 4}),
            "training": recipe.training.model_copy(update={"deterministic": True}),
        }
    )
    every_other, every_fourth = (read_training_data(one, tmp_path, tmp_path / "work") for one in (recipe, mixed))
    assert [every_other.draw(step).pixels.ndim for step in range(4)] == [4, 5, 4, 5]
    assert [every_fourth.draw(step).pixels.ndim for step in range(8)] == [4, 5, 5, 5] * 2
    assert (every_other.count, every_fourth.count) == (8, 5)  # so many steps see four clips once
    assert course_of(mixed, every_fourth).deterministic
    assert not course_of(recipe, every_other).deterministic
    pictures = tiny_recipe("attentional_pooling")
    pictures = pictures.model_copy(update={"data": pictures.data.model_copy(update={"pose_share": 0.25})})
    assert (
        int(read_training_data(pictures, tmp_path, tmp_path / "work").draw(0).has_pose.sum())
        == pictures.data.batch // 4
    )


def test_clips_are_drawn_in_the_steps_and_colours_of_the_recipe(tmp_path: Path) -> None:
    write_ut_interaction(tmp_path)
    recipe = tiny_recipe("gated3d")
    changed = recipe.data.model_copy(update={"clip_steps": (1, 1), "colour_shift": 0.1})
    plain, stepped = (
        read_training_data(one, tmp_path, tmp_path / "work")
        for one in (recipe, recipe.model_copy(update={"data": changed}))
    )
    assert plain.clip_stride is not None
    assert stepped.clip_stride is not None
    assert stepped.clip_stride < plain.clip_stride  # neighbouring frames
    drawn = stepped.draw(0)
    assert drawn.pixels.shape == plain.draw(0).pixels.shape
    assert torch.equal(drawn.pixels, stepped.draw(0).pixels)
    assert not torch.equal(drawn.pixels, plain.draw(0).pixels)
    for one, other in zip(plain.held_out(), stepped.held_out(), strict=True):  # what measures is as it was
        assert torch.equal(one.pixels, other.pixels)


def test_weights_must_be_given_exactly_where_the_recipe_starts_from_them(tmp_path: Path) -> None:
    published, random = (load_paper_recipe(small_recipe(tmp_path, published=start)) for start in (True, False))
    with pytest.raises(ConfigError, match="starts from published weights; give their file with --weights"):
        train_paper(published, tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="starts from random weights; leave --weights out"):
        train_paper(random, tmp_path, tmp_path, weights=tmp_path / "w.pth")


def test_every_round_shows_each_sample_once_in_another_order() -> None:
    rows = [row for step in range(10) for row in epoch_rows(10, 3, step, seed=1)]
    rounds = [rows[start : start + 10] for start in range(0, 30, 10)]
    assert all(sorted(found) == list(range(10)) for found in rounds)
    assert rounds[0] != rounds[1]
    assert epoch_rows(10, 3, 4, seed=1) == epoch_rows(10, 3, 4, seed=1)
    assert epoch_rows(10, 3, 4, seed=1) != epoch_rows(10, 3, 4, seed=2)


@pytest.fixture(scope="module")
def interactions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six clips of two actions, in each of which the default bundle finds two people, and pictures with poses."""
    root = tmp_path_factory.mktemp("interactions")
    write_lspet(root)
    rows = ["file,label,set,group"]
    for number, path in enumerate(write_demo_pieces(root / "ut_interaction" / "clips", 6)):
        rows.append(f"{path.name},{ACTIONS[number % 2]},1,{'seq09' if number > 3 else 'seq01'}")
    (root / "ut_interaction" / "index.csv").write_text("\n".join(rows))
    return root


def of_clips(system: str, *sets: str) -> PaperRecipe:
    recipe = tiny_recipe(system)
    changed = {"sets": sets, "batch": 4, "clip_pictures": 2}
    if system == "pose_action_pyramid":
        changed["clip_view"] = "person"
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=changed)})


def test_systems_of_pictures_learn_from_the_middle_of_clips(interactions: Path) -> None:
    person = read_training_data(
        of_clips("body_part_aware", "ut_interaction", "lspet"), interactions, interactions / "work"
    )
    scene = read_training_data(of_clips("loss_guided", "ut_interaction"), interactions, interactions / "work")
    assert (person.count, scene.count) == (4 * 2 * 2, 4 * 2)  # clips, people, pictures
    assert (person.split, person.clip_stride) == ("test", None)
    assert sum(len(batch.labels) for batch in scene.held_out()) == 2 * 2
    drawn = person.draw(0)
    assert drawn.has_action.tolist() == [True, True, False, False]
    assert drawn.has_pose.all()  # the joints that were found, and those of people
    assert scene.draw(0).has_box.all()
    result = train_paper(of_clips("loss_guided", "ut_interaction"), interactions, interactions / "work")
    assert result["labels"] == list(ACTIONS)


def test_pyramids_learn_from_each_person_of_clips(interactions: Path) -> None:
    recipe = of_clips("pose_action_pyramid", "ut_interaction", "lspet")
    found = read_training_data(recipe, interactions, interactions / "work")
    poses, clips = found.draw(0), found.draw(1)
    assert poses.has_pose.all()
    assert clips.pixels.shape == (4, 4, 32, 32, 3)
    assert sum(len(batch.labels) for batch in found.held_out()) == 2 * 2  # the people of two clips
    assert train_paper(recipe, interactions, interactions / "work")["samples"] == 4
    alone = read_training_data(of_clips("pose_action_pyramid", "ut_interaction"), interactions, interactions / "work")
    assert [alone.draw(step).pixels.ndim for step in range(2)] == [4, 5]
    assert alone.draw(0).has_pose.all()  # without a set of poses those of the people in the clips are learnt


def test_clips_in_which_nobody_is_found_teach_no_picture(tmp_path: Path) -> None:
    write_ut_interaction(tmp_path)
    with pytest.raises(SourceNotFoundError, match="nobody is found in the clips of ut_interaction"):
        read_training_data(of_clips("loss_guided", "ut_interaction"), tmp_path, tmp_path / "work")
