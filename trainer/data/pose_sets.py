"""Stored patches of persons as the pose network trains on them: sets, and batches drawn across them."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edgeact.errors import SourceFormatError
from trainer.data.mixes import Mix, probabilities
from trainer.data.pose_augment import USUAL, PoseAugmentation, augment, centre_crop, view_scale
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.inputs.crop_size import InputSize


@dataclass(frozen=True, slots=True, eq=False)
class PatchSet:
    """Stored patches of one set and split.

    Attributes:
        name: The set.
        patches: ``(N, 320, 256, 3)`` uint8 RGB, memory-mapped.
        joints: ``(N, 21, 4)`` x, y in patch pixels, weight, score.
        boxes: ``(N, 2)`` width and height of the persons' boxes in patch pixels.
        torso: ``(N,)`` in patch pixels; 0 where unknown.
        rows: ``(M,)`` of this split.
    """

    name: str
    patches: np.ndarray
    joints: np.ndarray
    boxes: np.ndarray
    torso: np.ndarray
    rows: np.ndarray

    def view(self, row: int, size: InputSize) -> tuple[np.ndarray, np.ndarray]:
        """A network's own view of one person: crop (height, width, 3) uint8 RGB, joints (21, 4) in its pixels."""
        return centre_crop(self.patches[row], self.joints[row], self.boxes[row], size)

    def torso_in_view(self, rows: np.ndarray, size: InputSize) -> np.ndarray:
        """Torso lengths (M,) of some persons in pixels of a network's own view of them."""
        return self.torso[rows] * np.array([view_scale(self.boxes[row], size) for row in rows], np.float32)


def load_patch_set(folder: Path, split: str) -> PatchSet:
    """Open one set's patches of a split without reading them into memory.

    Raises:
        SourceFormatError: They were cut for another network.
    """
    index = json.loads((folder / "index.json").read_text())
    rows = np.array([i for i, row in enumerate(index) if row["split"] == split], np.int64)
    patches = np.load(folder / "patches.npy", mmap_mode="r")
    if patches.shape[1:] != (PATCH_HEIGHT, PATCH_WIDTH, 3):
        raise SourceFormatError(
            f"{folder} has patches of {patches.shape[1:]}, not {(PATCH_HEIGHT, PATCH_WIDTH, 3)}; delete it to cut "
            "them anew"
        )
    joints, boxes, torso = (np.load(folder / f"{name}.npy") for name in ("joints", "boxes", "torso"))
    return PatchSet(folder.name, patches, joints, boxes, torso, rows)


def training_sets(patches: Path, mix: Mix) -> list[PatchSet]:
    """The training persons of every data set of a mix that there is in a folder."""
    return [load_patch_set(patches / name, "train") for name in mix if (patches / name / "index.json").exists()]


def draw_batch(
    sets: list[PatchSet],
    rng: np.random.Generator,
    batch: int,
    size: InputSize,
    mix: Mix,
    strength: PoseAugmentation = USUAL,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a batch of random views of persons, each set by its share in a mix.

    Returns:
        Crops ``(N, height, width, 3)`` uint8 RGB, and joints ``(N, 21, 4)`` x, y (crop pixels), weight, score.
    """
    (crops,), joints = draw_sizes(sets, rng, batch, (size,), mix, strength)
    return crops, joints


def draw_sizes(
    sets: list[PatchSet],
    rng: np.random.Generator,
    batch: int,
    sizes: Sequence[InputSize],
    mix: Mix,
    strength: PoseAugmentation = USUAL,
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """As `draw_batch`, each view in several sizes of one aspect ratio: what a network and its teacher see.

    Returns:
        Crops ``(N, height, width, 3)`` uint8 RGB of each size, and joints in pixels of the first one.
    """
    shares = probabilities(mix, [patches.name for patches in sets])
    crops = [np.empty((batch, size.height, size.width, 3), np.uint8) for size in sizes]
    joints = np.empty((batch, 21, 4), np.float32)
    for position, choice in enumerate(rng.choice(len(sets), batch, p=shares)):
        patches = sets[choice]
        row = rng.choice(patches.rows)
        person = patches.patches[row], patches.joints[row], patches.boxes[row]
        for larger, size in zip(crops[1:], sizes[1:], strict=True):
            larger[position], _ = augment(*person, deepcopy(rng), strength, size)
        crops[0][position], joints[position] = augment(*person, rng, strength, sizes[0])
    return [torch.from_numpy(of_size) for of_size in crops], torch.from_numpy(joints)
