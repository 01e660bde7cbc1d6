"""Batches of random views of pictures with people, drawn across the sets."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from trainer.data.detector_augment import USUAL, DetectorAugmentation, augment_scene
from trainer.data.detector_pictures import DetectorPicture
from trainer.data.mixes import Mix, probabilities
from trainer.data.read_picture import read_rgb

# Width and height: frames, photos, upright and square ones. Some are smaller than what the runtime shows: a step takes
# half the time, and boxes come in all sizes anyway.
CANVASES = ((416, 224), (352, 256), (320, 192), (288, 320), (224, 384), (256, 256), (192, 288))
LARGEST_READ = 640  # pixels of a picture's longer side in memory
_KEPT_PICTURES = 3000


class PictureDrawer:
    """Draws batches; pictures that were read stay in memory.

    Args:
        pictures: To draw from.
        mix: How often each set is drawn; pictures of other sets are left out.
        canvases: Width and height of the pictures of one step, chosen by chance.
        strength: How much they are changed.
    """

    def __init__(
        self,
        pictures: Sequence[DetectorPicture],
        mix: Mix,
        *,
        canvases: Sequence[tuple[int, int]] = CANVASES,
        strength: DetectorAugmentation = USUAL,
    ) -> None:
        self._mix, self._canvases, self._strength = mix, canvases, strength
        self._sets = {name: [p for p in pictures if p.source == name] for name in mix}
        self._sets = {name: rows for name, rows in self._sets.items() if rows}
        self._kept: OrderedDict[Path, tuple[np.ndarray, float]] = OrderedDict()

    def draw(self, rng: np.random.Generator, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw a batch; a generator in the same state gives the same batch.

        Returns:
            Pictures ``(batch, 3, H, W)`` float32 RGB in 0..255; ``(batch,)`` bool, true for pictures without people.
        """
        width, height = self._canvases[rng.integers(len(self._canvases))]
        names = list(self._sets)
        shares = probabilities(self._mix, names)
        images, nobody = np.empty((batch, height, width, 3), np.uint8), np.zeros(batch, bool)
        for row, choice in enumerate(rng.choice(len(names), batch, p=shares)):
            rows = self._sets[names[choice]]
            picture = rows[rng.integers(len(rows))]
            rgb, ratio = self._read(picture.path)
            nobody[row] = picture.nobody
            people = picture.people * ratio
            images[row] = augment_scene(rgb, people, rng, width=width, height=height, strength=self._strength)
        return torch.from_numpy(images).permute(0, 3, 1, 2).float(), torch.from_numpy(nobody)

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
