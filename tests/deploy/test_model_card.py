"""The card shows the numbers that were measured."""

import copy
import re
from pathlib import Path

import pytest

from deploy.model_card import _DATA, action_table, model_card, pose_table
from deploy.wild_card import wild_section
from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import Manifest
from tests.results import paper_manifest
from trainer.data.action_sequences import LABELS
from trainer.data.mixes import ACTION_SOURCES
from trainer.recipe import load_recipe, recipe_path
from trainer.stages import POSE_SETS

RATES = {"known_as_other": 0.012, "known_as_wrong": 0.034, "other_as_known": 0.056}
METRICS = {
    "pose": {
        "lspet": {
            "persons": 987,
            "pck_0.2": 0.5123,
            "pck_0.1": 0.2349,
            "confidence_calibration_error": 0.0312,
            "tinypose_pck_0.2": 0.6,
        }
    },
    "actions": {
        "penn_action": {
            "sequences": 1068,
            "annotated": 0.9812,
            "noisy": 0.9345,
            "deployed_windows": 0.9777,
            "annotated_open_set": RATES,
            "noisy_open_set": RATES,
        },
        "jhmdb_split1": {"sequences": 176, "accuracy": 0.81} | RATES,
        "ut_interaction_tracks": {"sequences": 0},
        "studio_motion": {"sequences": 12, "accuracy": 0.95},
        "unknown": {"nwucla": {"sequences": 1484, "accuracy": 0.7, "other_as_known": 0.123}},
    },
    "wild": {
        "pictures": 1028,
        "people": {"boxes": 784, "coco": 313, "joints": 264},
        "detectors": {
            "edgeact": {"coco": 0.847, "coco_interval": [0.797, 0.899], "all": 0.917, "mean_iou": 0.842, "time": 0.75},
            "RTMDet-nano 320": {"coco": 0.764, "coco_interval": [0.7, 0.8], "all": 0.883, "mean_iou": 0.872, "time": 1},
        },
        "poses": {
            "edgeact": {
                "pck_0.2": 0.746,
                "pck_0.2_interval": [0.706, 0.782],
                "pck_0.1": 0.524,
                "auroc": 0.814,
                "calibration_error": 0.061,
                "confidence_range": [0.011, 0.993],
                "time": 0.39,
            },
            "TinyPose + flip": {
                "pck_0.2": 0.848,
                "pck_0.2_interval": [None, None],
                "pck_0.1": 0.623,
                "auroc": None,
                "calibration_error": 0.184,
                "confidence_range": [None, None],
                "time": None,
            },
        },
    },
}


def manifest(name: str = "compact") -> Manifest:
    recipe, found = load_recipe(recipe_path(name)), paper_manifest(LABELS).model_dump(mode="json")
    detector, pose, _ = found["graphs"]
    detector["detection"]["pixels"] = recipe.detector.pixels
    if recipe.detector.published_pixels:
        second = copy.deepcopy(detector) | {"name": "detector_published", "file": "detector_published.onnx"}
        second["detection"]["pixels"] = recipe.detector.published_pixels
        found["graphs"].insert(1, second)
    pose["inputs"][0]["shape"] = ["N", recipe.pose.size.height, recipe.pose.size.width, 3]
    training = {
        "recipe": recipe.model_dump(mode="json"),
        "data": {"pose": ["lspet"], "action": ["penn_action", "utkinect"]},
    }
    return Manifest.model_validate(found | {"name": name, "version": "9.9", "training": training})


def test_every_number_appears() -> None:
    card = model_card(manifest(), METRICS)
    for number in (
        "51.2 %",
        "23.5 %",
        "60.0 %",
        "98.1 %",
        "93.5 %",
        "97.8 %",
        "12.3 %",
        "1068",
        "0.64",
        "0.35",
        "9.9",
    ):
        assert number in card
    assert "TODO" not in card


@pytest.mark.parametrize(
    ("name", "crop", "looks"),
    [
        ("compact", "128×192", "90,112"),
        ("accurate", "192×256", "81,920 pixels; beside it `detector_published`, the published one, at up to 114,688"),
    ],
)
def test_the_card_of_each_shipped_bundle_says_what_its_graphs_see(name: str, crop: str, looks: str) -> None:
    recipe, card = load_recipe(recipe_path(name)), model_card(manifest(name), METRICS)
    assert card.startswith(f"# Model card: {name} 9.9\n")
    assert f"trainer/recipes/{name}.toml" in card
    assert f"{crop}, 21 joints" in card
    assert f"looks at a frame at up to {looks} pixels" in card
    assert f"pose {recipe.pose.steps} steps of {recipe.pose.batch} persons" in card
    assert f"action {recipe.action.steps} steps of {recipe.action.batch} clips" in card
    if recipe.detector.training is not None:
        assert f"{recipe.detector.training.steps}\nsteps of {recipe.detector.training.batch} pictures" in card
    if recipe.detector.taken_from is not None:
        assert f"as the card of the bundle `{recipe.detector.taken_from}` says" in card
    assert recipe.lifter is not None
    assert f"lifter {recipe.lifter.steps} steps of {recipe.lifter.batch} clips" in card
    assert re.search(r"YOLOX.*Apache-2\.0", card)
    assert re.search(r"PP-TinyPose \(Apache-2\.0", card)


def test_only_data_that_were_used_are_named() -> None:
    card = model_card(manifest(), METRICS)
    assert "UTKinect-Action3D" in card
    assert "JHMDB (Jhuang" not in card


def test_every_set_that_a_network_learns_from_has_its_terms() -> None:
    known = {name for name, *_ in _DATA}
    assert {*POSE_SETS, *ACTION_SOURCES} - known == set()


def test_sets_without_sequences_are_left_out() -> None:
    assert "UT-Interaction, unseen sequences, video in" not in action_table(METRICS)


def test_tables_have_as_many_cells_as_their_header() -> None:
    detectors, poses = wild_section(METRICS["wild"]).strip().split("\n\n")[1:]
    for table in (pose_table(METRICS), action_table(METRICS), detectors, poses):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_card_shows_other_peoples_pictures_beside_the_peers_and_what_the_recipe_takes() -> None:
    card = model_card(manifest(), METRICS)
    assert "takes about 5.5 hours of one core" in card
    assert "On 1028 pictures" in card
    assert "| edgeact | 84.7 % (79.7–89.9) | 91.7 % | 0.842 | 0.75 |" in card
    assert "| edgeact | 74.6 % (70.6–78.2) | 52.4 % | 0.814 | 0.061 | 0.011 to 0.993 | 0.39 |" in card
    assert "| TinyPose + flip | – | 62.3 % | – | 0.184 | – | – |" in card


def test_a_second_teacher_is_named_where_one_taught() -> None:
    bundle = load_bundle(Path("compact"))
    data = {**bundle.manifest.training["data"]}
    for teachers, named in ((["PP-TinyPose"], False), (["PP-TinyPose", "MoveNet Thunder"], True)):
        training = {**bundle.manifest.training, "data": {**data, "pose_teachers": teachers}}
        card = model_card(bundle.manifest.model_copy(update={"training": training}), METRICS)
        assert ("MoveNet Thunder" in card) == named


def test_a_bundle_whose_actions_were_made_again_names_the_one_that_it_was() -> None:
    bundle = load_bundle(Path("compact"))
    training = {**bundle.manifest.training, "frames_of": "0123456789abcdef"}
    card = model_card(bundle.manifest.model_copy(update={"training": training}), METRICS)
    assert "digest\n0123456789ab…" in card
    training.pop("frames_of")
    training["actions_of"] = "0123456789abcdef"
    card = model_card(bundle.manifest.model_copy(update={"training": training}), METRICS)
    assert "reproduce --actions-of`" in card
    assert "digest\n0123456789ab…" in card
    training.pop("actions_of")
    training["persons_of"] = "0123456789abcdef"
    card = model_card(bundle.manifest.model_copy(update={"training": training}), METRICS)
    assert "reproduce --persons-of`" in card
    training.pop("persons_of")
    assert "--actions-of" not in model_card(bundle.manifest.model_copy(update={"training": training}), METRICS)
    assert "--frames-of" not in model_card(bundle.manifest.model_copy(update={"training": training}), METRICS)
