"""BlazePose GHUM, full or heavy, from the npm package ``@mediapipe/pose`` (Apache-2.0): 3D of a person in a picture.

It teaches the lifter everyday postures, and stands beside it in measurements. Nothing of it is part of the project.
"""

from pathlib import Path

import cv2
import numpy as np

from edgeact.errors import SourceNotFoundError
from edgeact.types import Float32, UInt8

HEAVY_FILE, FULL_FILE = "pose_landmark_heavy.tflite", "pose_landmark_full.tflite"
_SIZE = 256  # side of its input
# Its landmarks in the order of COCO-17, among 39 of which 33 are of the body.
_COCO = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]


class BlazePose:
    """One person's joints in metres.

    Args:
        path: A file of the npm package.

    Raises:
        SourceNotFoundError: There is no such file.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise SourceNotFoundError(
                f"{path} not found; `npm pack @mediapipe/pose` and unpack it there, or train without it"
            )
        from ai_edge_litert.interpreter import Interpreter  # only labelling and measuring peers need it

        self._network = Interpreter(str(path), num_threads=1)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        outputs = {tuple(detail["shape"]): detail["index"] for detail in self._network.get_output_details()}
        self._landmarks, self._presence, self._world = outputs[1, 195], outputs[1, 1], outputs[1, 117]

    def __call__(self, image: UInt8, box: np.ndarray, up: np.ndarray) -> tuple[Float32, Float32, float]:
        """Look at one person.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            box: ``(4,)`` x_min, y_min, x_max, y_max of the person in pixels.
            up: ``(2,)`` from hips to shoulders in the picture; the crop is turned so that it points up, as BlazePose
                was trained.

        Returns:
            ``(17, 3)`` float32 metres in the order of COCO-17: origin at the hips, x right, y down, z away; ``(17,)``
            float32 how visible each is, 0..1; and 0..1 whether a person is there.
        """
        angle = float(np.arctan2(up[0], -up[1])) if np.linalg.norm(up) > 0 else 0.0
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])  # the picture's up → the crop's up
        side = 1.25 * float(max(box[2] - box[0], box[3] - box[1], 2.0))
        matrix = turn * (_SIZE / side)
        centre = (box[:2] + box[2:]) / 2
        shift = np.full(2, (_SIZE - 1) / 2) - matrix @ centre
        crop = cv2.warpAffine(image, np.concatenate([matrix, shift[:, None]], 1), (_SIZE, _SIZE))
        self._network.set_tensor(self._input, crop[None].astype(np.float32) / 255)
        self._network.invoke()
        world = self._network.get_tensor(self._world).reshape(39, 3)[_COCO]
        world[:, :2] = world[:, :2] @ turn  # back to the picture's axes: the inverse of a rotation is its transpose
        visible = 1 / (1 + np.exp(-self._network.get_tensor(self._landmarks).reshape(39, 5)[_COCO, 3]))
        presence = float(self._network.get_tensor(self._presence).ravel()[0])
        return world.astype(np.float32), visible.astype(np.float32), presence
