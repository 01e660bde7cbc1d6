"""The stages of a training, in order; each leaves alone what it finds done, so that an interrupted run goes on where it
stopped.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from edgeact.bundle import Bundle
from edgeact.errors import SourceNotFoundError
from trainer.calibrate import ConfidenceFit, fit_confidence
from trainer.data.action_sequences import JointSequence
from trainer.data.detector_images import build as build_pictures
from trainer.data.label import PARTS, label
from trainer.data.pose_patches import build as build_patches
from trainer.data.pose_sets import load_patch_set
from trainer.data.studio.frames import write_frames
from trainer.data.teachers import TEACHER_FILES
from trainer.data.tracks import build as build_tracks
from trainer.device import training_device
from trainer.fit_action import fit as fit_action
from trainer.fit_action import read_training
from trainer.fit_detector import fit as fit_detector
from trainer.fit_pose import fit as fit_pose
from trainer.fit_pose import fit_teacher, predict
from trainer.folders import Folders
from trainer.log import log
from trainer.measure.pose import pose_error_banks
from trainer.models.edge_action import EdgeAction
from trainer.models.edge_detector import EdgeDetector
from trainer.models.edge_pose import EdgePose
from trainer.recipe import Recipe

POSE_SETS = ("lspet", "stock_upright", "coco_mini", "ut_interaction", "surveillance_fights")
_CALIBRATION_SETS = ("lspet", "stock_upright")


# What is read first of each data set: an empty folder of the right name is none.
_FIRST_READ = {
    "lspet": "joints.mat",
    "stock_upright": "person_keypoints.json",
    "coco_mini": "annotations",
    "ut_interaction": "index.csv",
    "surveillance_fights": "groups.csv",
    "penn_action": "labels",
    "jhmdb": "GT_train_1.npz",
    "studio": "motion/manifest.csv",
    "utkinect": "UTKinect.mat",
    "nwucla": "nwucla.npz",
}


def check_folders(folders: Folders) -> None:
    """Say at once what is missing, not after an hour.

    Raises:
        SourceNotFoundError: A data set, a teacher or weights to start from are not there.
    """
    sets = (*POSE_SETS, "penn_action", "jhmdb", "studio", "utkinect", "nwucla")
    wanted = [folders.data / name / _FIRST_READ.get(name, "") for name in sets]
    wanted += [folders.imagenet, folders.tinypose]
    if not all((folders.labels / f"{name}.jsonl").exists() for name in PARTS):
        wanted += [folders.teachers / name for name in TEACHER_FILES]
    missing = [str(path) for path in wanted if not path.exists()]
    if missing:
        raise SourceNotFoundError(
            f"{', '.join(missing)} not found; give the folders of the data sets and teachers with --data and --teachers"
        )


def check_made(stages: Sequence[str], folders: Folders) -> None:
    """Say at once that a stage needs what an earlier one makes, and that neither has nor will have been done.

    Args:
        stages: Those that are to be done, of ``data``, ``detector``, ``pose`` and ``action``.
        folders: Where earlier stages left their work.

    Raises:
        SourceNotFoundError: A stage has nothing to learn from; the message names the stage that makes it.
    """
    made_by_data = {
        "detector": [folders.detector / "labels.jsonl"],
        "pose": [folders.pose / name / "index.json" for name in ("lspet", "stock_upright")],  # which it is checked on
    }
    for stage, files in made_by_data.items():
        missing = [] if "data" in stages or stage not in stages else [str(path) for path in files if not path.exists()]
        if missing:
            raise SourceNotFoundError(
                f"{', '.join(missing)} not found, which --stage {stage} learns from; make the data first: "
                f"edgeact train --stage data --stage {stage}, with the same --work"
            )
    if "action" in stages and not (folders.pose_errors.exists() and any(folders.tracks.glob("*.jsonl"))):
        raise SourceNotFoundError(
            f"{folders.tracks} has no tracks yet; `edgeact deploy reproduce` makes them with the detector and "
            "pose network"
        )


def use_one_thread() -> None:
    """Small networks lose more to waiting for each other's threads than they win; run two trainings beside each other
    instead.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def make_data(recipe: Recipe, folders: Folders) -> None:
    """Label, render, cut: everything that the frame networks train on."""
    log(stage="labels")
    label(folders.data, folders.teachers, folders.labels, sorted(PARTS))
    sets = list(POSE_SETS)
    if recipe.studio_pictures:
        log(stage="studio")
        for _ in write_frames(folders.data / "studio", folders.studio, count=recipe.studio_pictures, seed=0):
            pass
        sets.append("studio")
    log(stage="pose patches")
    build_patches(folders.data, folders.labels, folders.studio, folders.pose, sets)
    if not (folders.detector / "labels.jsonl").exists():
        log(stage="detector pictures")
        build_pictures(folders.data, folders.labels, folders.studio, folders.detector)


def train_detector(recipe: Recipe, folders: Folders) -> EdgeDetector:
    """The person detector.

    Raises:
        SourceNotFoundError: The pictures are missing, which `make_data` makes.
    """
    check_made(["detector"], folders)
    log(stage="detector")
    return fit_detector(folders.detector, folders.imagenet, folders.network("detector"), recipe.detector).eval()


def train_pose(recipe: Recipe, folders: Folders) -> EdgePose:
    """The pose network, after the larger one that it learns from.

    Raises:
        SourceNotFoundError: The patches are missing, which `make_data` cuts.
    """
    check_made(["pose"], folders)
    log(stage="pose", device=training_device().type)
    teacher = fit_teacher(folders.pose, folders.tinypose, folders.network("pose_teacher"), recipe.pose)
    return fit_pose(folders.pose, folders.tinypose, folders.network("pose"), recipe.pose, teacher=teacher).eval()


def train_action(recipe: Recipe, folders: Folders) -> tuple[EdgeAction, list[JointSequence]]:
    """The action network, and the sequences of all splits that it was trained and is calibrated on.

    Raises:
        SourceNotFoundError: The tracks or pose errors are missing, which need a bundle of the frame networks.
    """
    check_made(["action"], folders)
    log(stage="action")
    sequences = read_training(folders.data, folders.tracks)
    with np.load(folders.pose_errors) as file:
        bank = file["validation"]
    return fit_action(sequences, bank, folders.network("action"), recipe.action).eval(), sequences


def fit_pose_confidence(network: EdgePose, folders: Folders) -> ConfidenceFit:
    """The pose network's confidence on validation persons."""
    parts = []
    for name in _CALIBRATION_SETS:
        patches = load_patch_set(folders.pose / name, "validation")
        joints, mass, wanted = predict(network, patches, patches.rows)
        parts.append((mass, joints, wanted, patches.torso[patches.rows]))
    mass, joints, wanted, torso = (np.concatenate(values) for values in zip(*parts, strict=True))
    return fit_confidence(mass, joints, wanted, torso)


def make_tracks(bundle: Bundle, folders: Folders) -> None:
    """Errors and tracks of a bundle of the frame networks, for the action network to train on."""
    log(stage="pose errors")
    if not folders.pose_errors.exists():
        folders.work.mkdir(parents=True, exist_ok=True)
        banks = pose_error_banks(bundle, folders.pose)
        np.savez(folders.pose_errors, validation=banks["validation"], test=banks["test"])
    log(stage="tracks")
    build_tracks(folders.data, bundle, folders.tracks)
