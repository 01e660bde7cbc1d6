"""Existing networks that label frames: RTMDet-nano (persons), PP-TinyPose (COCO-17), EfficientPose-II (MPII-16).

None of their files is part of the project. They label frames for training and stand beside our networks as peers;
what is trained with their help says so in its model card.
"""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from trainer.folders import TINYPOSE_FILE

DETECTOR_FILE, MPII_FILE = "rtmdet_nano_person.onnx", "EfficientPoseII.tflite"
TEACHER_FILES = (DETECTOR_FILE, TINYPOSE_FILE, MPII_FILE)

# Left and right of COCO-17 change places in a mirrored image.
COCO_MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # the labelling runs one process per core
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class TeacherDetector:
    """RTMDet-nano person detector.

    Call with a frame ``(H, W, 3)`` uint8 BGR; returns ``(N, 5)`` float32 rows of x_min, y_min, x_max, y_max (pixels),
    score.
    """

    def __init__(self, directory: Path, size: int = 480) -> None:
        self.session, self.size = _session(directory / DETECTOR_FILE), size

    def __call__(self, bgr: np.ndarray, threshold: float = 0.35) -> np.ndarray:
        height, width = bgr.shape[:2]
        ratio = self.size / max(height, width)
        small = cv2.resize(bgr, (round(width * ratio), round(height * ratio)))
        canvas = np.full((self.size, self.size, 3), 114, np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small
        canvas = (canvas - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
        rows, labels = self.session.run(None, {"input": canvas.transpose(2, 0, 1)[None].astype(np.float32)})
        found = rows[0][(labels[0] == 0) & (rows[0][:, 4] > threshold)].astype(np.float32)
        found[:, :4] /= ratio
        return found


class TeacherPose:
    """PP-TinyPose with a mirrored second look.

    Call with a frame ``(H, W, 3)`` uint8 BGR and a box x_min, y_min, x_max, y_max (pixels);
    returns ``(17, 3)`` float32 COCO joints x, y (pixels), score 0..1.
    """

    def __init__(self, directory: Path, padding: float = 1.25) -> None:
        self.session, self.padding = _session(directory / TINYPOSE_FILE), padding

    def __call__(self, bgr: np.ndarray, box: np.ndarray) -> np.ndarray:
        x_min, y_min, x_max, y_max = (float(v) for v in box[:4])
        scale = 256 / (max(y_max - y_min, (x_max - x_min) * 4 / 3) * self.padding)
        offset = np.array([96 - scale * (x_min + x_max) / 2, 128 - scale * (y_min + y_max) / 2])
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]], np.float32)
        crop = cv2.warpAffine(bgr, matrix, (192, 256))
        image = (crop[..., ::-1] / 255.0 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        batch = np.stack([image, image[:, ::-1]]).transpose(0, 3, 1, 2).astype(np.float32)
        heat, mirrored = self.session.run(None, {"image": batch})[0]
        heat = 0.5 * (heat + mirrored[COCO_MIRROR][:, :, ::-1])
        joints = np.zeros((17, 3), np.float32)
        for index, heat_map in enumerate(heat):
            smooth = cv2.GaussianBlur(heat_map, (3, 3), 0)
            row, column = divmod(int(smooth.argmax()), smooth.shape[1])
            shift = np.zeros(2)
            if 0 < column < 47 and 0 < row < 63:  # a quarter cell toward the higher neighbour, as its authors decode it
                shift[0] = 0.25 * np.sign(smooth[row, column + 1] - smooth[row, column - 1])
                shift[1] = 0.25 * np.sign(smooth[row + 1, column] - smooth[row - 1, column])
            joints[index, :2] = ((np.array([column, row]) + shift) * 4 - offset) / scale
            joints[index, 2] = heat_map.max()
        return joints


class TeacherMpii:
    """EfficientPose-II, used for the joints that COCO lacks.

    Call like `TeacherPose`; returns ``(4, 3)`` float32 head top, upper neck, thorax, pelvis: x, y (pixels), score.
    """

    # EfficientPose order: headtop neck Rsho Relb Rwri thorax Lsho Lelb Lwri pelvis ...
    CHANNELS = (0, 1, 5, 9)

    def __init__(self, directory: Path, padding: float = 1.25) -> None:
        from ai_edge_litert.interpreter import Interpreter  # labelling only; not a dependency of anything that ships

        self.net, self.padding = Interpreter(str(directory / MPII_FILE), num_threads=1), padding
        self.net.allocate_tensors()
        self.input = self.net.get_input_details()[0]["index"]
        self.output = next(d["index"] for d in self.net.get_output_details() if "upscaled_confs" in d["name"])

    def __call__(self, bgr: np.ndarray, box: np.ndarray) -> np.ndarray:
        x_min, y_min, x_max, y_max = (float(v) for v in box[:4])
        scale = 368 / (max(y_max - y_min, x_max - x_min) * self.padding)
        offset = np.array([184 - scale * (x_min + x_max) / 2, 184 - scale * (y_min + y_max) / 2])
        crop = cv2.warpAffine(bgr, np.array([[scale, 0, offset[0]], [0, scale, offset[1]]], np.float32), (368, 368))
        image = (crop[..., ::-1] / 255.0 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        self.net.set_tensor(self.input, image[None].astype(np.float32))
        self.net.invoke()
        maps = self.net.get_tensor(self.output)[0][..., self.CHANNELS]
        size = maps.shape[0]
        rows, columns = np.unravel_index(maps.reshape(-1, len(self.CHANNELS)).argmax(0), maps.shape[:2])
        points = (np.stack([columns, rows], 1) + 0.5) * (368 / size)
        return np.concatenate([(points - offset) / scale, maps.max((0, 1))[:, None]], 1).astype(np.float32)
