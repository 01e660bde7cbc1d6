"""PP-TinyPose as a peer: one crop, decoded as its authors do, without and with a mirrored second look."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edgeact.inference.onnx import OnnxBackend
from trainer.data.teachers import COCO_MIRROR
from trainer.folders import TINYPOSE_FILE

_WIDTH, _HEIGHT, _CELL = 192, 256, 4
_PADDING = 1.25  # of the box, as published


class TinyPose:
    """The published network; what a teacher adds to it (more crops) does not belong here."""

    def __init__(self, teachers: Path) -> None:
        self._network = OnnxBackend((teachers / TINYPOSE_FILE).read_bytes(), name="TinyPose")

    def looks(self, rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joints ``(17, 3)`` x, y (pixels), score 0..1 of a person in a picture ``(H, W, 3)`` uint8 RGB: without, and
        with the mirrored look.
        """
        batch, scale, offset = _crop(rgb, box)
        heat, mirrored = self._network.run({"image": np.concatenate([batch, batch[..., ::-1]])})["heat"]
        both = 0.5 * (heat + mirrored[COCO_MIRROR][:, :, ::-1])
        plain, flipped = (decode_heat(maps) for maps in (heat, both))
        for joints in (plain, flipped):
            joints[:, :2] = (joints[:, :2] - offset) / scale
        return plain, flipped

    def graph(self, rgb: np.ndarray, box: np.ndarray) -> Callable[[], object]:
        """A call of the network alone for one look at one person."""
        batch, _, _ = _crop(rgb, box)
        return lambda: self._network.run({"image": batch})


def _crop(rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    x_min, y_min, x_max, y_max = (float(value) for value in box)
    scale = _HEIGHT / (max(y_max - y_min, (x_max - x_min) * _HEIGHT / _WIDTH, 1.0) * _PADDING)
    offset = np.array([_WIDTH / 2 - scale * (x_min + x_max) / 2, _HEIGHT / 2 - scale * (y_min + y_max) / 2])
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]], np.float32)
    crop = cv2.warpAffine(rgb, matrix, (_WIDTH, _HEIGHT))
    image = (crop / 255.0 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return image.transpose(2, 0, 1)[None].astype(np.float32), scale, offset


def decode_heat(heat: np.ndarray) -> np.ndarray:
    """Maps ``(J, h, w)`` → joints ``(J, 3)`` x, y in crop pixels, score: the highest cell of the smoothed map, a
    quarter cell toward its higher neighbours.
    """
    joints = np.zeros((len(heat), 3), np.float32)
    for index, cells in enumerate(heat):
        smooth = cv2.GaussianBlur(np.ascontiguousarray(cells), (3, 3), 0)
        rows, columns = smooth.shape
        row, column = divmod(int(smooth.argmax()), columns)
        shift = np.zeros(2)
        if 0 < column < columns - 1 and 0 < row < rows - 1:
            shift[0] = 0.25 * np.sign(smooth[row, column + 1] - smooth[row, column - 1])
            shift[1] = 0.25 * np.sign(smooth[row + 1, column] - smooth[row - 1, column])
        joints[index] = *((np.array([column, row]) + shift) * _CELL), cells.max()
    return joints
