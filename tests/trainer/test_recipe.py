"""Recipes are read strictly."""

import re
from pathlib import Path

import pytest

from edgeact.errors import ConfigError
from edgeact.perception.detect import detection_size
from trainer.inputs.crop_size import InputSize
from trainer.recipe import default_recipe_path, load_recipe, recipe_path


@pytest.mark.parametrize("name", ["compact", "accurate"])
def test_the_shipped_recipes_are_valid(name: str) -> None:
    recipe = load_recipe(recipe_path(name))
    assert recipe.name == name
    assert recipe.pose.size == InputSize(recipe.pose.height, recipe.pose.width)
    assert 0 < recipe.pose.mild_from < recipe.pose.steps
    # The comments beside the budgets name the pictures that they buy.
    text = re.search(r"pixels = \[.*\] # (.*)", recipe_path(name).read_text())
    assert text is not None
    budgets = (*recipe.detector.pixels, *recipe.detector.published_pixels)
    wide = [detection_size(1280, 720, pixels=pixels) for pixels in budgets]
    told = [(int(columns), int(rows)) for columns, rows in re.findall(r"(\d+)×(\d+)", text[1])]
    assert told[: len(wide)] == wide
    assert told[len(wide) :] == [detection_size(640, 480, pixels=recipe.detector.pixels[0])] * (len(told) - len(wide))


@pytest.mark.parametrize("name", ["compact", "accurate"])
def test_the_shipped_recipes_say_every_number(name: str) -> None:
    """What is left out is not decided: the accurate pose network imitates none and is not slim, and gradients of the
    detector are not clipped.
    """
    recipe = load_recipe(recipe_path(name))
    parts = [recipe.pose, recipe.action, recipe.action.settling, recipe.lifter, recipe.detector.training]
    silent = {key for part in parts if part is not None for key in set(type(part).model_fields) - part.model_fields_set}
    assert silent == ({"imitation", "slim_widths", "teacher_scale"} if name == "accurate" else set())
    assert recipe.pose.mild_augmentation.rotation_degrees < recipe.pose.augmentation.rotation_degrees


@pytest.mark.parametrize(
    ("found", "changed", "fault"),
    [
        ("quarters = [0.0, 0.45", "quarters = [0.1, 0.45", r"imitation\.quarters: .*add up to 1.1"),
        ("canvases = [[416, 224]", "canvases = [[400, 224]", r"canvases\.0\.0: .*multiple of 32"),
        ("scale = [0.45, 1.7]", "scale = [1.7, 0.45]", r"augmentation\.scale: .*from 1.7 to 0.45 is no range"),
        ("posed_limbs = 0.25", "posed_limbs = 0.65", r"lifter\.augmentation: .*more than all"),
        ("erase = 0.05", "erase = 0.05\nblur = 1", r"pose\.mild_augmentation\.blur: extra inputs"),
        ("sigma = 1.75", "sigma = 0", r"pose\.loss\.sigma: .*greater than 0"),
        ("clip_norm = 5.0", "clip_norm = inf", r"learning\.clip_norm: .*finite number"),
        ("upright_weight = 4.0", "upright_weight = inf", r"imitation\.upright_weight: .*finite number"),
        ("upright_share = 0.5", "upright_share = 0.01", r"training: .*upright_share 0.01 of a batch of 20 .*20 turned"),
        ("upright_share = 0.5", "upright_share = 0.99", r"training: .*upright_share 0.99 of a batch of 20 .*0 turned"),
    ],
)
def test_faults_in_tables_are_named(tmp_path: Path, found: str, changed: str, fault: str) -> None:
    text = recipe_path("accurate").read_text()
    assert found in text
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace(found, changed, 1))
    with pytest.raises(ConfigError, match=fault):
        load_recipe(path)


def test_the_default_is_the_compact_recipe_and_the_accurate_one_is_larger() -> None:
    compact, accurate = load_recipe(), load_recipe(recipe_path("accurate"))
    assert compact.name == "compact"
    assert sum(accurate.detector.pixels + accurate.detector.published_pixels) > sum(compact.detector.pixels)
    assert accurate.pose.height > compact.pose.height


def test_unknown_keys_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(default_recipe_path().read_text().replace("pixels =", "picsels =") + "\nspeed = 3\n")
    with pytest.raises(ConfigError, match=r"detector\.pixels(?s:.)*detector\.picsels(?s:.)*thresholds\.speed"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("height = 150", r"pose\.height: .* multiple of 32"),
        ("teacher_scale = 1.25", r"pose: .*teacher_scale 1.25 gives crops of 160×240"),
        ("pixels = [1000]", r"detector\.pixels\.0: .* greater than or equal to 1024"),
        ("pixels = []", r"detector\.pixels: .* at least 1 item"),
        ('name = "../outside"', "name: .* pattern"),
        ("penn_action = 0", r"action\.mix\.penn_action: .* greater than 0"),
        ("utkinect = 2", r"action\.mix\.utkinect: .* less than or equal to 1"),
    ],
)
def test_values_that_no_network_can_have_are_refused(tmp_path: Path, line: str, fault: str) -> None:
    path, key = tmp_path / "recipe.toml", line.partition(" ")[0]
    path.write_text(re.sub(f"(?m)^{key} = .*", line, default_recipe_path().read_text()))
    with pytest.raises(ConfigError, match=fault):
        load_recipe(path)


def test_a_set_that_cannot_be_drawn_is_refused_and_the_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(default_recipe_path().read_text().replace("[action.mix]", "[action.mix]\nkinetics = 0.1"))
    with pytest.raises(ConfigError, match=r"action\.mix: .*kinetics cannot be drawn here; known sets are penn_action"):
        load_recipe(path)


def test_the_order_of_sets_in_a_file_changes_nothing(tmp_path: Path) -> None:
    path, text = tmp_path / "recipe.toml", default_recipe_path().read_text()
    path.write_text(
        text.replace("jhmdb = 0.12\n", "").replace("still_people = 0.05", "still_people = 0.05\njhmdb = 0.12")
    )
    moved, recipe = load_recipe(path), load_recipe()
    assert "jhmdb = 0.12" in text
    assert list(moved.action.mix) == list(recipe.action.mix)
    assert moved == recipe


@pytest.mark.parametrize("text", ["version = ", "version = 3", f"a = {'[' * 20_000}", f"version = {'9' * 5000}"])
def test_what_is_no_recipe_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        load_recipe(path)


def test_a_missing_recipe_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml")


@pytest.mark.parametrize("line", ["published_pixels = [81920]", "start_share = 0.5"])
def test_what_goes_with_a_trained_detector_is_refused_without_one(tmp_path: Path, line: str) -> None:
    text = re.sub(
        r"(?ms)^\[detector\].*?(?=^\[pose\])",
        f"[detector]\npixels = [90112]\nscore = 0.4\n{line}\n",
        default_recipe_path().read_text(),
    )
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="go with a trained detector; give training or taken_from"):
        load_recipe(path)


def test_a_detector_has_one_origin(tmp_path: Path) -> None:
    both = "training = {steps = 2, rate = 1e-4, batch = 2, mix = {lspet = 1}}\n[pose]"
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_path("compact").read_text().replace("[pose]", both, 1))
    with pytest.raises(ConfigError, match="give training or taken_from"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("found", "changed", "fault"),
    [
        ("without_legs = 0.08\n", "", r"action\.augmentation\.without_legs: field required"),
        ("impossible = 0.1", "impossible = 0.6", r"action\.augmentation: .*whole 0.45 and impossible 0.6 are more"),
        ("clip_norm = 5.0", "clip_nrom = 5.0", r"action\.learning\.clip_nrom: extra inputs"),
        ('kind = "adamw"', 'kind = "adamax"', r"action\.learning\.optimizer: .*'adamw'"),
    ],
)
def test_a_table_of_an_action_training_says_all_of_it_and_nothing_else(
    tmp_path: Path, found: str, changed: str, fault: str
) -> None:
    before, actions = default_recipe_path().read_text().split("[action]")
    assert found in actions
    path = tmp_path / "recipe.toml"
    path.write_text(f"{before}[action]{actions.replace(found, changed, 1)}")
    with pytest.raises(ConfigError, match=fault):
        load_recipe(path)
