"""MoveNet Lightning in eight bits as a peer: the published network for little time."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

_SIDE = 192
_PADDING = 1.25  # its own tracker crops so much closer or wider from frame to frame


class MoveNet:
    """The published network on a square around each person.

    Raises:
        ImportError: ai-edge-litert is not installed.
    """

    def __init__(self, teachers: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter  # an extra, `label`; the column is left out without it

        path = teachers / "movenet_lightning_int8.tflite"
        self._network = Interpreter(str(path), num_threads=1)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]
        self._output = self._network.get_output_details()[0]["index"]

    def estimate(self, rgb: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Joints ``(17, 3)`` x, y (pixels), score 0..1 of a person in a picture ``(H, W, 3)`` uint8 RGB."""
        crop, scale, offset = _crop(rgb, box)
        self._set(crop)
        self._network.invoke()
        rows = self._network.get_tensor(self._output).reshape(17, 3)  # y, x, score as shares of the crop
        places = (rows[:, 1::-1] * _SIDE - 0.5 - offset) / scale
        return np.concatenate([places, rows[:, 2:]], 1).astype(np.float32)

    def graph(self, rgb: np.ndarray, box: np.ndarray) -> Callable[[], object]:
        """A call of the network alone."""
        self._set(_crop(rgb, box)[0])
        return self._network.invoke

    def _set(self, crop: np.ndarray) -> None:
        self._network.set_tensor(self._input["index"], crop[None].astype(self._input["dtype"]))


def _crop(rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    x_min, y_min, x_max, y_max = (float(value) for value in box)
    scale = _SIDE / (max(y_max - y_min, x_max - x_min, 1.0) * _PADDING)
    offset = np.array([(_SIDE - 1) / 2 - scale * (x_min + x_max) / 2, (_SIDE - 1) / 2 - scale * (y_min + y_max) / 2])
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]], np.float32)
    return cv2.warpAffine(rgb, matrix, (_SIDE, _SIDE)), scale, offset
