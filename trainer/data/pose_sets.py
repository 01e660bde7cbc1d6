"""Stored patches of persons as the pose network trains on them: sets, and batches drawn across them."""

import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edgeact.errors import SourceFormatError
from trainer.data.pose_augment import MILD, VIEW, PoseAugmentation, augment
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.models.edge_pose import INPUT_HEIGHT, INPUT_WIDTH

# Share of each batch by data set: the large clean sets carry it, frames of one clip repeat themselves and count less.
SHARES = {
    "lspet": 0.5,
    "stock_upright": 0.14,
    "ut_interaction": 0.14,
    "surveillance_fights": 0.09,
    "coco_mini": 0.03,
    "studio": 0.10,
}


@dataclass(frozen=True, slots=True, eq=False)
class PatchSet:
    """Stored patches of one set and split: memory-mapped patches, joints (N, 21, 3) in their pixels, rows (M,) of this
    split.

    ``torso`` is (N,) in pixels of the network's own view of a patch, in which its errors are measured; 0 where unknown.
    """

    name: str
    patches: np.ndarray
    joints: np.ndarray
    torso: np.ndarray
    rows: np.ndarray


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
    return PatchSet(folder.name, patches, np.load(folder / "joints.npy"), VIEW * np.load(folder / "torso.npy"), rows)


def training_sets(patches: Path) -> list[PatchSet]:
    """The training persons of every data set that there is in a folder."""
    return [load_patch_set(patches / name, "train") for name in SHARES if (patches / name / "index.json").exists()]


def draw_batch(
    sets: list[PatchSet], rng: np.random.Generator, batch: int, strength: PoseAugmentation | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch across the sets by `SHARES`: crops (N, 160, 128, 3) uint8 RGB, joints (N, 21, 3) x, y in crop pixels,
    weight.
    """
    strength = strength or PoseAugmentation()
    shares = np.array([SHARES[patches.name] for patches in sets])
    crops = np.empty((batch, INPUT_HEIGHT, INPUT_WIDTH, 3), np.uint8)
    joints = np.empty((batch, 21, 3), np.float32)
    for position, choice in enumerate(rng.choice(len(sets), batch, p=shares / shares.sum())):
        patches = sets[choice]
        row = rng.choice(patches.rows)
        crops[position], joints[position] = augment(patches.patches[row], patches.joints[row], rng, strength)
    return torch.from_numpy(crops), torch.from_numpy(joints)


def batches(
    sets: list[PatchSet], steps: range, *, batch: int, mild_from: int, threads: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches (`draw_batch`) of so many steps, the same however many threads draw them ahead.

    Args:
        sets: What is drawn from.
        steps: Which steps; a resumed training sees the batches that it would have seen.
        batch: Persons a step.
        mild_from: From this step on persons are shown nearly as they are.
        threads: 0 draws each batch when it is asked for.
    """

    def drawn(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        return draw_batch(sets, np.random.default_rng((1, step)), batch, MILD if step >= mild_from else None)

    if threads == 0:
        yield from map(drawn, steps)
        return
    # Threads, not processes: most of the work is OpenCV's, which holds no lock of Python's and does not survive a fork.
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[tuple[torch.Tensor, torch.Tensor]]] = deque()
        for step in steps:
            ahead.append(pool.submit(drawn, step))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
