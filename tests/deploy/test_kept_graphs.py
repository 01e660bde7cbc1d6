"""Which graphs of a bundle stay when its actions, or its detector and pose network, are made again."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from deploy.kept_graphs import RENEWS_ACTIONS, RENEWS_DETECTOR, RENEWS_FRAMES, kept_graphs
from deploy.write_bundle import CopiedGraph
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.errors import UsageError
from tests.tiny_bundle import build_tiny_bundle
from trainer.pose_recipe import PoseRecipe
from trainer.recipe import Recipe, load_recipe, recipe_path


def changed(recipe: Recipe, part: str, **values: object) -> Recipe:
    return recipe.model_copy(update={part: getattr(recipe, part).model_copy(update=values)})


def frames_kept(recipe: Recipe, bundle: Bundle) -> list[CopiedGraph]:
    return kept_graphs(recipe, bundle, RENEWS_ACTIONS)


def actions_kept(recipe: Recipe, bundle: Bundle) -> list[CopiedGraph]:
    return kept_graphs(recipe, bundle, RENEWS_FRAMES)


@pytest.mark.parametrize("name", ["compact", "accurate"])
def test_all_but_the_actions_of_a_bundle_that_ships_stay_byte_for_byte(name: str) -> None:
    bundle, recipe = load_bundle(Path(name)), load_recipe(recipe_path(name))
    kept = frames_kept(changed(recipe, "action", steps=1), bundle)
    names = [graph.spec.name for graph in kept]
    assert set(names) == {graph.name for graph in bundle.manifest.graphs} - {"action", "explain"}
    assert {"detector", "pose", "lifter"} <= set(names)
    for graph in kept:
        assert graph.content == (bundle.directory / graph.spec.file).read_bytes()


@pytest.mark.parametrize("name", ["compact", "accurate"])
def test_actions_and_lifter_of_a_bundle_that_ships_stay_byte_for_byte(name: str) -> None:
    bundle, recipe = load_bundle(Path(name)), load_recipe(recipe_path(name))
    kept = actions_kept(changed(recipe, "pose", steps=1), bundle)
    assert [graph.spec.name for graph in kept] == [
        graph.name for graph in bundle.manifest.graphs if graph.name in ("action", "explain", "lifter")
    ]
    assert len(kept) == 3
    for graph in kept:
        assert graph.content == (bundle.directory / graph.spec.file).read_bytes()


def test_all_but_the_detectors_stay_where_only_the_detector_is_made_again() -> None:
    bundle, recipe = load_bundle(Path("compact")), load_recipe()

    def kept(asked: Recipe) -> list[CopiedGraph]:
        return kept_graphs(asked, bundle, RENEWS_DETECTOR)

    names = [graph.spec.name for graph in kept(changed(recipe, "detector", score=0.5))]
    assert sorted(names) == ["action", "explain", "lifter", "pose"]
    with pytest.raises(UsageError, match=r"made with another pose than the recipe 'compact'.*--persons-of"):
        kept(changed(recipe, "pose", steps=7))


@pytest.mark.parametrize(
    ("part", "values"),
    [("action", {"steps": 7}), ("lifter", {"steps": 7}), ("thresholds", {"other_as_known": 0.01})],
)
def test_another_recipe_of_the_actions_that_stay_is_refused(part: str, values: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=rf"made with another {part} than the recipe 'compact'.*--actions-of"):
        actions_kept(changed(load_recipe(), part, **values), load_bundle(Path("compact")))


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("pose", {"steps": 7}),
        ("detector", {"score": 0.5}),
        ("lifter", {"steps": 7}),
        ("lifter", {"seed": 1}),
        ("thresholds", {"detection_iou": 0.5}),
    ],
)
def test_another_recipe_of_what_stays_is_refused_and_the_part_named(part: str, values: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=rf"made with another {part} than the recipe 'compact'.*--frames-of"):
        frames_kept(changed(load_recipe(), part, **values), load_bundle(Path("compact")))


def test_the_share_of_others_that_may_be_called_an_action_concerns_the_actions_alone() -> None:
    frames_kept(changed(load_recipe(), "thresholds", other_as_known=0.01), load_bundle(Path("compact")))


_SINCE = {
    "pose": ("seed", "slim_widths", "learning", "loss", "imitation", "augmentation", "mild_augmentation"),
    "lifter": ("seed", "width", "hidden", "dropout", "bone_weight", "learning", "augmentation", "mild_augmentation"),
    "training": ("seed", "canvases", "learning", "imitation", "augmentation"),
}


@pytest.mark.parametrize(("name", "lying"), [("compact", 0.2), ("accurate", None)])
def test_a_bundle_from_before_recipes_held_every_number_was_made_by_the_same_ones(
    name: str, lying: float | None, tmp_path: Path
) -> None:
    """The manifests of compact 0.7.0 and accurate 0.8.0 lack these keys, and say once how many persons lie."""
    now = load_recipe(recipe_path(name))
    fields = PoseRecipe.model_fields
    then = {key: fields[key].default for key in ("keeps_start", "slim_widths", "loss")}  # not as they are today
    recipe = changed(now, "pose", **then)
    said: dict[str, Any] = recipe.model_dump(mode="json")
    for part, keys in _SINCE.items():
        table = said["detector"]["training"] if part == "training" else said[part]
        for key in keys if table is not None else ():
            del table[key]
    said["pose"]["lying"] = lying
    folder = tmp_path / name
    shutil.copytree(load_bundle(Path(name)).directory, folder)
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["training"]["recipe"] = said
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    assert {graph.spec.name for graph in frames_kept(recipe, load_bundle(folder))} >= {"detector", "pose", "lifter"}
    other = recipe.pose.augmentation.model_copy(update={"lying": 0.3})
    with pytest.raises(UsageError, match="made with another pose"):
        frames_kept(changed(recipe, "pose", augmentation=other), load_bundle(folder))


def test_a_bundle_that_no_recipe_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its manifest has no recipe"):
        frames_kept(load_recipe(), load_bundle(build_tiny_bundle(tmp_path / "tiny")))


def test_a_bundle_of_another_name_is_refused() -> None:
    with pytest.raises(UsageError, match="made with another name"):
        frames_kept(load_recipe(recipe_path("accurate")), load_bundle(Path("compact")))
