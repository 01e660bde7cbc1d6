"""Pose accuracy of the shipped graph on true boxes, and the errors that it makes."""

from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.base import Backend
from edgeact.geometry import transform_points
from edgeact.skeleton import LIMB_JOINTS
from trainer.data.pose_augment import view_matrix
from trainer.data.pose_noise import residual_bank
from trainer.data.pose_patches import PATCH_CENTRE
from trainer.data.pose_sets import PatchSet, load_patch_set
from trainer.data.splits import Split
from trainer.evaluate.calibrate import expected_calibration_error
from trainer.evaluate.graphs import open_named
from trainer.evaluate.metrics.pck import pck
from trainer.inputs.action_clip import common_joints
from trainer.inputs.crop_size import InputSize

POSE_SETS = ("stock_upright", "lspet", "coco_mini", "ut_interaction", "surveillance_fights")
# Sets whose joints a teacher network named: what is measured there is agreement with it, not accuracy.
TEACHER_LABELLED = frozenset({"ut_interaction", "surveillance_fights"})


def crop_size(bundle: Bundle) -> InputSize:
    """Size of the crops that a bundle's pose graph takes."""
    shape = bundle.plan.pose.inputs[0].shape
    return InputSize(int(shape[1]), int(shape[2]))


def predict_crops(
    backend: Backend, patches: PatchSet, size: InputSize, *, batch: int = 16
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (M, 21, 2), confidence (M, 21) and targets (M, 21, 3) in crop pixels of every row of a set."""
    found, confidence, targets = [], [], []
    for start in range(0, len(patches.rows), batch):
        crops, wanted = zip(*(patches.view(row, size) for row in patches.rows[start : start + batch]), strict=True)
        outputs = backend.run({"image": np.stack(crops)})
        found.append(outputs["joints"])
        confidence.append(outputs["confidence"])
        targets.append(np.stack(wanted)[..., :3])
    return np.concatenate(found), np.concatenate(confidence), np.concatenate(targets)


def evaluate_pose(
    bundle: Bundle, patches: Path, *, teachers: Path | None, split: Split = "test"
) -> dict[str, dict[str, float]]:
    """PCK@0.2 and @0.1 of the limb joints on true boxes, calibration error of the confidence, and the teacher's on the
    same persons.

    Sets that have nobody in the split are left out.
    """
    backend, size = open_named(bundle, "pose"), crop_size(bundle)
    scores: dict[str, dict[str, float]] = {}
    for name in POSE_SETS:
        chosen = load_patch_set(patches / name, split)
        if not len(chosen.rows):
            continue
        found, confidence, wanted = predict_crops(backend, chosen, size)
        torso = chosen.torso_in_view(chosen.rows, size)
        valid = (wanted[..., 2] > 0) & (torso[:, None] > 0)
        right = np.linalg.norm(found - wanted[..., :2], axis=-1) <= 0.2 * torso[:, None]
        scores[name] = {
            "persons": len(chosen.rows),
            "pck_0.2": pck(found, wanted, torso, joints=LIMB_JOINTS)[0],
            "pck_0.1": pck(found, wanted, torso, joints=LIMB_JOINTS, threshold=0.1)[0],
            "confidence_calibration_error": expected_calibration_error(confidence[valid], right[valid]),
        }
        if teachers is not None and name not in TEACHER_LABELLED:
            scores[name]["tinypose_pck_0.2"] = pck(
                _teacher_joints(chosen, teachers, size), wanted, torso, joints=LIMB_JOINTS
            )[0]
    return scores


def _teacher_joints(patches: PatchSet, teachers: Path, size: InputSize) -> np.ndarray:
    """PP-TinyPose on the same patches, (M, 21, 2) in the pixels of the network's crop (joints that it lacks stay 0)."""
    from trainer.precomputed.teachers import TeacherPose

    teacher = TeacherPose(teachers)
    joints = np.zeros((len(patches.rows), 21, 2), np.float32)
    for position, row in enumerate(patches.rows):
        half = patches.boxes[row] / 2
        box = np.concatenate([PATCH_CENTRE - half, PATCH_CENTRE + half])
        found = teacher(np.ascontiguousarray(patches.patches[row][..., ::-1]), box)[:, :2]
        joints[position, :17] = transform_points(found, view_matrix(patches.boxes[row], size))
    return joints


def pose_error_banks(bundle: Bundle, patches: Path) -> dict[str, np.ndarray]:
    """Errors of the pose graph for `add_pose_noise`: on validation persons (to train with) and on test persons (to
    measure with).
    """
    backend, size = open_named(bundle, "pose"), crop_size(bundle)
    banks = {}
    for split in ("validation", "test"):
        rows = []
        for name in ("lspet", "stock_upright"):
            chosen = load_patch_set(patches / name, split)
            found, confidence, wanted = predict_crops(backend, chosen, size)
            predicted = common_joints(np.concatenate([found, confidence[..., None]], -1))
            target = common_joints(wanted)
            if name == "lspet":
                target[:, 0, 2] = 0  # has no face joints: the head's error is not known there
            rows.append(
                residual_bank(predicted[..., :2], predicted[..., 2], target, chosen.torso_in_view(chosen.rows, size))
            )
        banks[split] = np.concatenate(rows)
    return banks
