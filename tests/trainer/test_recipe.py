"""Recipes are read strictly."""

import re
from pathlib import Path

import pytest

from edgeact.errors import ConfigError
from trainer.recipe import default_recipe_path, load_recipe


def test_the_shipped_recipe_is_valid() -> None:
    recipe = load_recipe()
    assert recipe.pose.cycles == tuple(sorted(recipe.pose.cycles))


def test_unknown_keys_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(default_recipe_path().read_text().replace("batch = 16", "batchsize = 16") + "\nspeed = 3\n")
    with pytest.raises(ConfigError, match=r"detector\.batch(?s:.)*speed|speed(?s:.)*detector\.batch"):
        load_recipe(path)


def test_every_cycle_has_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(re.sub(r"rates = .*", "rates = [1e-3, 1e-3]", default_recipe_path().read_text()))
    with pytest.raises(ConfigError, match="must ascend and have a rate each"):
        load_recipe(path)


@pytest.mark.parametrize("text", ["version = ", "version = 3", f"a = {'[' * 20_000}", f"version = {'9' * 5000}"])
def test_what_is_no_recipe_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        load_recipe(path)


def test_a_missing_recipe_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml")
