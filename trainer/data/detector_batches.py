"""Batches of random views of pictures with people, drawn across the sets."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from trainer.data.detector_augment import augment_scene
from trainer.data.detector_pictures import SHARES, DetectorPicture
from trainer.data.read_picture import read_rgb

# Width and height of the pictures of one step, chosen by chance: frames, photos, upright and square ones. Some are
# smaller than what the runtime shows: a step takes half the time, and boxes come in all sizes anyway.
CANVASES = ((416, 224), (352, 256), (320, 192), (288, 320), (224, 384), (256, 256), (192, 288))
SEEN_SHARE = 0.35  # of somebody's box that is left in view; of whom less is left may be somebody or nobody
SMALLEST_SIDE = 12.0  # pixels of a box; who is smaller may be somebody or nobody
LARGEST_READ = 640  # pixels of a picture's longer side in memory
_KEPT_PICTURES = 3000


@dataclass(frozen=True, slots=True, eq=False)
class SceneBatch:
    """Pictures of one training step, with their boxes.

    Attributes:
        images: ``(N, 3, H, W)`` float32 RGB in 0..255.
        people: Of each picture ``(K, 4)`` float32 boxes in its pixels.
        unsure: Of each picture ``(K, 4)`` float32 boxes of what may be people.
    """

    images: torch.Tensor
    people: tuple[torch.Tensor, ...]
    unsure: tuple[torch.Tensor, ...]


class PictureDrawer:
    """Draws batches; pictures that were read stay in memory.

    Args:
        pictures: To draw from.
    """

    def __init__(self, pictures: Sequence[DetectorPicture]) -> None:
        self._sets = {name: [p for p in pictures if p.source == name] for name in SHARES}
        self._sets = {name: rows for name, rows in self._sets.items() if rows}
        self._kept: OrderedDict[Path, tuple[np.ndarray, float]] = OrderedDict()

    def draw(self, rng: np.random.Generator, batch: int) -> SceneBatch:
        """Draw a batch of ``batch`` pictures; a generator in the same state gives the same batch."""
        width, height = CANVASES[rng.integers(len(CANVASES))]
        names = list(self._sets)
        shares = np.array([SHARES[name] for name in names])
        images = np.empty((batch, height, width, 3), np.uint8)
        people, unsure = [], []
        for row, choice in enumerate(rng.choice(len(names), batch, p=shares / shares.sum())):
            rows = self._sets[names[choice]]
            picture = rows[rng.integers(len(rows))]
            rgb, ratio = self._read(picture.path)
            boxes = np.concatenate([picture.sure, picture.unsure]) * ratio
            images[row], seen, left = augment_scene(rgb, boxes, rng, width=width, height=height)
            sides = (seen[:, 2:] - seen[:, :2]).min(1)
            clear = (left >= SEEN_SHARE) & (sides >= SMALLEST_SIDE) & (np.arange(len(seen)) < len(picture.sure))
            people.append(torch.from_numpy(seen[clear]))
            unsure.append(torch.from_numpy(seen[~clear & (left > 0)]))
        return SceneBatch(torch.from_numpy(images).permute(0, 3, 1, 2).float(), tuple(people), tuple(unsure))

    def _read(self, path: Path) -> tuple[np.ndarray, float]:
        """Read a picture, scaled to at most `LARGEST_READ` pixels on its longer side, and give the scale."""
        kept = self._kept.get(path)
        if kept is None:
            rgb = read_rgb(path)
            ratio = min(1.0, LARGEST_READ / max(rgb.shape[:2]))
            if ratio < 1:
                rgb = cv2.resize(rgb, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
            kept = self._kept[path] = rgb, ratio
            if len(self._kept) > _KEPT_PICTURES:
                self._kept.popitem(last=False)
        return kept
