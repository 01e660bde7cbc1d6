"""PP-TinyPose as a peer: one crop, decoded as its authors do, without and with a mirrored second look."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edgeact.engine.onnx import OnnxBackend
from trainer.folders import TINYPOSE_FILE
from trainer.precomputed.teachers import TINYPOSE_SIZE, decode_heat, mirror_mean, tinypose_input, tinypose_matrix

_PADDING = 1.25  # of the box, as published


class TinyPose:
    """The published network; what a teacher adds to it does not belong here."""

    def __init__(self, teachers: Path) -> None:
        self._network = OnnxBackend((teachers / TINYPOSE_FILE).read_bytes(), name="TinyPose")

    def looks(self, rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joints ``(17, 3)`` x, y (pixels), score 0..1 of a person in a picture ``(H, W, 3)`` uint8 RGB: without, and
        with the mirrored look.
        """
        matrix, image = _crop(rgb, box)
        heat, mirrored = self._network.run({"image": np.concatenate([image, image[..., ::-1]])})["heat"]
        return decode_heat(heat, matrix), decode_heat(mirror_mean(heat, mirrored), matrix)

    def look(self, rgb: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Joints ``(17, 3)`` x, y (pixels), score 0..1 of a person, without the mirrored look."""
        matrix, image = _crop(rgb, box)
        return decode_heat(self._network.run({"image": image})["heat"][0], matrix)

    def graph(self, rgb: np.ndarray, box: np.ndarray) -> Callable[[], object]:
        """A call of the network alone for one look at one person."""
        _, image = _crop(rgb, box)
        return lambda: self._network.run({"image": image})


def _crop(rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    matrix = tinypose_matrix(box, padding=_PADDING)
    return matrix, tinypose_input(cv2.warpAffine(rgb, matrix.astype(np.float32), TINYPOSE_SIZE))
