"""The recipe of `everyday` holds what was decided, and is read strictly."""

import re
from pathlib import Path

import pytest

from edgeact.errors import ConfigError
from trainer.everyday_recipe import load_everyday_recipe
from trainer.models.efficientnet_lite import SIZES, EfficientNetLite, count_blocks
from trainer.recipe import recipe_path


def changed(folder: Path, pattern: str, line: str) -> Path:
    """A copy of the recipe that ships, in which what matches a pattern is replaced."""
    text, found = re.subn(f"(?m){pattern}", line, recipe_path("everyday").read_text(encoding="utf-8"), count=1)
    assert found == 1
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_recipe_that_ships_says_how_the_measured_bundle_was_trained() -> None:
    """The figures in docs/claims.md are of these settings."""
    recipe = load_everyday_recipe()
    assert recipe.model_dump(mode="json") == {
        "name": "everyday",
        "backbone": "efficientnet_lite2",
        "side": 320,
        "seed": 0,
        "mirrored": False,
        "score": 0.5,
        "head": {
            "pooling": "mean",
            "epochs": 8,
            "rate": 5e-3,
            "weight_decay": 0.1,
            "batch": 64,
            "optimizer": {"kind": "adamw", "betas": [0.9, 0.999]},
        },
        "last_blocks": {
            "frozen": 15,
            "epochs": 4,
            "rate": 3e-4,
            "warm_up": 30,
            "weight_decay": 0.05,
            "batch": 32,
            "optimizer": {"kind": "adamw", "betas": [0.9, 0.999]},
            "clip_norm": 5.0,
            "mirror_share": 0.5,
            "window": 0.9,
            "smoothing": 0.1,
            "average_decay": 0.99,
        },
    }


def test_unknown_keys_and_unusable_values_are_all_named(tmp_path: Path) -> None:
    path = changed(tmp_path, r"^window = .*", "windo = 0.9\nbatchs = 3")
    text = path.read_text(encoding="utf-8").replace("side = 320", "side = 300").replace('"mean"', '"median"')
    path.write_text(text.replace("mirrored = false", "mirrored = 0.5"), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_everyday_recipe(path)
    for fault in ("side: ", "mirrored: ", "head.pooling: ", "last_blocks.window: ", "last_blocks.windo: ", "batchs: "):
        assert fault in str(refused.value), fault
    assert "compare it with everyday.toml" in str(refused.value)


def test_what_was_decided_cannot_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"last_blocks\.average_decay: field required"):
        load_everyday_recipe(changed(tmp_path, r"^average_decay = .*\n", ""))


def test_some_blocks_must_learn(tmp_path: Path) -> None:
    assert load_everyday_recipe(changed(tmp_path, "^frozen = 15", "frozen = 20")).last_blocks.frozen == 20
    with pytest.raises(ConfigError, match="efficientnet_lite2 has 21 blocks, so take fewer"):
        load_everyday_recipe(changed(tmp_path, "^frozen = 15", "frozen = 21"))


def test_blocks_are_counted_as_networks_have_them() -> None:
    for size in SIZES.values():
        assert count_blocks(size) == len(EfficientNetLite(size, classes=0).blocks)
