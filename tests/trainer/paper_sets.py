"""Tiny data sets in the layouts that the papers' recipes read, and recipes cut down to fit them."""

from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

from tests.toy_video import Boxes, write_toy_video
from trainer.paper_recipe import PaperRecipe, load_paper_recipe

ACTIONS = ("eat", "run")
_SMALL_NETWORKS = {
    "body_part_aware": {"size": 32},
    "loss_guided": {"size": 32, "class_channels": 16, "human_channels": (8, 1)},
    "gated3d": {"size": 32, "frames": 4, "gates": ("layer1", "layer3")},
    "attentional_pooling": {"size": 32, "first_rank": 8, "pose_width": 8},
    "pose_action_pyramid": {"size": 32, "frames": 4, "growth": 4, "clip_channels": 16},
}


def write_stanford40(root: Path) -> Path:
    """Two actions that colours tell apart, forty pictures; returns the folder of all sets."""
    (root / "stanford40" / "images").mkdir(parents=True)
    rows = ["file,action,split,width,height,x,y,w,h"]
    rng = np.random.default_rng(0)
    for number in range(40):
        action = ACTIONS[(number + 1) % 2]
        image = rng.integers(0, 60, (48, 48, 3), np.uint8)
        image[8:40, 8:40, 2 * (number % 2)] += 150
        name = f"{action}_{number:03d}.png"
        cv2.imwrite(str(root / "stanford40" / "images" / name), image)
        rows.append(f"{name},{action},train,48,48,8,8,32,32")
    (root / "stanford40" / "labels.csv").write_text("\n".join(rows))
    return root


def write_lspet(root: Path) -> None:
    """Eight pictures with fourteen labelled joints each."""
    (root / "lspet" / "images").mkdir(parents=True)
    rng = np.random.default_rng(1)
    joints = np.ones((14, 3, 8))
    joints[:, :2] = rng.uniform(4, 44, (14, 2, 8))
    savemat(root / "lspet" / "joints.mat", {"joints": joints})
    for number in range(8):
        image = rng.integers(0, 255, (48, 48, 3), np.uint8)
        cv2.imwrite(str(root / "lspet" / "images" / f"im{number + 1:05d}.jpg"), image)


def write_ut_interaction(root: Path) -> None:
    """Six clips of two actions, two of them of a sequence that measures."""
    (root / "ut_interaction" / "clips").mkdir(parents=True)
    rows = ["file,label,set,group"]
    for number, group in enumerate(("seq01", "seq02", "seq09")):
        for label in ACTIONS:
            name = f"{number}_{label}.mp4"
            write_toy_video(root / "ut_interaction" / "clips" / name, seconds=0.5)
            rows.append(f"{name},{label},1,{group}")
    (root / "ut_interaction" / "index.csv").write_text("\n".join(rows))


def write_surveillance_fights(root: Path) -> None:
    """Six clips of three videos, of which one measures; somebody large walks in each."""
    (root / "surveillance_fights" / "clips").mkdir(parents=True)
    rows = ["file,label,group"]
    for group in ("one", "three", "two"):
        for label in ("fight", "nofight"):
            name = f"{group}_{label}.mp4"
            write_toy_video(root / "surveillance_fights" / "clips" / name, seconds=0.5, boxes=_large_walker)
            rows.append(f"{name},{label},{group}")
    (root / "surveillance_fights" / "groups.csv").write_text("\n".join(rows))


def _large_walker(time: float) -> Boxes:
    return [(40 + 40 * time, 20, 80 + 40 * time, 160)]


def write_paper_sets(root: Path) -> Path:
    """Write all three sets; returns the folder of all sets."""
    write_stanford40(root)
    write_lspet(root)
    write_ut_interaction(root)
    return root


def tiny_recipe(system: str, *, epochs: int = 1) -> PaperRecipe:
    """The small recipe of a system, smaller still."""
    recipe = load_paper_recipe(Path(f"{system}_small"))
    return recipe.model_copy(
        update={
            "network": recipe.network.model_copy(update=_SMALL_NETWORKS[system]),
            "training": recipe.training.model_copy(update={"epochs": epochs}),
        }
    )
