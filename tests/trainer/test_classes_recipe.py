"""The recipe of `edgeact train --classes` holds what was decided, and is read strictly."""

from pathlib import Path

import pytest

from edgeact.errors import ConfigError
from trainer.classes_recipe import load_classes_recipe
from trainer.recipe import recipe_path


def changed(folder: Path, *lines: tuple[str, str]) -> Path:
    """A copy of the recipe that ships, with other lines."""
    text = recipe_path("classes").read_text(encoding="utf-8")
    for before, after in lines:
        assert before in text
        text = text.replace(before, after, 1)
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_recipe_that_ships_has_the_numbers_that_were_measured() -> None:
    """The figures in docs/training.md are of these settings."""
    recipe = load_classes_recipe()
    clips, kept, scene, calling = recipe.clips, recipe.kept, recipe.scene, recipe.calling
    assert (clips.steps, clips.steps_from_scratch, clips.rate, clips.rate_from_scratch) == (250, 500, 1e-3, 2e-3)
    assert (clips.batch, clips.dropout, clips.smoothing) == (48, 0.3, 0.03)
    assert (clips.learning.weight_decay, clips.learning.average_decay) == (0.05, 0.98)
    assert clips.augmentation.impossible + clips.augmentation.whole == 0.4
    assert (kept.steps, kept.rate, kept.corrected_share, kept.hold) == (150, 5e-4, 0.5, 0.5)
    assert kept.learning.average_decay is None
    assert (scene.side, scene.pictures, scene.steps, scene.rate, scene.without_other) == (224, 3, 300, 5e-3, 0.5)
    assert (calling.other_as_known, calling.known_as_wrong, calling.lowest, calling.highest) == (0.08, 0.1, 0.4, 0.9)


def test_unknown_keys_and_unusable_values_are_all_named(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("steps_from_scratch = 500\n", ""),
        ("dropout = 0.3", "dropout = 1.0"),
        ("hold = 0.5", "holds = 0.5"),
        ("clip_norm = 5.0", "clip_norm = inf"),
        ("side = 224", "side = 200"),
        ("lowest = 0.4", "lowest = 0.95"),
        ("whole = 0.3", "whole = 0.95"),
    )
    with pytest.raises(ConfigError) as refused:
        load_classes_recipe(path)
    for fault in (
        "clips.steps_from_scratch: field required",
        "clips.dropout: ",
        "clips.augmentation: impossible 0.1 and whole 0.95",
        "kept.holds: ",
        "clips.learning.clip_norm: input should be a finite number",
        "scene.side: ",
        "calling: lowest 0.95 is above highest 0.9",
        "compare it with classes.toml",
    ):
        assert fault in str(refused.value), fault


def test_a_batch_without_a_corrected_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"kept: .*corrected_share 0.01 of a batch of 48 is no clip"):
        load_classes_recipe(changed(tmp_path, ("corrected_share = 0.5", "corrected_share = 0.01")))
