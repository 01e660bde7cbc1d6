"""The stages of a training, in order; each leaves alone what it finds done, so that an interrupted run goes on where it
stopped.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from edgeact.bundle.load import Bundle
from edgeact.errors import SourceNotFoundError
from trainer.data.action_sequences import JointSequence
from trainer.data.mixes import POSE_SOURCES
from trainer.data.pose_patches import HUMAN_SETS
from trainer.data.pose_patches import build as build_patches
from trainer.data.pose_sets import load_patch_set
from trainer.device import training_device
from trainer.evaluate.calibrate import ConfidenceFit, fit_confidence
from trainer.evaluate.pose import pose_error_banks
from trainer.fit_action import fit as fit_action
from trainer.fit_action import read_training
from trainer.fit_detector import fit as fit_detector
from trainer.fit_lifter import fit as fit_lifter
from trainer.fit_lifter import read_motions
from trainer.fit_pose import fit as fit_pose
from trainer.fit_pose import predict
from trainer.folders import Folders, picture_folder
from trainer.log import log
from trainer.mix_weights import mix_weights
from trainer.models.edge_action import EdgeAction
from trainer.models.edge_pose import EdgePose, room_to_border
from trainer.models.lifter import Lifter
from trainer.models.person_detector import PersonDetector, load_yolox
from trainer.precomputed.agreed_people import make_pictures
from trainer.precomputed.blazepose import HEAVY_FILE
from trainer.precomputed.label import PARTS, label
from trainer.precomputed.movenet import require_thunder
from trainer.precomputed.second_opinion import JOINED_PARTS, join_opinions
from trainer.precomputed.teacher_poses import make_teacher_poses
from trainer.precomputed.teachers import TEACHER_FILES
from trainer.precomputed.tracks import build as build_tracks
from trainer.recipe import Recipe, load_recipe, recipe_path, require_lifter

CHOOSING_SETS = ("coco_mini",)  # choose and measure only
POSE_SETS = (*POSE_SOURCES, *CHOOSING_SETS)
# Fitted with one half of the everyday people, the error of the confidence on the other half is .073 with a weight of 1,
# .042 with 4, .032 with 16 and .037 without the other sets (docs/history.md).
_EVERYDAY_WEIGHT = 16.0
_ACTION_SETS = ("penn_action", "jhmdb", "studio", "utkinect", "utd_mhad_skel", "msr_action3d_skel", "nwucla")

# What is read first of each data set: an empty folder of the right name is none.
_FIRST_READ = {
    "lspet": "joints.mat",
    "stock_upright": "person_keypoints.json",
    "coco_mini": "annotations",
    "coco_more": "person_keypoints.json",
    "ut_interaction": "index.csv",
    "surveillance_fights": "groups.csv",
    "penn_action": "labels",
    "jhmdb": "GT_train_1.npz",
    "studio": "motion/manifest.csv",
    "utkinect": "UTKinect.mat",
    "utd_mhad_skel": "utd_mhad.npz",
    "msr_action3d_skel": "msr_action3d.npz",
    "nwucla": "nwucla.npz",
}


def check_folders(folders: Folders) -> None:
    """Say at once what is missing, not after an hour.

    Raises:
        SourceNotFoundError: A data set, a teacher or weights to start from are not there.
    """
    roots = {name: folders.data_set(name) for name in (*POSE_SETS, *_ACTION_SETS)}
    wanted = [root / _FIRST_READ[name] if name in _FIRST_READ else picture_folder(root) for name, root in roots.items()]
    wanted += [folders.yolox, folders.tinypose]
    if not all((folders.labels / f"{name}.jsonl").exists() for name in PARTS):
        wanted += [folders.teachers / name for name in TEACHER_FILES]
    missing = [str(path) for path in wanted if not path.exists()]
    if missing:
        raise SourceNotFoundError(
            f"{', '.join(missing)} not found; give the folders of the data sets and teachers with --data and --teachers"
        )
    if not all((folders.agreed_labels / f"{name}.jsonl").exists() for name in JOINED_PARTS):
        require_thunder(folders.teachers)


def check_made(stages: Sequence[str], recipe: Recipe, folders: Folders) -> None:
    """Say at once that a stage needs what an earlier one makes, and that neither has nor will have been done.

    Args:
        stages: Those that are to be done, of ``data``, ``pose``, ``action`` and ``lifter``.
        recipe: What is trained.
        folders: Where earlier stages left their work.

    Raises:
        SourceNotFoundError: A stage has nothing to learn from; the message names the stage that makes it.
        ConfigError: The lifter is to be trained, and the recipe does not say how.
    """
    if "pose" in stages and "data" not in stages:
        files = [folders.pose / name / "index.json" for name in POSE_SETS]
        missing = [str(path) for path in files if not path.exists()]
        if missing:
            raise SourceNotFoundError(
                f"{', '.join(missing)} not found, which --stage pose learns from; make the data first: "
                "edgeact train --stage data --stage pose, with the same --work"
            )
    owner = recipe.action.tracks_of
    tracks = folders.tracks(owner)
    if "lifter" in stages:
        _check_lifter(recipe, folders)
    if "action" in stages and not (folders.pose_errors(owner).exists() and any(tracks.glob("*.jsonl"))):
        raise SourceNotFoundError(
            f"{tracks} has no tracks yet; `edgeact deploy reproduce` of {owner}'s recipe makes them with its detector "
            "and pose network"
        )


def check_teacher(recipe: Recipe, folders: Folders) -> None:
    """Say at once that the lifter's teacher is missing, where the recipe asks for it and its poses are not made yet.

    Raises:
        SourceNotFoundError: The teacher's file is not there.
    """
    teacher = folders.teachers / HEAVY_FILE
    asked = recipe.lifter is not None and recipe.lifter.teacher_poses
    if asked and not folders.teacher_poses.exists() and not teacher.is_file():
        raise SourceNotFoundError(
            f"{teacher} not found, whose poses the lifter learns from; `npm pack @mediapipe/pose`, unpack it and copy "
            f"{HEAVY_FILE} there, or set teacher_poses = false in the recipe's [lifter]"
        )


def _check_lifter(recipe: Recipe, folders: Folders) -> None:
    require_lifter(recipe)
    check_teacher(recipe, folders)
    errors = folders.pose_errors(recipe.action.tracks_of)
    if not errors.exists():
        raise SourceNotFoundError(
            f"{errors} not found, the pose network's errors that the lifter must live with; `edgeact deploy reproduce` "
            f"of {recipe.action.tracks_of}'s recipe measures them"
        )


def use_one_thread() -> None:
    """Small networks lose more to waiting for each other's threads than they win; run two trainings beside each other
    instead.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def make_data(folders: Folders) -> None:
    """Label and cut: everything that the pose network trains on."""
    log(stage="labels")
    label(folders, sorted(PARTS))
    log(stage="second opinion")
    join_opinions(folders)
    log(stage="pose patches")
    build_patches(folders, POSE_SETS)


def published_detector(folders: Folders) -> PersonDetector:
    """YOLOX-nano as its authors published it, persons only."""
    published = PersonDetector()
    load_yolox(published, folders.yolox)
    return published.eval()


def train_detector(recipe: Recipe, folders: Folders) -> PersonDetector:
    """Train the person detector if the recipe, or the one that its training is taken from, says how; else load the
    published one. What was trained is mixed with the weights that it started from.

    Raises:
        SourceNotFoundError: The labels are missing, which `make_data` makes.
    """
    taken_from = recipe.detector.taken_from
    owner = recipe if taken_from is None else load_recipe(recipe_path(taken_from))
    published = published_detector(folders)
    if owner.detector.training is None:
        return published
    log(stage="detector", of=owner.name, device=training_device().type)
    make_pictures(folders, published)
    checkpoint = folders.network(owner.name, "detector")
    trained = fit_detector(folders.detector_pictures, published, checkpoint, owner.detector.training)
    return mix_weights(trained, published, recipe.detector.start_share).eval()


def train_pose(recipe: Recipe, folders: Folders) -> EdgePose:
    """The pose network; the one that it starts from is trained before, if need be.

    Raises:
        SourceNotFoundError: The patches are missing, which `make_data` cuts.
    """
    check_made(["pose"], recipe, folders)
    wider = (
        None if recipe.pose.start == "tinypose" else train_pose(load_recipe(recipe_path(recipe.pose.start)), folders)
    )
    log(stage="pose", of=recipe.name, device=training_device().type)
    checkpoint = folders.network(recipe.name, "pose")
    return fit_pose(folders.pose, folders.tinypose, checkpoint, recipe.pose, wider).eval()


def train_action(recipe: Recipe, folders: Folders) -> tuple[EdgeAction, list[JointSequence]]:
    """The action network, and the sequences of all splits that it was trained and is calibrated on.

    Raises:
        SourceNotFoundError: The tracks or pose errors are missing, which need a bundle of the frame networks.
    """
    check_made(["action"], recipe, folders)
    log(stage="action")
    owner = recipe.action.tracks_of
    sequences = read_training(folders, owner)
    with np.load(folders.pose_errors(owner)) as file:
        bank = file["validation"]
    return fit_action(sequences, bank, folders.network(owner, "action"), recipe.action).eval(), sequences


def train_lifter(recipe: Recipe, folders: Folders) -> Lifter:
    """The lifter; the poses of its teacher are made before, if the recipe asks for them.

    Raises:
        ConfigError: The recipe has no lifter.
        SourceNotFoundError: The pose errors or the teacher are missing.
    """
    check_made(["lifter"], recipe, folders)
    chosen = require_lifter(recipe)
    log(stage="lifter")
    if chosen.teacher_poses:
        make_teacher_poses(folders)
    with np.load(folders.pose_errors(recipe.action.tracks_of)) as file:
        bank = file["validation"]
    clips = read_motions(folders, teacher=chosen.teacher_poses)
    return fit_lifter(clips, bank, folders.network(recipe.action.tracks_of, "lifter"), chosen).eval()


def fit_pose_confidence(network: EdgePose, folders: Folders) -> ConfidenceFit:
    """The pose network's confidence on validation persons whose joints humans named.

    The everyday photos (`CHOOSING_SETS`) weigh `_EVERYDAY_WEIGHT` times as much as each other set: crowd labels of
    `lspet` call right joints wrong, and its poses are harder than those that a camera sees.
    """
    rise, room, right, valid, weight = [], [], [], [], []
    for name in HUMAN_SETS:
        patches = load_patch_set(folders.pose / name, "validation")
        joints, found_rise, wanted = predict(network, patches, patches.rows)
        torso = patches.torso_in_view(patches.rows, network.size)[:, None]
        rise.append(found_rise)
        room.append(room_to_border(torch.from_numpy(joints), network.size).numpy())
        right.append(np.linalg.norm(joints - wanted[..., :2], axis=-1) <= 0.2 * torso)
        valid.append((wanted[..., 2] > 0) & (torso > 0))
        share = _EVERYDAY_WEIGHT if name in CHOOSING_SETS else 1.0
        weight.append(np.full(len(patches.rows), share / max(valid[-1].sum(), 1)))
    return fit_confidence(*(np.concatenate(part) for part in (rise, room, right, valid, weight)))


def make_tracks(bundle: Bundle, folders: Folders, *, rendered: bool = False) -> None:
    """Errors and tracks of a bundle of the frame networks, for the action network to train on.

    Args:
        bundle: Whose detector and pose network find them.
        folders: Where data are, and where the work goes.
        rendered: Whether tracks of rendered clips are made too, which takes half an hour the first time.
    """
    name = bundle.manifest.name
    errors = folders.pose_errors(name)
    log(stage="pose errors")
    if not errors.exists():
        errors.parent.mkdir(parents=True, exist_ok=True)
        banks = pose_error_banks(bundle, folders.pose)
        np.savez(errors, validation=banks["validation"], test=banks["test"])
    log(stage="tracks")
    renders = folders.action_renders if rendered else None
    build_tracks(folders.data, bundle, folders.tracks(name), renders)
