"""The comparison sees Human3.6M's training subjects through the set's own cameras, and says how far off it is."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edgeact.errors import ConfigError, SourceNotFoundError
from edgeact.skeleton import LIMB_JOINTS
from tests.trainer.evaluate.test_lifting import tiny_sets
from trainer.cli import app
from trainer.data.lifting.comparison import ComparisonViews
from trainer.data.lifting.measured import human36m
from trainer.evaluate.lifting import from_line_of_sight
from trainer.fit_comparison_lifter import fit_comparison
from trainer.inputs.lifter_clip import CLIP_LENGTH
from trainer.lifter_recipe import LifterRecipe
from trainer.recipe import load_recipe, recipe_path, require_lifter

_LIMBS = list(LIMB_JOINTS)


def test_unchanged_views_are_those_that_measure(tmp_path: Path) -> None:
    root = tiny_sets(tmp_path) / "h36m"
    (view,) = human36m(root, "annotated")
    moments = np.arange(len(view.poses))[:, None] + np.arange(1 - CLIP_LENGTH, 1)
    clips = view.poses[moments.clip(min=0)][:, :, _LIMBS, :2]  # a clip at a sequence's start repeats its first frame
    clips = clips - clips[:, -1:].mean(2, keepdims=True)
    batch = ComparisonViews(root, ("S9",)).draw(16, 1, changed=False)
    for poses, joints in zip(batch.poses.numpy(), batch.joints.numpy(), strict=True):
        seen = poses[:, _LIMBS, :2] - poses[-1, _LIMBS, :2].mean(0)
        apart = np.abs(clips - seen).max((1, 2, 3))
        row = int(apart.argmin())
        assert apart[row] < 0.01
        turned = from_line_of_sight(joints[None, _LIMBS], view.sight[[row]])[0]
        assert np.abs(turned - view.joints[row]).max() < 1e-3
        assert (poses[:, _LIMBS, 2] == 1).all()


def test_turned_and_mirrored_people_are_as_large_as_they_were(tmp_path: Path) -> None:
    root = tiny_sets(tmp_path) / "h36m"
    views = ComparisonViews(root, ("S9",))
    plain, changed = views.draw(32, 1, changed=False), views.draw(32, 1)
    assert torch.allclose(
        plain.joints[:, [5, 6]].norm(dim=-1).sum(1), changed.joints[:, [5, 6]].norm(dim=-1).sum(1), atol=1e-4
    )
    assert (plain.joints - changed.joints).abs().max() > 0.1
    assert torch.equal(views.draw(32, 1).poses, changed.poses)


def with_a_training_subject(folder: Path) -> Path:
    """Tiny sets in which S1 moves as S9 does; returns their folder."""
    data = tiny_sets(folder)
    for file in ("h36m_xyz10hz.npz", "cameras.npz"):
        with np.load(data / "h36m" / file) as found:
            content = {key: found[key] for key in found.files}
        key = "name" if "name" in content else "subject"
        other = {name: np.concatenate([value, value]) for name, value in content.items()}
        other[key] = np.concatenate([content[key], np.char.replace(content[key], "S9", "S1")])
        np.savez(data / "h36m" / file, **other)
    return data


def tiny_comparison(folder: Path, *, steps: int) -> Path:
    """Write the default recipe with few steps and clips, and return its path."""
    recipe = folder / "recipe.toml"
    text = recipe_path("compact").read_text(encoding="utf-8")
    recipe.write_text(text.replace("steps = 10000\nbatch = 256", f"steps = {steps}\nbatch = 8"), encoding="utf-8")
    return recipe


def run_comparison(*arguments: str | Path) -> str:
    return CliRunner().invoke(app, ["lifting-comparison", *map(str, arguments)], catch_exceptions=False).stdout


def test_the_command_trains_and_measures(tmp_path: Path) -> None:
    data, recipe = with_a_training_subject(tmp_path), tiny_comparison(tmp_path, steps=2)
    said = run_comparison(recipe, "--data", data, "--work", tmp_path / "work")
    figures = json.loads(said[said.index("{\n") :])
    assert figures["human36m_annotated"]["poses"] == 8
    assert (tmp_path / "work/comparison/lifter_net/checkpoint.safetensors").is_file()


def test_seeds_train_apart_and_their_mean_and_deviation_are_told(tmp_path: Path) -> None:
    data, recipe = with_a_training_subject(tmp_path), tiny_comparison(tmp_path, steps=1)
    work = tmp_path / "work"
    said = run_comparison(recipe, "--data", data, "--work", work, "--steps", "2", "--seeds", "2")
    (line,) = (line for line in said.splitlines() if line.startswith("human36m_annotated"))
    number = r"(\d+\.\d)"
    found = re.search(rf"MPJPE {number} ± {number} mm \({number}, {number}\), P-MPJPE", line)
    assert found is not None
    mean, deviation, first, second = map(float, found.groups())
    assert first != second
    assert mean == pytest.approx((first + second) / 2, abs=0.06)
    assert deviation == pytest.approx(abs(first - second) / 2**0.5, abs=0.06)
    assert not (work / "comparison").exists()  # that of the recipe's own steps
    assert sorted(folder.name for folder in (work / "comparison_2").iterdir()) == ["lifter_net", "lifter_net_1"]
    alone = run_comparison(tiny_comparison(tmp_path, steps=2), "--data", data, "--work", tmp_path / "alone")
    assert json.loads(alone[alone.index("{\n") :])["human36m_annotated"]["mpjpe_mm"] == first


def test_the_help_names_the_section_of_the_recipe() -> None:
    assert "[lifter]" in run_comparison("--help")


def test_a_missing_set_and_a_recipe_without_a_lifter_are_named(tmp_path: Path) -> None:
    recipe = LifterRecipe(steps=1, batch=2, rate=1e-3, mild_from=0, teacher_poses=False, mix={"studio": 1.0})
    with pytest.raises(SourceNotFoundError, match=r"h36m_xyz10hz\.npz not found.*--data"):
        fit_comparison(tmp_path, tmp_path / "checkpoint.safetensors", recipe)
    with pytest.raises(ConfigError, match=r"has no \[lifter\]"):
        require_lifter(load_recipe().model_copy(update={"lifter": None}))
