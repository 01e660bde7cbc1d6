"""The card shows the numbers that were measured."""

from deploy.model_card import action_table, detector_table, model_card, pose_table
from edgeact.bundle import CalibrationSpec, ClipSpec, GraphSpec, Manifest, TensorSpec
from edgeact.skeleton import BODY_21
from trainer.data.action_sequences import LABELS, OTHER
from trainer.recipe import load_recipe

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
    "detector": {
        "coco_mini": {
            "persons": 117,
            "ap_50": 0.45,
            "ap": 0.21,
            "recall_at_threshold": 0.4,
            "false_boxes_per_image": 0.25,
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
}


def manifest() -> Manifest:
    return Manifest(
        schema_version=1,
        name="compact",
        version="9.9",
        created="2026-01-31",
        licence="Apache-2.0",
        skeleton="body_21",
        joints=BODY_21.joints,
        labels=LABELS,
        other_label=OTHER,
        clip=ClipSpec(length=32, stride_seconds=1 / 15),
        calibration=CalibrationSpec(
            detection_score=0.35, detection_iou=0.6, pose_padding=1.25, joint_confidence=0.3, action_score=0.64
        ),
        graphs=(),
        training={
            "recipe": load_recipe().model_dump(mode="json"),
            "data": {"pose": ["lspet"], "action": ["penn_action", "utkinect"]},
        },
        parity={},
    )


def test_every_number_appears() -> None:
    card = model_card(manifest(), METRICS)
    for number in (
        "51.2 %",
        "23.5 %",
        "60.0 %",
        "45.0 %",
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


def test_what_rounding_cost_is_told_for_rounded_graphs_only() -> None:
    image = TensorSpec(name="image", meaning="image", shape=(1, 8, 8, 3), dtype="uint8")
    graph = GraphSpec(
        name="pose",
        file="pose.onnx",
        sha256="0" * 64,
        scope="person",
        horizon="frame",
        precision="int8",
        inputs=(image,),
        outputs=(image,),
    )
    rounding = {"float32": {"pose lspet": 0.5205}, "int8": {"pose lspet": 0.5173}}
    made = manifest().model_copy(update={"graphs": (graph,), "training": manifest().training | {"rounding": rounding}})
    card = model_card(made, METRICS)
    assert "### Eight bits" in card
    assert "Most convolutions of `pose` are rounded" in card
    assert "| pose lspet | 52.0 % | 51.7 % |" in card
    assert "### Eight bits" not in model_card(manifest(), METRICS)


def test_only_data_that_were_used_are_named() -> None:
    card = model_card(manifest(), METRICS)
    assert "UTKinect-Action3D" in card
    assert "JHMDB (Jhuang" not in card


def test_the_history_of_the_weights_is_told() -> None:
    made = manifest()
    recipe = made.training["recipe"] | {"history": "Found under a stone. " * 10}
    lines = model_card(made.model_copy(update={"training": made.training | {"recipe": recipe}}), METRICS).splitlines()
    told = [line for line in lines if "under a stone" in line]
    assert len(told) > 1
    assert max(map(len, told)) <= 140


def test_sets_without_sequences_are_left_out() -> None:
    assert "UT-Interaction, unseen sequences, video in" not in action_table(METRICS)


def test_tables_have_as_many_cells_as_their_header() -> None:
    for table in (pose_table(METRICS), detector_table(METRICS), action_table(METRICS)):
        assert len({line.count("|") for line in table.splitlines()}) == 1
