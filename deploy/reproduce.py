"""A recipe and the raw data sets → the bundle, measured and described; interrupted runs go on where they stopped."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from deploy.accuracy import refuse_drop, validation_scores
from deploy.model_card import model_card
from deploy.package import Calibration, Networks, Samples, put_in_place, write_bundle
from deploy.quantize import CalibrationPictures
from edgeact.bundle import MANIFEST_NAME, Bundle, load_bundle
from edgeact.geometry import letterbox
from trainer.calibrate import calibrate_action
from trainer.data.action_windows import whole_clip
from trainer.data.detector_scenes import read_pictures
from trainer.data.pose_augment import centre_crop
from trainer.data.pose_sets import load_patch_set
from trainer.data.read_picture import read_rgb
from trainer.evaluate import evaluate
from trainer.folders import Folders
from trainer.log import log
from trainer.measure.detector import choose_detection_score
from trainer.measure.graphs import open_named
from trainer.models.edge_action import CLIP_LENGTH, spread_common
from trainer.models.edge_detector import INPUT_HEIGHT, INPUT_WIDTH
from trainer.recipe import Recipe
from trainer.stages import (
    POSE_SETS,
    check_folders,
    fit_pose_confidence,
    make_data,
    make_tracks,
    train_action,
    train_detector,
    train_pose,
    use_one_thread,
)

Item = TypeVar("Item")

_FIRST_DETECTION_SCORE = 0.35  # until the frame bundle is there to choose it with


def frame_samples(folders: Folders) -> Samples:
    """Scenes and crops of validation pictures to compare the exported graphs on; no clips yet."""
    pictures = read_pictures(folders.detector, "validation")[:12]
    images = [read_rgb(picture.path) for picture in pictures]
    scenes = np.stack([letterbox(image, width=INPUT_WIDTH, height=INPUT_HEIGHT) for image in images])
    patches = load_patch_set(folders.pose / "lspet", "validation")
    crops = np.stack([centre_crop(patches.patches[row], patches.joints[row])[0] for row in patches.rows[:16]])
    return Samples(torch.from_numpy(scenes), torch.from_numpy(crops), torch.zeros(2, CLIP_LENGTH, 21, 3))


# Sets whose training persons show the pose graph's activations their ranges: photos, studio pictures, video.
_QUANTIZE_CROP_SETS = ("lspet", "stock_upright", "ut_interaction")


def calibration_pictures(recipe: Recipe, folders: Folders) -> CalibrationPictures:
    """Training pictures, evenly spread, for the graphs that the recipe quantises."""
    scenes = crops = np.empty(0, np.uint8)
    if "detector" in recipe.quantize.graphs:
        chosen = _spread(read_pictures(folders.detector, "train"), recipe.quantize.pictures)
        scenes = np.stack(
            [letterbox(read_rgb(picture.path), width=INPUT_WIDTH, height=INPUT_HEIGHT) for picture in chosen]
        )
    if "pose" in recipe.quantize.graphs:
        cut = []
        for name in _QUANTIZE_CROP_SETS:
            patches = load_patch_set(folders.pose / name, "train")
            rows = _spread(patches.rows.tolist(), recipe.quantize.pictures // len(_QUANTIZE_CROP_SETS))
            cut += [centre_crop(patches.patches[row], patches.joints[row])[0] for row in rows]
        crops = np.stack(cut)
    return CalibrationPictures(scenes=scenes, crops=crops)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """So many of them at most, at even distances."""
    return [items[int(index)] for index in np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round())]


def reproduce(recipe: Recipe, folders: Folders, out: Path, *, created: str) -> Bundle:
    """Do everything that a recipe says.

    Args:
        recipe: What was decided.
        folders: Where data and teachers are, and where the work goes.
        out: The bundle's folder; replaced when the new one is whole.
        created: Date of the bundle, ``YYYY-MM-DD``.

    Raises:
        SourceNotFoundError: A data set is missing.
        BundleError: An exported graph does not give what its network gives, or quantisation costs too much.
        FloatingPointError: A training diverged.
    """
    check_folders(folders)
    use_one_thread()
    make_data(recipe, folders)
    detector, pose = train_detector(recipe, folders), train_pose(recipe, folders)
    confidence = fit_pose_confidence(pose, folders)
    samples = frame_samples(folders)
    calibration = Calibration(
        confidence_slope=tuple(confidence.slope.tolist()),
        confidence_offset=tuple(confidence.offset.tolist()),
        temperature=1.0,
        detection_score=_FIRST_DETECTION_SCORE,
        detection_iou=recipe.thresholds.detection_iou,
        joint_confidence=recipe.thresholds.joint_confidence,
        action_score=1.0,
    )
    frame_bundle = folders.work / "frame_bundle"
    log(stage="frame bundle")
    pictures = calibration_pictures(recipe, folders) if recipe.quantize.graphs else None
    networks = Networks(detector, pose, None)
    bundle = write_bundle(
        frame_bundle,
        networks,
        calibration,
        samples,
        pictures=pictures,
        version=recipe.version,
        created=created,
        training={},
    )
    rounding: dict[str, dict[str, float]] = {}
    if pictures is not None:
        log(stage="quantisation check")
        exact = write_bundle(
            folders.work / "float_bundle",
            networks,
            calibration,
            samples,
            version=recipe.version,
            created=created,
            training={},
        )
        before, after = validation_scores(exact, folders), validation_scores(bundle, folders)
        rounding = {"float32": _rounded(before), "int8": _rounded(after)}
        log(**rounding)
        refuse_drop(before, after, largest=recipe.quantize.largest_drop)
    score = choose_detection_score(
        open_named(bundle, "detector"),
        read_pictures(folders.detector, "validation"),
        iou=recipe.thresholds.detection_iou,
    )
    calibration = replace(calibration, detection_score=score)
    _set_detection_score(frame_bundle, score)
    make_tracks(load_bundle(frame_bundle), folders)
    action, sequences = train_action(recipe, folders)
    temperature, threshold = calibrate_action(action, sequences, other_as_known=recipe.thresholds.other_as_known)
    calibration = replace(calibration, temperature=temperature, action_score=threshold)
    clips = np.stack([whole_clip(sequence) for sequence in [s for s in sequences if s.split == "validation"][::40]])
    samples = replace(samples, clips=torch.from_numpy(spread_common(clips)))
    log(stage="bundle", temperature=round(temperature, 3), action_score=threshold, detection_score=score)
    # The networks were folded for the first bundle; the trainings give them anew from their checkpoints.
    networks = Networks(train_detector(recipe, folders), train_pose(recipe, folders), action)
    training = {
        "recipe": recipe.model_dump(mode="json"),
        "data": {"pose": list(POSE_SETS), "action": sorted({s.source for s in sequences})},
        "rounding": rounding,
    }
    finished = folders.work / "bundle"
    bundle = write_bundle(
        finished,
        networks,
        calibration,
        samples,
        pictures=pictures,
        version=recipe.version,
        created=created,
        training=training,
    )
    log(stage="evaluate")
    metrics = evaluate(bundle, folders)
    (folders.work / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    return publish(finished, metrics, out)


def publish(finished: Path, metrics: dict, out: Path) -> Bundle:
    """Copy a bundle to its place with its metrics in the manifest and its model card beside it."""
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(finished, partial)
    manifest = json.loads((partial / MANIFEST_NAME).read_text(encoding="utf-8"))
    manifest["training"]["metrics"] = metrics
    (partial / MANIFEST_NAME).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (partial / "MODEL_CARD.md").write_text(model_card(load_bundle(partial).manifest, metrics), encoding="utf-8")
    return put_in_place(partial, out)


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(score, 4) for name, score in scores.items()}


def _set_detection_score(folder: Path, score: float) -> None:
    path = folder / MANIFEST_NAME
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["calibration"]["detection_score"] = score
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
