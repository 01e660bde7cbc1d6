"""Existing networks that label frames: RTMDet-nano (persons), PP-TinyPose (COCO-17), EfficientPose-II (MPII-16).

None of their files is part of the project. They label frames for training and stand beside our networks as peers;
what is trained with their help says so in its model card.
"""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from edgeact.geometry import LETTERBOX_GREY
from trainer.folders import TINYPOSE_FILE

DETECTOR_FILE, MPII_FILE = "rtmdet_nano_person.onnx", "EfficientPoseII.tflite"
TEACHER_FILES = (DETECTOR_FILE, TINYPOSE_FILE, MPII_FILE)

# Left and right of COCO-17 change places in a mirrored image.
COCO_MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


def make_session(network: Path | bytes) -> ort.InferenceSession:
    """A session of one thread for a network's file or its content."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # the labelling runs one process per core
    options.log_severity_level = 3
    model = network if isinstance(network, bytes) else str(network)
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class TeacherDetector:
    """RTMDet-nano person detector.

    Call with a frame ``(H, W, 3)`` uint8 BGR; returns ``(N, 5)`` float32 rows of x_min, y_min, x_max, y_max (pixels),
    score.
    """

    def __init__(self, directory: Path, size: int = 480) -> None:
        self.session, self.size = make_session(directory / DETECTOR_FILE), size

    def __call__(self, bgr: np.ndarray, threshold: float = 0.35) -> np.ndarray:
        values, ratio = self.prepare(bgr)
        rows, labels = self.session.run(None, {"input": values})
        found = rows[0][(labels[0] == 0) & (rows[0][:, 4] > threshold)].astype(np.float32)
        found[:, :4] /= ratio
        return found

    def prepare(self, bgr: np.ndarray) -> tuple[np.ndarray, float]:
        """The network's input ``(1, 3, size, size)`` float32 of a frame, and by how much the frame was scaled."""
        square, ratio = letterbox_square(bgr, self.size)
        values = (square - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
        return values.transpose(2, 0, 1)[None].astype(np.float32), ratio


def letterbox_square(image: np.ndarray, size: int) -> tuple[np.ndarray, float]:
    """A picture ``(H, W, 3)`` at the top left of a grey square ``(size, size, 3)`` float32, and by how much the picture
    was scaled: what RTMDet and YOLOX were published with.
    """
    ratio = size / max(image.shape[:2])
    width, height = round(image.shape[1] * ratio), round(image.shape[0] * ratio)
    square = np.full((size, size, 3), LETTERBOX_GREY, np.float32)
    square[:height, :width] = cv2.resize(np.ascontiguousarray(image), (width, height))
    return square, ratio


class TeacherPose:
    """PP-TinyPose with flip test, in one or several crops of each person.

    Call with a frame ``(H, W, 3)`` uint8 BGR and a box x_min, y_min, x_max, y_max (pixels);
    returns ``(17, 3)`` float32 COCO joints x, y (pixels), score 0..1.

    Args:
        directory: Of the teacher networks.
        paddings: Side of each crop over that of the box; see `merge_poses`.
        size: Width and height of the crops, multiples of 32; by default those that the network was trained with.
    """

    def __init__(
        self, directory: Path, paddings: tuple[float, ...] = (1.25,), size: tuple[int, int] | None = None
    ) -> None:
        path = directory / TINYPOSE_FILE
        self.size = size or TINYPOSE_SIZE
        self.session = make_session(path if self.size == TINYPOSE_SIZE else _with_input_size(path, self.size))
        self.paddings = paddings

    def __call__(self, bgr: np.ndarray, box: np.ndarray) -> np.ndarray:
        return merge_poses(np.stack([self._look(bgr, box, padding) for padding in self.paddings]))

    def _look(self, bgr: np.ndarray, box: np.ndarray, padding: float) -> np.ndarray:
        matrix = tinypose_matrix(box, padding=padding, size=self.size)
        image = tinypose_input(cv2.warpAffine(bgr, matrix.astype(np.float32), self.size)[..., ::-1])
        heat, mirrored = self.session.run(None, {"image": np.concatenate([image, image[..., ::-1]])})[0]
        return decode_heat(mirror_mean(heat, mirrored), matrix)


def _with_input_size(path: Path, size: tuple[int, int]) -> bytes:
    """TinyPose's file for crops of another width and height: its layers are all convolutions, so they fit any."""
    import onnx  # only where crops have another size than the published one

    model = onnx.load(path)
    width, height = size
    (image,), (heat,) = model.graph.input, model.graph.output
    for tensor, cell in ((image, 1), (heat, _CELL)):
        for axis, pixels in ((2, height), (3, width)):
            tensor.type.tensor_type.shape.dim[axis].dim_value = pixels // cell
    del model.graph.value_info[:]  # shapes of what lies between, which were those of the published size
    return bytes(model.SerializeToString())


def merge_poses(poses: np.ndarray) -> np.ndarray:
    """One pose of several looks at a person: joints ``(K, J, 3)`` x, y, score → ``(J, 3)``.

    The place is the mean of the looks that agree (`agree_on_joints`), weighted by score. The score is the mean of all
    looks, those that disagree counting as 0: a joint that moves with the crop is not known.
    """
    weight = np.where(agree_on_joints(poses), np.maximum(poses[..., 2], 1e-6), 0.0)
    place = (poses[..., :2] * weight[..., None]).sum(0) / weight.sum(0)[:, None]
    return np.concatenate([place, weight.mean(0)[:, None]], 1).astype(np.float32)


def agree_on_joints(poses: np.ndarray) -> np.ndarray:
    """Return which of K predictions of a pose agree on each joint, ``(K, J)`` bool.

    A prediction agrees when it lies within a tenth of the pose's extent of the prediction with the highest score.

    Args:
        poses: ``(K, J, 3)`` x, y in pixels, score.
    """
    sure = poses[poses[..., 2].argmax(0), np.arange(poses.shape[1])]  # (J, 3)
    extent = float(np.ptp(sure[:, :2], axis=0).max())
    return np.linalg.norm(poses[..., :2] - sure[None, :, :2], axis=-1) <= 0.1 * max(extent, 1.0)


TINYPOSE_SIZE = (192, 256)  # width and height of its crops
_CELL = 4  # pixels of a crop for one cell of its maps


def tinypose_matrix(box: np.ndarray, *, padding: float, size: tuple[int, int] = TINYPOSE_SIZE) -> np.ndarray:
    """Frame to TinyPose's crop, ``(2, 3)`` float64, of the box x_min, y_min, x_max, y_max (pixels) of a person.

    Args:
        box: ``(4,)`` or more; the rest is left alone.
        padding: Side of the crop over that of the box.
        size: Width and height of the crop.
    """
    x_min, y_min, x_max, y_max = (float(value) for value in box[:4])
    width, height = size
    scale = height / (max(y_max - y_min, (x_max - x_min) * height / width, 1.0) * padding)
    x, y = width / 2 - scale * (x_min + x_max) / 2, height / 2 - scale * (y_min + y_max) / 2
    return np.array([[scale, 0, x], [0, scale, y]])


def tinypose_input(crop: np.ndarray) -> np.ndarray:
    """A crop ``(H, W, 3)`` uint8 RGB as TinyPose takes it: ``(1, 3, H, W)`` float32."""
    image = (crop / 255.0 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return image.transpose(2, 0, 1)[None].astype(np.float32)


def mirror_mean(heat: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Mean of the maps ``(17, h, w)`` of a crop and of those of its mirror image, turned back."""
    return 0.5 * (heat + mirrored[COCO_MIRROR][:, :, ::-1])


def decode_heat(heat: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """TinyPose's maps → joints, as its authors decode them.

    Args:
        heat: ``(J, h, w)`` float32.
        matrix: Frame to crop, see `tinypose_matrix`.

    Returns:
        ``(J, 3)`` float32 x, y (frame pixels), score: the highest cell of the smoothed map, a quarter cell toward its
        higher neighbours.
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
        joints[index, :2] = ((np.array([column, row]) + shift) * _CELL - matrix[:, 2]) / matrix[0, 0]
        joints[index, 2] = cells.max()
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
