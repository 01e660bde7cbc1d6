"""Make a bundle from a recipe and the raw data sets: train, export, measure, and write the model card.

An interrupted run goes on where it stopped.

This is the one place where trainer, deploy and runtime are needed together: the trainer trains, deploy exports, and the
runtime finds the tracks that actions learn from and measures the outcome. `deploy.renew_actions` does the same for the
actions alone, `deploy.renew_frames` for detector and pose network alone, `deploy.renew_detector` for the
detector alone.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from deploy.model_card import model_card
from deploy.package import Calibration, Networks, Samples, write_bundle
from deploy.write_bundle import put_in_place
from edgeact.atomic import partial_path
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.geometry import letterbox
from edgeact.perception.detect import detection_size
from trainer.console import show_progress
from trainer.data.action_sequences import JointSequence
from trainer.data.action_windows import whole_clip
from trainer.data.pose_sets import load_patch_set
from trainer.data.read_picture import read_rgb
from trainer.data.wild_pictures import wild_pictures
from trainer.evaluate.calibrate import calibrate_action
from trainer.evaluate.shipped_bundle import evaluate
from trainer.evaluate.wild.run import measure_wild
from trainer.evaluate.wild.summary import summarise
from trainer.folders import Folders
from trainer.inputs.action_clip import CLIP_LENGTH, spread_common
from trainer.inputs.crop_size import InputSize
from trainer.log import log
from trainer.precomputed.studio_tracks import SOURCE as STUDIO_TRACKS
from trainer.recipe import Recipe
from trainer.stages import (
    CHOOSING_SETS,
    check_folders,
    check_made,
    check_teacher,
    fit_pose_confidence,
    make_data,
    make_tracks,
    published_detector,
    train_action,
    train_detector,
    train_lifter,
    train_pose,
    use_one_thread,
)

_COMPARED_SCENES = 6  # of the validation photos, which come in many sizes


def scene_samples(folders: Folders, *, pixels: int) -> tuple[torch.Tensor, ...]:
    """Load validation photos ``(1, H, W, 3)`` uint8 RGB to compare exported detectors with PyTorch on.

    Args:
        folders: Where the photos are.
        pixels: Budget of the detector's.
    """
    chosen = [
        path for path, split in wild_pictures(folders.data_set("coco_mini"), "coco_mini") if split == "validation"
    ]
    scenes = []
    for path in chosen[:: max(1, len(chosen) // _COMPARED_SCENES)]:
        image = read_rgb(path)
        width, height = detection_size(image.shape[1], image.shape[0], pixels=pixels)
        scenes.append(torch.from_numpy(letterbox(image, width=width, height=height)[None]))
    return tuple(scenes)


def frame_samples(folders: Folders, size: InputSize, *, pixels: int) -> Samples:
    """Load validation scenes and person crops to compare exported graphs with PyTorch on; the clips are zeros.

    Args:
        folders: Where the pictures are.
        size: Of the pose network's crops.
        pixels: Budget of the detector's.
    """
    patches = load_patch_set(folders.pose / "lspet", "validation")
    crops = np.stack([patches.view(row, size)[0] for row in patches.rows[:16]])
    scenes = scene_samples(folders, pixels=pixels)
    return Samples(scenes, torch.from_numpy(crops), torch.zeros(2, CLIP_LENGTH, 21, 3))


def reproduce(recipe: Recipe, folders: Folders, out: Path, *, created: str) -> Bundle:
    """Do everything that a recipe says.

    Args:
        recipe: What was decided.
        folders: Where data and teachers are, and where the work goes.
        out: The bundle's folder; replaced when the new one is whole.
        created: Date of the bundle, ``YYYY-MM-DD``.

    Raises:
        SourceNotFoundError: A data set is missing.
        BundleError: An exported graph does not give what its network gives.
        DivergenceError: A training diverged.
    """
    check_folders(folders)
    check_teacher(recipe, folders)
    if recipe.action.tracks_of != recipe.name:
        check_made(["action"], recipe, folders)
    use_one_thread()
    networks, calibration, samples = train_frames(recipe, folders)
    work = folders.work / recipe.name
    frame_bundle = work / "frame_bundle"
    log(stage="frame bundle")
    data = pose_data(recipe)
    training: dict[str, object] = {"recipe": recipe.model_dump(mode="json"), "data": data}
    bundle = write_bundle(
        frame_bundle,
        networks,
        calibration,
        samples,
        name=recipe.name,
        version=recipe.version,
        created=created,
        training=training,
    )
    if recipe.action.tracks_of == recipe.name:
        make_tracks(bundle, folders, rendered=STUDIO_TRACKS in recipe.action.sources)
    action, sequences = train_action(recipe, folders)
    lifter = None if recipe.lifter is None else train_lifter(recipe, folders)
    temperature, threshold = calibrate_action(action, sequences, other_as_known=recipe.thresholds.other_as_known)
    calibration = replace(calibration, temperature=temperature, action_score=threshold)
    samples = replace(samples, clips=clip_samples(sequences))
    log(stage="bundle", temperature=round(temperature, 3), action_score=threshold)
    data = {**data, "action": sorted({sequence.source for sequence in sequences})}
    if recipe.lifter is not None:
        data["lifter"] = [name for name in recipe.lifter.mix if name != "teacher" or recipe.lifter.teacher_poses]
    finished = work / "bundle"
    bundle = write_bundle(
        finished,
        replace(networks, action=action, lifter=lifter),
        calibration,
        samples,
        name=recipe.name,
        version=recipe.version,
        created=created,
        training={**training, "data": data},
    )
    return publish(finished, measure(bundle, recipe, folders), out)


def train_frames(recipe: Recipe, folders: Folders) -> tuple[Networks, Calibration, Samples]:
    """Label the data, train detector and pose network, and fit the confidence of joints.

    Returns:
        Networks without actions and lifter, a calibration whose temperature and score of actions stand for none yet,
        and samples without clips.

    Raises:
        SourceNotFoundError: A data set is missing.
        DivergenceError: A training diverged.
    """
    make_data(folders)
    detector, pose = train_detector(recipe, folders), train_pose(recipe, folders)
    published = published_detector(folders) if recipe.detector.published_pixels else None
    calibration = Calibration(
        confidence=fit_pose_confidence(pose, folders),
        temperature=1.0,
        detection_score=recipe.detector.score,
        detection_iou=recipe.thresholds.detection_iou,
        detection_pixels=recipe.detector.pixels,
        published_pixels=recipe.detector.published_pixels,
        joint_confidence=recipe.thresholds.joint_confidence,
        action_score=1.0,
    )
    samples = frame_samples(folders, recipe.pose.size, pixels=max(recipe.detector.pixels))
    return Networks(detector, pose, None, published_detector=published), calibration, samples


def pose_data(recipe: Recipe) -> dict[str, list[str]]:
    """Return the training data of a recipe's pose network for the manifest: under ``pose`` the data sets, including
    those that only choose checkpoints, under ``pose_teachers`` the networks that labelled joints.
    """
    return {"pose": [*recipe.pose.mix, *CHOOSING_SETS], "pose_teachers": ["PP-TinyPose", "MoveNet Thunder"]}


def clip_samples(sequences: list[JointSequence]) -> torch.Tensor:
    """Return clips ``(C, 32, 21, 3)`` of every fortieth validation sequence, to check exported graphs with."""
    chosen = [sequence for sequence in sequences if sequence.split == "validation"][::40]
    return torch.from_numpy(spread_common(np.stack([whole_clip(sequence) for sequence in chosen])))


def measure(bundle: Bundle, recipe: Recipe, folders: Folders) -> dict:
    """Measure a finished bundle. The figures are also written to ``metrics.json`` in the bundle's work folder, beside
    the tables and contact sheets of the wild pictures (``wild/``).
    """
    work = folders.work / recipe.name
    log(stage="evaluate")
    metrics = evaluate(bundle, folders, tracks_of=recipe.action.tracks_of)
    log(stage="other people's pictures")
    figures = measure_wild(
        bundle, folders.data, folders.teachers, work / "wild", progress=show_progress, snapshots=folders.snapshots
    )
    metrics["wild"] = summarise(figures)
    (work / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    return metrics


def publish(finished: Path, metrics: dict, out: Path) -> Bundle:
    """Copy a bundle to its place with its metrics in the manifest and its model card beside it."""
    partial = partial_path(out)
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(finished, partial)
    manifest = json.loads((partial / MANIFEST_NAME).read_text(encoding="utf-8"))
    manifest["training"]["metrics"] = metrics
    (partial / MANIFEST_NAME).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (partial / "MODEL_CARD.md").write_text(model_card(load_bundle(partial).manifest, metrics), encoding="utf-8")
    put_in_place(partial, out)
    return load_bundle(out)
